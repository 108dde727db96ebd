"""A worker as the supervisor sees it: its process, what it says, and the sockets that it listens on."""

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from lockgate.cli.workers.channel import Channel, Serve
from lockgate.cli.workers.messages import Ready, Start
from lockgate.cli.workers.sockets import Port

_LIVED_WELL = 10.0
"""Seconds after which a worker that dies is no sign that the next one will too."""
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_QUEUED_FOR = 2.0
"""Seconds for which clients had better wait than be sent away."""


class Slot:
    """The place of one worker, in which another follows the one that dies."""

    def __init__(self, number: int, port: Port, serve: Callable[["Slot"], Serve]) -> None:
        self.number = number
        self._port = port
        self._serve = serve(self)
        self._sockets: Sequence[socket.socket] = ()
        self._process: asyncio.subprocess.Process | None = None
        self._told_to_end = False
        self._began = 0.0
        self._failures = 0
        self.channel: Channel | None = None
        self.ready = False
        """It serves, and is asked what all are asked."""
        self.text = b""
        """What it said last that it has counted."""

    @property
    def failures(self) -> int:
        """So many in a row did not live for long."""
        return self._failures

    async def start(self, start: Callable[[int, tuple[int, ...]], Start]) -> Ready:
        """Starts a process, which opens the gateway and listens. Raises Gone when it ends before, and SettingsError
        when it says why it cannot."""
        self._told_to_end = False
        self._began = asyncio.get_running_loop().time()
        if not self._sockets:
            self._sockets = self._port.sockets()
        ours, theirs = socket.socketpair()
        listens = tuple(each.fileno() for each in self._sockets)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                # -P: a file in the folder it is started in must not stand in for a module.
                *(sys.executable, "-P", "-m", "lockgate.cli.workers", str(theirs.fileno())),
                pass_fds=(theirs.fileno(), *listens),
            )
        self.channel = await Channel.over(ours, self._serve)
        return await self.channel.ask(start(self.number, listens), Ready)

    async def ended(self) -> int:
        """The exit code, when its process is over and all that it said was heard."""
        if self._process is None or self.channel is None:
            return 0
        code = await self._process.wait()
        await self.channel.closed()
        self.ready = False
        return code

    def wait(self) -> float:
        """Seconds until the next one is to be started; none for the first that dies. Connections wait for it; where it
        comes late, the port's other workers take all new ones."""
        if asyncio.get_running_loop().time() - self._began > _LIVED_WELL:
            self._failures = 0
        self._failures += 1
        if self._failures == 1:
            return 0.0
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (self._failures - 2))
        if wait > _QUEUED_FOR:
            self.close_sockets()
        return wait

    def close_sockets(self) -> None:
        """No connection waits for this worker; those that its process has are its own."""
        for each in self._sockets:
            each.close()
        self._sockets = ()

    def end(self) -> None:
        """Lets it end what it is at. It is told once: the second time it would quit."""
        self.close_sockets()
        self.ready = False
        if self._process is not None and self._process.returncode is None and not self._told_to_end:
            self._told_to_end = True
            with suppress(ProcessLookupError):
                self._process.terminate()

    def kill(self) -> None:
        """Ends it now."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
