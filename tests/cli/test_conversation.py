"""`lockgate chat` in a terminal: a real one, at the other end of a pseudo-terminal."""

import asyncio
import os
import re
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

import fcntl
import pty
import struct
import termios

LOCKGATE = Path(sys.executable).with_name("lockgate")
_STEERING = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[=>]|\r")


class Terminal:
    """What is typed into a process, and what it shows."""

    def __init__(self, process: asyncio.subprocess.Process, descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._shown = ""
        self._news = asyncio.Event()
        os.set_blocking(descriptor, False)
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 65536).decode("utf-8", "replace")
        except OSError:  # the other side has closed
            data = ""
        if not data:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        if "\x1b[6n" in data:  # where is the cursor?
            os.write(self._descriptor, b"\x1b[1;1R")
        self._shown += _STEERING.sub("", data)
        self._news.set()

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    async def until(self, words: str) -> str:
        """Waits for words; returns all that was shown since, up to them."""
        try:
            async with asyncio.timeout(20):
                while words not in self._shown:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pytest.fail(f"{words!r} was never shown, but {self._shown!r}")
        before, _, self._shown = self._shown.partition(words)
        return before

    async def say(self, line: str) -> None:
        """Types a line at the prompt."""
        await self.until("> ")
        self.type(line + "\r")

    async def code(self) -> int:
        async with asyncio.timeout(20):
            return await self.process.wait()


Talk = Callable[..., Awaitable[Terminal]]


@pytest.fixture
async def talk(tmp_path: Path, settings: Path) -> AsyncIterator[Talk]:
    """Starts `lockgate chat` in a terminal of 80 columns."""
    made: list[tuple[Terminal, int]] = []

    async def talk(*arguments: str) -> Terminal:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        process = await asyncio.create_subprocess_exec(
            LOCKGATE,
            "chat",
            *arguments,
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "xterm", "LANG": "C.UTF-8", "CANARY_KEY": "k"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            preexec_fn=take_terminal,
        )
        os.close(theirs)
        terminal = Terminal(process, ours)
        made.append((terminal, ours))
        return terminal

    yield talk
    for terminal, descriptor in made:
        if terminal.process.returncode is None:
            terminal.process.kill()
        await terminal.process.wait()
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)


def asked(upstream: Any) -> list[tuple[str, str]]:
    return [(each["role"], each["content"]) for each in upstream.seen[-1]["body"]["messages"]]


async def test_it_remembers_what_was_said(talk: Talk, upstream: Any) -> None:
    terminal = await talk("-m", "fast")
    await terminal.until("asking fast")
    await terminal.say("Where?")
    await terminal.until("Paris it is.\n")
    await terminal.say("Really?")
    await terminal.until("Paris it is.\n")
    assert asked(upstream) == [("user", "Where?"), ("assistant", "Paris it is."), ("user", "Really?")]
    await terminal.say("/clear")
    await terminal.say("/system Be brief.")
    await terminal.say("Where?")
    await terminal.until("Paris it is.\n")
    assert asked(upstream) == [("system", "Be brief."), ("user", "Where?")]
    await terminal.say("/exit")
    assert await terminal.code() == 0


async def test_ctrl_c_stops_the_answer_and_not_the_conversation(talk: Talk, upstream: Any) -> None:
    terminal = await talk("-m", "fast")
    await terminal.say("go slowly")
    await terminal.until("waiting for fast")
    await asyncio.sleep(0.3)  # the first word has come by then, or not: both must do
    terminal.type("\x03")
    await terminal.until("stopped")
    upstream.release.set()
    await terminal.say("Where?")
    await terminal.until("Paris it is.\n")
    await terminal.until("> ")
    terminal.type("\x03")
    await terminal.say("Where?")
    await terminal.until("Paris it is.\n")
    await terminal.until("> ")
    terminal.type("\x04")
    assert await terminal.code() == 0


async def test_an_error_is_told_and_its_question_forgotten(talk: Talk, upstream: Any) -> None:
    upstream.status = 503
    terminal = await talk("-m", "fast")
    await terminal.say("Where?")
    await terminal.until("error: local")
    upstream.status = 200
    await terminal.say("Really?")
    await terminal.until("Paris it is.\n")
    assert asked(upstream) == [("user", "Really?")]


async def test_the_model_can_be_changed_to_one_that_is_there(talk: Talk, upstream: Any) -> None:
    terminal = await talk("-m", "fast")
    await terminal.say("/model")
    await terminal.until("* fast\n  smart\n  local/tiny\n")
    await terminal.say("/model nope")
    await terminal.until("there is no model nope")
    await terminal.say("/model local/other")
    await terminal.until("asking local/other")
    await terminal.say("Where?")
    await terminal.until("Paris it is.\n")
    assert upstream.seen[-1]["body"]["model"] == "other"
    await terminal.say("/modle")
    await terminal.until("there is no command /modle; /help lists them")


async def test_what_was_typed_is_kept_for_its_owner_alone(talk: Talk, tmp_path: Path) -> None:
    terminal = await talk("-m", "fast")
    await terminal.say("Where?")
    await terminal.until("Paris it is.\n")
    await terminal.say("/exit")
    await terminal.code()
    kept = tmp_path / ".local" / "state" / "lockgate" / "chat_history"
    assert "+Where?" in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
