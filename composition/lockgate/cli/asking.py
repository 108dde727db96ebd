"""Asks once and prints the answer as it arrives."""

import sys
import time
from collections.abc import Sequence

from msgspec import Struct

from lockgate.cli.terminal import console, counted, note, print_json, shown
from lockgate.gateway import Gateway
from lockgate.settings import Settings
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.errors import SettingsError
from lockgate_ports.events import Event, RefusalDelta, TextDelta, ThinkingDelta
from lockgate_ports.parts import Message, system, user
from lockgate_ports.steps import Served
from lockgate_ports.usage import Usage

_DIM, _PLAIN = "\x1b[2m", "\x1b[22m"


class Wish(Struct, frozen=True):
    """How to ask, and how to tell the answer. `model` None stands for the settings' own choice."""

    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    stream: bool = True
    as_json: bool = False
    usage: bool = False


class Spoken(Struct):
    """What has come of an answer, also when it was stopped."""

    text: str = ""
    thinking: bool = False


async def ask(gateway: Gateway, wish: Wish, question: str) -> None:
    """One question. Raises as `Gateway.chat` does."""
    await answer(gateway, wish, [user(question)], Spoken())


async def answer(gateway: Gateway, wish: Wish, messages: Sequence[Message], spoken: Spoken) -> None:
    """The answer to a conversation, to stdout; `spoken` has its words. Raises as `Gateway.chat` does."""
    request = _request(wish, chosen_model(gateway.settings, wish.model), messages)
    began = time.monotonic()
    err = console(stderr=True)
    waiting = err.status(f"waiting for {request.model}", spinner="dots")
    if err.is_terminal:
        waiting.start()
    try:
        if wish.stream and not wish.as_json:
            async with gateway.stream(request) as stream:
                async for event in stream:
                    if piece := _words(event, spoken):
                        waiting.stop()
                        sys.stdout.write(piece)
                        sys.stdout.flush()
            response, served, dropped = stream.response, stream.served, stream.dropped
        else:
            whole = await gateway.chat(request)
            response, served, dropped = whole.response, whole.served, whole.dropped
            spoken.text = response.text or (response.choices[0].refusal or "" if response.choices else "")
            waiting.stop()
            if not wish.as_json:
                sys.stdout.write(shown(spoken.text, sys.stdout))
    finally:
        waiting.stop()
        if spoken.thinking:
            sys.stdout.write(_PLAIN)
        if spoken.text or spoken.thinking:
            sys.stdout.write("\n" if not wish.as_json else "")
        sys.stdout.flush()
    if wish.as_json:
        print_json(response)
    _tell(wish, response, served, dropped, time.monotonic() - began)


def chosen_model(settings: Settings, asked: str | None) -> str:
    """The model asked for, else the route `default`, else the only route. Raises SettingsError with the names."""
    routes = list(settings.routes)
    if asked is not None:
        return asked
    if "default" in routes or len(routes) == 1:
        return "default" if "default" in routes else routes[0]
    there = f"the routes are: {', '.join(routes)}" if routes else "the settings have no route"
    raise SettingsError(f"which model? Name one with --model; {there}; `lockgate models` lists all names")


def _request(wish: Wish, model: str, messages: Sequence[Message]) -> ChatRequest:
    before = (system(wish.system),) if wish.system else ()
    return ChatRequest(
        model=model,
        messages=(*before, *messages),
        temperature=wish.temperature,
        max_tokens=wish.max_tokens,
        include_usage=True,
    )


def _words(event: Event, spoken: Spoken) -> str:
    """What is to be printed of an event; thoughts are shown, dimly, in a terminal alone."""
    out = sys.stdout
    match event:
        case TextDelta() | RefusalDelta() if event.choice == 0 and event.text:
            before = f"{_PLAIN}\n\n" if spoken.thinking else ""
            spoken.thinking = False
            spoken.text += event.text
            return before + shown(event.text, out)
        case ThinkingDelta() if event.choice == 0 and event.text and out.isatty():
            before = "" if spoken.thinking else _DIM
            spoken.thinking = True
            return before + shown(event.text, out)
        case _:
            return ""


def _tell(wish: Wish, response: ChatResponse, served: Served, dropped: tuple[str, ...], seconds: float) -> None:
    if any(choice.finish_reason == "length" for choice in response.choices):
        note("the answer was cut off at the limit of its tokens")
    if dropped:
        note(f"left out, since {served.target} has no word for it: {', '.join(dropped)}")
    if wish.usage:
        usage = response.usage or Usage()
        tokens = f"{_known(usage.input_tokens)} tokens in, {_known(usage.output_tokens)} out"
        note(f"{tokens}; {seconds:.2f} s; {served.target} ({counted(served.attempts, 'attempt')})")


def _known(number: int | None) -> str:
    return "?" if number is None else str(number)
