"""Whose turn it is among the targets of one call, and which error is told when none of them answers. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from lockgate_ports.context import Target
from lockgate_ports.errors import Busy, LockgateError, UpstreamError


class Queue(Struct, eq=False):
    """The targets that are `left`, in order; those `otherwise` has for a class of error take their places after one of
    that class. Nobody is asked twice."""

    left: list[Target]
    """Whose turn is still to come."""
    otherwise: Mapping[str, Sequence[Target]]
    anyway: bool = False
    """Whoever is asked now is asked although it is shut."""
    _gone: tuple[Target, ...] = ()
    _asked: LockgateError | None = None
    _shut: LockgateError | None = None
    _passed: tuple[Target, ...] = ()
    """Those that were shut."""

    def take(self) -> Target:
        """Whose turn it is."""
        target = self.left.pop(0)
        self._gone += (target,)
        return target

    def spare(self, error: LockgateError) -> bool:
        """Is somebody left to ask after this error?"""
        return bool(self.left) or self.takes_over(error)

    def takes_over(self, error: LockgateError) -> bool:
        """Does somebody stand in for whoever fails with an error of this class?"""
        return bool(self.otherwise) and bool(self.otherwise.get(class_of(error)))

    def failed(self, error: LockgateError) -> None:
        """The one whose turn it was did not answer."""
        self._asked = self._asked or error
        if self.otherwise and (instead := self.otherwise.get(class_of(error))) is not None:
            self.left = [each for each in instead if each not in self._gone]

    def shut(self, target: Target, error: LockgateError) -> None:
        """The one whose turn it was is not asked for now. Of several, the one that can be asked again first is told."""
        if self._shut is None or _wait(error) < _wait(self._shut):
            self._shut = error
        self._passed += (target,)

    def reopen(self, limps: Callable[[Target], bool]) -> bool:
        """When several were shut and nobody was asked, those are that still answer now and then: not every target is
        left alone at once. One that answers nothing stays alone, and so does the only one of a route."""
        if self.anyway or self._asked is not None or len(self._passed) < 2:
            return False
        self.anyway = True
        self.left.extend(filter(limps, self._passed))
        return bool(self.left)

    def told(self, route: str) -> LockgateError:
        """What the caller is told: what the first one said that was asked."""
        told = self._asked or self._shut
        return told or UpstreamError(f"route {route!r} has no target that may answer", kind="fatal", sent=False)


def _wait(error: LockgateError) -> float:
    wait = error.retry_after if isinstance(error, UpstreamError | Busy) else None
    return math.inf if wait is None else wait


def class_of(error: LockgateError) -> str:
    """An `ErrorKind`, or the code of another error."""
    return error.kind if isinstance(error, UpstreamError) else error.code
