"""Sees plugins that open a way out of their own, by Python's audit events; refuses it where settings say so."""

import socket
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar, Token
from types import FrameType
from typing import Any, Literal

from msgspec import Struct

from lockgate_ports.metrics import Note

Sandbox = Literal["off", "report", "strict"]

_PREFIX = "llm_plugin_"
_inside: ContextVar[str | None] = ContextVar("lockgate_inside_plugins", default=None)
_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_CHILDREN = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.spawn"}
)
_WATCHED = _CONNECTS | _CHILDREN
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})


class ClearedSocket(socket.socket):
    """A socket that passed the egress policy for the address it is to connect to."""

    __slots__ = ()


class Bypass(PermissionError):
    """Code past the one way out; `plugins: {sandbox: strict}` refuses it."""


entered = _inside.set
"""Told whose plugin works from now on: what it opens is put down to it, also from tasks that it starts."""
left = _inside.reset
"""Told what `entered` returned, when it has worked."""


class inside(Struct, eq=False):  # noqa: N801  read as a word in `with inside(name):`
    """`entered` and `left` as a block, for what is no call."""

    _name: str
    _token: Token[str | None] | None = None

    def __enter__(self) -> None:
        self._token = _inside.set(self._name)

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _inside.reset(self._token)


class BypassWatch:
    """One gateway's watch over the packages of its plugins; a context manager, that it ends with the gateway.

    It is told of connects, datagrams and child processes; whoever means harm can hide from it in code that is not
    Python. Lockgate's own sockets, and the connects of an embedding service, are none of its business.
    """

    def __init__(self, note: Callable[[Note], None]) -> None:
        self._note = note
        self._packages: frozenset[str] = frozenset()
        self._databases: frozenset[str] = frozenset()
        self._strict = False

    def __enter__(self) -> "BypassWatch":
        return self

    def __exit__(self, *_: object) -> None:
        if self in _watches:
            _watches.remove(self)

    def start(self, sandbox: Sandbox) -> None:
        """From now on; before plugins are imported, so that an import is seen too. May be said anew."""
        self._strict = sandbox == "strict"
        if self in _watches:
            _watches.remove(self)
        if sandbox != "off":
            _install()
            _watches.append(self)

    def know(self, packages: Iterable[str], databases: Iterable[str]) -> None:
        """Packages of plugins that are not named like one. `databases` are those that speak to a database which
        settings name, in its own protocol: they may."""
        self._packages = frozenset(packages) - {""}
        self._databases = frozenset(databases) - {""}

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """Notes the event when a plugin is behind it. Raises Bypass in strict mode."""
        name = self._behind()
        if name is None:
            return
        where = _where(event, args)
        self._note(Note("egress_bypassed", name, where))
        if self._strict:
            raise Bypass(f"{name}: {where} is refused by plugins.sandbox: strict; plugins go out by context.http")

    def _behind(self) -> str | None:
        """The plugin on the stack, else the provider whose call this task or thread was started in."""
        frame: FrameType | None = sys._getframe(3)  # pyright: ignore[reportPrivateUsage]  there is no other way
        while frame is not None:
            package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if package.startswith(_PREFIX) or package in self._packages:
                return None if package in self._databases else package
            frame = frame.f_back
        return _inside.get()


_watches: list[BypassWatch] = []
_installed: list[bool] = []


def _install() -> None:
    """Once a process: an audit hook cannot be taken away again."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event not in _WATCHED or not _watches:
        return
    if event in _CONNECTS and (isinstance(args[0], ClearedSocket) or args[0].family not in _INTERNET):
        return
    for watch in tuple(_watches):
        watch.see(event, args)


def _where(event: str, args: tuple[Any, ...]) -> str:
    """Where it goes, or what is run: never its arguments, since a key may stand there."""
    if event in _CONNECTS:
        address = args[1] if len(args) > 1 else None
        return f"a connection to {address[0]}:{address[1]}" if isinstance(address, tuple) else "a datagram"
    program = args[0] if args and isinstance(args[0], str | bytes) else ""
    first = (program.decode("utf-8", "replace") if isinstance(program, bytes) else program).split(" ")[0]
    return f"a child process {first}".rstrip()[:100]
