"""A conversation in the terminal: what was said is sent along each time."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from msgspec import structs
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import NestedCompleter
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from lockgate.cli.asking import Wish, answer, chosen_model
from lockgate.cli.terminal import complain, console, note
from lockgate.cli.voice import Voice
from lockgate.gateway import Gateway
from lockgate_ports.errors import LockgateError
from lockgate_ports.parts import Message, assistant, user

_HELP = """\
/model [NAME]   ask another model; without NAME, list them
/system [TEXT]  tell the model this before anything else; without TEXT, nothing
/clear          forget what was said
/help           this list
/exit           leave (so does Ctrl-D)
Ctrl-C stops an answer; Alt-Enter begins a new line."""


async def converse(gateway: Gateway, wish: Wish) -> None:
    """Until /exit or Ctrl-D. Raises SettingsError when there is no model to begin with."""
    await Conversation(gateway, structs.replace(wish, model=chosen_model(gateway.settings, wish.model))).run()


class Conversation:
    """What was said so far, and to whom."""

    def __init__(self, gateway: Gateway, wish: Wish) -> None:
        self._gateway = gateway
        self._wish = wish
        self._models = [each.id for each in gateway.models()]
        self._messages: list[Message] = []

    async def run(self) -> None:
        """Reads and answers until the end."""
        names = dict.fromkeys(self._models)
        commands = {"/model": names, "/system": None, "/clear": None, "/help": None, "/exit": None}
        session: PromptSession[str] = PromptSession(
            FormattedText([("bold ansicyan", "> ")]),
            history=_history(os.environ),
            completer=NestedCompleter.from_nested_dict(commands),
            key_bindings=_keys(),
            complete_while_typing=False,
        )
        note(f"asking {self._wish.model}; /help lists the commands, Ctrl-D leaves")
        while True:
            try:
                line = (await session.prompt_async()).strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if line in ("/exit", "/quit"):
                return
            if line.startswith("/"):
                self._obey(*line[1:].partition(" ")[::2])
            elif line:
                await self._ask(line)

    async def _ask(self, question: str) -> None:
        self._messages.append(user(question))
        voice = Voice(sys.stdout)
        try:
            if not await _unless_stopped(answer(self._gateway, self._wish, self._messages, voice)):
                note("stopped")
        except LockgateError as error:
            complain(error)
        if voice.text:
            self._messages.append(assistant(voice.text))
        else:
            self._messages.pop()

    def _obey(self, name: str, rest: str) -> None:
        rest = rest.strip()
        match name:
            case "model" if rest:
                if rest in self._models or rest.partition("/")[0] in self._gateway.providers:
                    self._wish = structs.replace(self._wish, model=rest)
                    note(f"asking {rest}")
                else:
                    note(f"there is no model {rest}; /model lists the names")
            case "model":
                for model in self._models:
                    console().print(f"{'*' if model == self._wish.model else ' '} {model}", soft_wrap=True)
            case "system":
                self._wish = structs.replace(self._wish, system=rest or None)
                note("the model is told so from now on" if rest else "the model is told nothing beforehand")
            case "clear":
                self._messages.clear()
                note("what was said is forgotten")
            case "help":
                console().print(_HELP)
            case _:
                note(f"there is no command /{name}; /help lists them")


async def _unless_stopped(work: Coroutine[Any, Any, None]) -> bool:
    """Does the work; False when Ctrl-C stopped it. Raises what it raises."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    before = signal.signal(signal.SIGINT, lambda number, frame: loop.call_soon_threadsafe(task.cancel))
    try:
        await asyncio.wait((task,))
    finally:
        signal.signal(signal.SIGINT, before)
    if task.cancelled():
        return False
    task.result()
    return True


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def new_line(event: KeyPressEvent) -> None:  # pyright: ignore[reportUnusedFunction]
        event.current_buffer.insert_text("\n")

    return keys


def _history(env: Mapping[str, str]) -> History:
    """What was typed before, from a file that only its owner reads; none where it cannot be kept."""
    base = env.get("XDG_STATE_HOME", "")
    folder = (Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "state") / "lockgate"
    path = folder / "chat_history"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("ab"):
            pass
    except OSError as error:
        note(f"what you type is not kept: {path} cannot be written ({error.strerror})")
        return InMemoryHistory()
    return FileHistory(path)
