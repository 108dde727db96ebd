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
    pytest.skip("pseudo-terminals", allow_module_level=True)

import fcntl
import pty
import struct
import termios

from tests_cli_paths import LOCKGATE


class Terminal:
    """What is typed and what is shown."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.shown = ""
        os.set_blocking(descriptor, False)
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self.shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data.decode("utf-8", "replace")).replace("\r", "")
        if "\x1b[6n" in data.decode("utf-8", "replace"):
            os.write(self._descriptor, b"\x1b[1;1R")
        self._news.set()

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    async def until(self, words: str) -> str:
        """Waits for words, and takes all up to them off the screen."""
        async with asyncio.timeout(30):
            while words not in self.shown:
                self._news.clear()
                await self._news.wait()
        before, _, self.shown = self.shown.partition(words)
        return before
