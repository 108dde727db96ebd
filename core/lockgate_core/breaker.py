"""Circuit breakers: a target that keeps failing is left alone for a while, and then asked by one call alone. Pure."""

from collections import deque
from collections.abc import Callable
from functools import partial

from msgspec import Struct

_SLOTS = 10
_MOST = 1024


class BreakerPolicy(Struct, frozen=True):
    """When a breaker opens, and for how long. Times are in seconds."""

    failures: int = 8
    """So many failures in a row open it;"""
    ratio: float = 0.6
    """so does this share of the calls within the window, or more,"""
    min_calls: int = 10
    """when there were at least so many."""
    window: float = 30.0
    open_for: float = 2.0
    """The first time; each further time in a row doubles it."""
    max_open_for: float = 10.0


class Breaker:
    """Closed, open, or half open: then one call may pass, and what becomes of it decides.

    `admit` gives a pass, which is handed back once with what became of the call. A pass from before the breaker last
    opened or closed counts for nothing.
    """

    __slots__ = ("_era", "_in_a_row", "_newest_until", "_openings", "_policy", "_probe", "_tell", "_window", "until")

    def __init__(self, policy: BreakerPolicy, tell: Callable[[bool], None] | None = None) -> None:
        """`tell` learns when it opens (True) and when it closes again; not of each further time that it stays open."""
        self._policy = policy
        self._tell = tell
        self._era = 0
        self.until: float | None = None
        """When an open breaker lets a call through; None while it is closed."""
        self._probe: float | None = None
        """When that call set out."""
        self._openings = 0
        self._in_a_row = 0
        self._window: deque[list[int]] = deque(maxlen=_SLOTS)
        """[slot of time, calls, failures]"""
        self._newest_until = 0.0
        """When the newest slot ends."""

    def wait(self, now: float) -> float:
        """Seconds until a call may pass; 0 when one may now."""
        if self.until is None:
            return 0.0
        if self._probe is None:
            return max(0.0, self.until - now)
        # A probe may take minutes: the target must not stay shut behind it.
        return max(0.0, self._probe + self._policy.max_open_for - now)

    @property
    def limps(self) -> bool:
        """It is open because many calls failed, and yet not all of the last ones: the target may still answer some."""
        return self.until is not None and self._in_a_row < self._policy.failures

    def admit(self, now: float, *, anyway: bool = False) -> int | None:
        """A pass; None when no call may pass now. `anyway`: one for a call that goes although it is open."""
        if self.until is not None and not anyway:
            if self.wait(now) > 0:
                return None
            self._probe = now
        return self._era

    def proven(self, era: int) -> None:
        """The target is alive, although its answer is not complete, or no answer: closes a half-open breaker."""
        if era == self._era and self.until is not None:
            self._close()

    def answered(self, era: int, now: float) -> None:
        """The call was answered."""
        if era != self._era:
            return
        if self.until is not None:
            self._close()
        self._in_a_row = 0
        self._slot(now)[1] += 1

    def failed(self, era: int, now: float, luck: float) -> None:
        """The target failed. `luck` is a random number in [0, 1), for the jitter of the open time."""
        if era != self._era:
            return
        self._in_a_row += 1
        if self.until is None:
            slot = self._slot(now)
            slot[1] += 1
            slot[2] += 1
            if not self._tripped():
                return
            if self._tell is not None:
                self._tell(True)
        self._era += 1
        self._probe = None
        self._openings += 1
        policy = self._policy
        # Not more than 2 ** 30, since a target may be dead for days.
        period = min(policy.max_open_for, policy.open_for * 2.0 ** min(self._openings - 1, 30))
        self.until = now + period * (0.8 + 0.4 * luck)

    def left(self, era: int) -> None:
        """The call ended without a verdict on the target: the next one may probe."""
        if era == self._era:
            self._probe = None

    def _close(self) -> None:
        self._era += 1
        self.until = self._probe = None
        self._openings = self._in_a_row = 0
        self._window.clear()
        if self._tell is not None:
            self._tell(False)

    def _slot(self, now: float) -> list[int]:
        window = self._window
        if window and now < self._newest_until:
            return window[-1]
        at = int(now / self._policy.window * _SLOTS)
        while window and window[0][0] <= at - _SLOTS:
            window.popleft()
        window.append([at, 0, 0])
        self._newest_until = (at + 1) * self._policy.window / _SLOTS
        return window[-1]

    def _tripped(self) -> bool:
        policy = self._policy
        if self._in_a_row >= policy.failures:
            return True
        calls = sum(slot[1] for slot in self._window)
        return calls >= policy.min_calls and sum(slot[2] for slot in self._window) >= policy.ratio * calls


class Breakers:
    """One breaker for each model of a provider, made when it is first asked for. Clients choose names of models: the
    oldest is forgotten beyond 1024 of them."""

    def __init__(self, policy: BreakerPolicy, tell: Callable[[str, bool], None] | None = None) -> None:
        """`tell` learns which model's opens (True) and closes."""
        self._policy = policy
        self._tell = tell
        self._by_model: dict[str, Breaker] = {}

    def of(self, model: str) -> Breaker:
        """The breaker of `model`."""
        found = self._by_model.get(model)
        if found is None:
            if len(self._by_model) >= _MOST:
                del self._by_model[next(iter(self._by_model))]
            found = self._by_model[model] = Breaker(
                self._policy, None if self._tell is None else partial(self._tell, model)
            )
        return found
