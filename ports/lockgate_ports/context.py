"""What is known of a call besides the request itself."""

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.journal import Journal
from lockgate_ports.limits import Standing


class Target(Struct, frozen=True):
    """One model of one configured provider."""

    provider_id: str
    model: str
    """The provider's own name for it; may hold slashes."""

    def __str__(self) -> str:
        return f"{self.provider_id}/{self.model}"


class Context(Struct, frozen=True, kw_only=True):
    """Made by a surface (or by the embedder's call), completed by routing, and passed forward."""

    request_id: str
    journal: Journal
    surface: str = "embedded"
    """The client's dialect."""
    caller: Caller = NOBODY
    deadline: float | None = None
    """When the caller stops waiting, on the engine's monotonic clock, in seconds."""
    route: str = ""
    """The route that was taken; the model's name itself when it was asked for as `provider_id/model`."""
    targets: tuple[Target, ...] = ()
    """Who may answer, in order. A step may narrow them."""
    otherwise: Mapping[str, tuple[Target, ...]] = {}
    """Who takes over, in place of the targets that are left, after an error of a class: an `ErrorKind`, or the code of
    another error (`unsupported`)."""
    standings: tuple[Standing, ...] = ()
    """The limits that the call was counted against, as they stood then."""
    toll: Callable[[Target], Awaitable[None]] | None = None
    """To be called before a target is asked; it raises where a limit of that target is used up. None: there is none."""
    rank: int = 1
    """Where calls wait for a place, a higher one goes first: 0 for `low`, 1 for `normal`, 2 for `high`."""
    shadow: tuple[Target, ...] = ()
    """Who gets a copy of the call, and is never answered from. A step may narrow them."""
