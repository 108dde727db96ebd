"""What is known of one key: refused, limited, resting, or well; for each model on its own. Pure."""

from lockgate_ports.errors import UpstreamError

QUARANTINE = 3600.0
"""Seconds for which a refused key is left alone while another one works."""
_RECHECK, _LONGEST_RECHECK = 5.0, 300.0
"""When no other key works, a refused one is asked again after the first, doubled each time up to the second."""
_REST, _LONGEST_REST = 1.0, 3600.0
_STUMBLES = 3
_GUESSED_LIMIT, _LONGEST_GUESS = 3.0, 60.0
_RECENT = 60.0
_MOST = 256

REFUSALS = frozenset({"auth", "permission", "quota"})
_WHOLE_KEY = frozenset({"auth", "quota"})
_STUMBLE = frozenset({"transient", "overloaded", "timeout"})


class Standing:
    """Of one key with one model. Times are on the engine's clock."""

    __slots__ = (
        "at",
        "limited_until",
        "limits",
        "recheck_at",
        "refusal",
        "refused_until",
        "resting_until",
        "strikes",
        "stumbles",
    )

    def __init__(self) -> None:
        self.at = 0.0
        """When the last trouble was."""
        self.refusal: UpstreamError | None = None
        self.strikes = 0
        self.refused_until = 0.0
        self.recheck_at = 0.0
        """When it may be asked again although it is refused, since no other key is left."""
        self.limited_until = 0.0
        """The provider said so."""
        self.limits = 0
        self.resting_until = 0.0
        """A guess of ours: it puts the key behind others, but keeps nobody from it."""
        self.stumbles = 0


_WELL = Standing()


class KeyHealth:
    """Of one value of a key. It is well until a call fails."""

    __slots__ = ("dead_until", "models", "refused_at")

    def __init__(self) -> None:
        self.models: dict[str, Standing] = {}
        """Those that something is known against it with."""
        self.refused_at: float | None = None
        """When the key itself (not its use for one model) was last refused; None while it is good."""
        self.dead_until = 0.0

    @property
    def troubled(self) -> bool:
        """Something was refused."""
        return self.refused_at is not None or any(each.refusal is not None for each in self.models.values())

    def standing(self, model: str) -> Standing:
        """With `model`; read only."""
        return self.models.get(model, _WELL)

    def refused(self, model: str, now: float) -> bool:
        """It was refused, for `model` or altogether, less than a quarantine ago."""
        if self.refused_at is not None and now < self.dead_until:
            return True
        standing = self.standing(model)
        return standing.refusal is not None and now < standing.refused_until

    def stumbles(self, model: str, now: float) -> int:
        """Recent failures in a row."""
        standing = self.standing(model)
        return standing.stumbles if now < standing.at + _RECENT else 0

    def asked(self, model: str, now: float) -> bool:
        """A call sets out. True for one that finds out whether a refusal still holds: it goes alone."""
        if self.refused_at is not None:
            self.dead_until = max(self.dead_until, now + QUARANTINE)
        standing = self.standing(model)
        if standing.refusal is not None:
            standing.refused_until = now + QUARANTINE
            standing.recheck_at = now + _recheck(standing.strikes)
        return self.refused_at is not None or standing.refusal is not None

    def succeeded(self, model: str, began: float) -> None:
        """A call that set out at `began` was answered; what happened after it set out still holds."""
        if self.refused_at is not None and self.refused_at <= began:
            self.refused_at = None
        standing = self.models.get(model)
        if standing is not None and standing.at <= began:
            del self.models[model]

    def failed(self, model: str, error: UpstreamError, now: float) -> None:
        """A call failed."""
        if error.kind in REFUSALS:
            standing = self._troubled(model, now)
            standing.refusal = error
            standing.strikes += 1
            standing.refused_until = now + QUARANTINE
            standing.recheck_at = now + _recheck(standing.strikes)
            if error.kind in _WHOLE_KEY:
                self.refused_at = now
                self.dead_until = now + QUARANTINE
        elif error.kind == "rate_limit":
            standing = self._troubled(model, now)
            standing.limits += 1
            if error.retry_after is not None:
                standing.limited_until = max(standing.limited_until, now + error.retry_after)
            guess = min(_LONGEST_GUESS, _GUESSED_LIMIT * 2.0 ** min(standing.limits - 1, 30))
            standing.resting_until = max(standing.resting_until, now + guess)
        elif error.kind in _STUMBLE and error.sent:
            stumbles = self.stumbles(model, now)
            standing = self._troubled(model, now)
            standing.stumbles = stumbles + 1
            if standing.stumbles >= _STUMBLES:
                rest = min(_LONGEST_REST, _REST * 2.0 ** min(standing.stumbles - _STUMBLES, 30))
                standing.resting_until = max(standing.resting_until, now + rest)

    def unproven(self, model: str, now: float) -> None:
        """A call that was to find out did not: the next one may."""
        if self.refused_at is not None:
            self.dead_until = now
        standing = self.standing(model)
        if standing.refusal is not None:
            standing.refused_until = standing.recheck_at = now

    def let_in(self, now: float) -> None:
        """The provider knows the key, and refuses it for one model alone: others may be asked for."""
        if self.refused_at is not None:
            self.dead_until = now

    def _troubled(self, model: str, now: float) -> Standing:
        standing = self.models.get(model)
        if standing is None:
            if len(self.models) >= _MOST:
                del self.models[next(iter(self.models))]
            standing = self.models[model] = Standing()
        standing.at = now
        return standing


def _recheck(strikes: int) -> float:
    return min(_LONGEST_RECHECK, _RECHECK * 2.0 ** min(max(strikes - 1, 0), 30))
