"""Asks once and prints the answer as it arrives."""

import sys
import time
from collections.abc import Sequence

from msgspec import Struct

from lockgate.cli.terminal import console, counted, note, print_json
from lockgate.cli.voice import Voice
from lockgate.gateway import Gateway
from lockgate.settings import Settings
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.errors import SettingsError
from lockgate_ports.events import Event, RefusalDelta, TextDelta, ThinkingDelta
from lockgate_ports.parts import Audio, File, Image, Message, Native, Video, system, user
from lockgate_ports.steps import Served
from lockgate_ports.usage import Usage


class Wish(Struct, frozen=True):
    """How to ask, and how to tell the answer. `model` None stands for the settings' own choice."""

    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    stream: bool = True
    as_json: bool = False
    usage: bool = False


async def ask(gateway: Gateway, wish: Wish, question: str) -> None:
    """One question. Raises as `Gateway.chat` does."""
    await answer(gateway, wish, [user(question)], Voice(sys.stdout))


async def answer(gateway: Gateway, wish: Wish, messages: Sequence[Message], voice: Voice) -> None:
    """The answer to a conversation, told by `voice` as it comes. Raises as `Gateway.chat` does."""
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
                    if _content(event):
                        waiting.stop()
                        voice.tell(event)
            response, served, dropped = stream.response, stream.served, stream.dropped
        else:
            whole = await gateway.chat(request)
            waiting.stop()
            response, served, dropped = whole.response, whole.served, whole.dropped
            if wish.as_json:
                print_json(response)
            else:
                voice.say(_said(response))
    finally:
        waiting.stop()
        voice.end()
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


def _content(event: Event) -> bool:
    return isinstance(event, TextDelta | RefusalDelta | ThinkingDelta) and event.choice == 0 and event.text != ""


def _said(response: ChatResponse) -> str:
    return response.text or (response.choices[0].refusal or "" if response.choices else "")


def _tell(wish: Wish, response: ChatResponse, served: Served, dropped: tuple[str, ...], seconds: float) -> None:
    if any(choice.finish_reason == "length" for choice in response.choices):
        note("the answer was cut off at the limit of its tokens")
    for part in response.choices[0].media if response.choices and not wish.as_json else ():
        note(f"the answer holds {_called(part)}, which a terminal does not show; --json prints it")
    if dropped:
        note(f"left out, since {served.target} has no word for it: {', '.join(dropped)}")
    if wish.usage:
        usage = response.usage or Usage()
        tokens = f"{_known(usage.input_tokens)} tokens in, {_known(usage.output_tokens)} out"
        note(f"{tokens}; {seconds:.2f} s; {served.target} ({counted(served.attempts, 'attempt')})")


def _called(part: Audio | Image | Video | File | Native) -> str:
    kind = f"{part.type} of {part.dialect}" if isinstance(part, Native) else type(part).__name__.lower()
    return f"a part of the kind {kind}"


def _known(number: int | None) -> str:
    return "?" if number is None else str(number)
