"""What is known of a call besides the request itself."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.journal import Journal
from lockgate_ports.limits import Standing
from lockgate_ports.records import AttemptRecord


class Target(Struct, frozen=True):
    """One model of one configured provider."""

    provider_id: str
    model: str
    """The provider's own name for it; may hold slashes."""

    def __str__(self) -> str:
        return f"{self.provider_id}/{self.model}"


class Toll(Protocol):
    """What a call takes of the limits of the targets that it asks."""

    async def enter(self, target: Target) -> None:
        """Before a target is asked. Raises a LockgateError where a limit of it is used up."""
        ...

    def leave(self, target: Target, attempts: Sequence[AttemptRecord]) -> None:
        """It was asked in vain, and the call may go on elsewhere: the target holds no place for it any more."""
        ...


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
    toll: Toll | None = None
    """The limits of targets. None: there are none."""
    rank: int = 1
    """Where calls wait for a place, a higher one goes first: 0 for `low`, 1 for `normal`, 2 for `high`."""
    shadow: tuple[Target, ...] = ()
    """Who gets a copy of the call, and is never answered from. A step may narrow them."""
