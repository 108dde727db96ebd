"""The keys of one provider: which one a call uses, and what becomes of it."""

from collections import OrderedDict
from collections.abc import Collection, Sequence

from msgspec import Struct

from lockgate_core.bond import weight
from lockgate_core.clock import Clock
from lockgate_core.held_key import HeldKey, KeySource
from lockgate_core.key_health import REFUSALS, KeyHealth
from lockgate_ports.errors import ErrorKind, LockgateError, UpstreamError
from lockgate_ports.secret import Secret


class Lease(Struct, frozen=True):
    """One call's use of a key. `probe`: it finds out whether a refusal still holds."""

    key: int
    secret: Secret | None
    ref: str
    model: str
    began: float
    health: KeyHealth
    probe: bool


class KeyPool:
    """Gives each call the key that is best for its model.

    What a provider said is kept: a refused key is not used while another one works, nor a limited one before its time.
    What is only guessed (a key that failed, or was limited for nobody said how long) puts a key behind the others.
    Among equals the one that was used longest ago is next. A key without another beside it is always used: its
    callers are told what the provider says now, not what it said a while ago.
    """

    def __init__(self, provider_id: str, sources: Sequence[KeySource]) -> None:
        if not sources:
            raise ValueError("a key pool needs at least one key")
        self._provider_id = provider_id
        self._keys = tuple(HeldKey(index, source) for index, source in enumerate(sources))
        self._uses = 0
        self._by_use = OrderedDict(enumerate(self._keys))
        """The one that was used longest ago first."""
        self._calm = True
        """Nothing is known against any of them; False until they have been looked at again."""
        self.several = len(self._keys) > 1
        """There is something to choose."""

    @property
    def stale(self) -> int:
        """How many calls went out with the last good key because the secret store failed."""
        return sum(key.stale for key in self._keys)

    @property
    def refs(self) -> tuple[str, ...]:
        """Where the keys come from; empty where none is needed."""
        return tuple(key.source.ref for key in self._keys if key.source.ref)

    async def first(self) -> Secret | None:
        """The first key as the store has it now, for a test of the provider. Raises SettingsError."""
        fetch = self._keys[0].source.fetch
        return None if fetch is None else await fetch()

    def at_hand(self, model: str, now: float) -> Lease | None:
        """A key for a first call to `model`: where all keys are well, as nearly always, the one that was used longest
        ago. None where the keys must be looked at first, by `lease`."""
        if not self._calm:
            return None
        key = self._keys[next(iter(self._by_use))]
        return self._lend(key, key.value, model, now) if now < key.fresh_until else None

    async def lease(self, model: str, tried: Collection[int], clock: Clock, bond: str | None = None) -> Lease:
        """A key for a call to `model`, none of `tried` where there is another; calls of one `bond` get the same one, as
        long as it is well.

        Raises UpstreamError, not sent: `rate_limit` with `retry_after` when all are limited; when all are refused, the
        kind of that; `auth` when no store gives one.
        """
        missing: LockgateError | None = None
        absent: set[int] = set()
        if not tried and bond is None and (key := self._next(clock.now())) is not None:
            try:
                secret = await key.fetch(clock)
            except LockgateError as error:
                self._calm = False
                missing = error
                absent.add(key.index)
            else:
                if self._calm:  # no other call has found out more in the meantime
                    return self._lend(key, secret, model, clock.now())
        for held in self._keys:
            if held.health.troubled:
                await held.look(clock)
        while True:
            now = clock.now()
            key = self._pick(model, now, tried, absent, bond) or self._pick(model, now, (), absent, bond)
            if key is None:
                raise self._none(model, now, missing)
            try:
                secret = await key.fetch(clock)
            except LockgateError as error:
                self._calm = False
                missing = error
                absent.add(key.index)
                continue
            now = clock.now()
            if not self._may(key, model, now, absent):
                continue  # another call has found out more in the meantime
            return self._lend(key, secret, model, now, probe=key.health.asked(model, now))

    def another(self, error: LockgateError, model: str, tried: Collection[int], now: float) -> bool:
        """After `error` with the last of `tried`, another key is worth a try at once."""
        if not isinstance(error, UpstreamError) or (error.kind not in REFUSALS and error.kind != "rate_limit"):
            return False
        key = self._pick(model, now, tried, ())
        resting = key is None or now < key.health.standing(model).resting_until
        return key is not None and not (resting and error.kind == "rate_limit")

    def succeeded(self, lease: Lease) -> None:
        """The key was good."""
        health = lease.health
        if health.refused_at is not None or health.models:
            health.succeeded(lease.model, lease.began)

    def failed(self, lease: Lease, error: UpstreamError, now: float) -> None:
        """The call failed, which may be the key's fault."""
        self._calm = False
        if lease.probe and error.kind not in REFUSALS:
            lease.health.unproven(lease.model, now)
        elif lease.probe and error.kind == "permission":
            lease.health.let_in(now)
        lease.health.failed(lease.model, error, now)

    def left(self, lease: Lease, now: float) -> None:
        """The call ended without a word on the key."""
        if lease.probe:
            lease.health.unproven(lease.model, now)

    def _next(self, now: float) -> HeldKey | None:
        """Where all keys are well, the one that was used longest ago: however many they are, nobody else is looked
        at."""
        if not self._calm:
            self._calm = all(key.well(now) for key in self._keys)
        return next(iter(self._by_use.values())) if self._calm else None

    def _lend(self, key: HeldKey, secret: Secret | None, model: str, now: float, *, probe: bool = False) -> Lease:
        self._uses += 1
        key.used = self._uses
        self._by_use.move_to_end(key.index)
        return Lease(key.index, secret, key.source.ref, model, now, key.health, probe)

    def _pick(
        self, model: str, now: float, tried: Collection[int], absent: Collection[int], bond: str | None = None
    ) -> HeldKey | None:
        if len(self._keys) == 1:
            only = self._keys[0]
            return None if only.index in tried or only.index in absent else only
        free = (
            key
            for key in self._keys
            if key.index not in tried and key.index not in absent and self._may(key, model, now, absent)
        )
        if bond is None:
            return min(free, key=lambda key: key.rank(model, now), default=None)
        return min(free, key=lambda key: (*key.rank(model, now)[:3], weight(bond, key.source.ref)), default=None)

    def _may(self, key: HeldKey, model: str, now: float, absent: Collection[int]) -> bool:
        if len(self._keys) == 1:
            # With nothing to choose from, only the provider can say whether the key is good by now.
            return True
        if key.limited(model, now):
            return False
        if not key.health.refused(model, now):
            return True
        # Without any other key nothing is lost by asking, now and then: a refusal may be about this model, or over.
        return key.health.standing(model).recheck_at <= now and all(
            other.health.refused(model, now) for other in self._keys if other.index not in absent
        )

    def _none(self, model: str, now: float, missing: LockgateError | None) -> UpstreamError:
        usable = [key for key in self._keys if not key.health.refused(model, now)] or self._keys
        waits = [wait for key in usable if (wait := key.limited(model, now)) > 0]
        if waits:
            wait = min(waits)
            which = "the key" if len(self._keys) == 1 else "every usable key"
            message = f"{which} is rate limited; the next one is free in {wait:.3g} s"
            return self._error(message, "rate_limit", retry_after=wait)
        if missing is not None:
            return self._error(missing.message, "auth")
        key = min(self._keys, key=lambda key: key.health.standing(model).recheck_at)
        standing = key.health.standing(model)
        refusal = standing.refusal
        if refusal is None:
            return self._error("no key is free", "auth")
        which = f"the key {key.source.ref}".rstrip() if len(self._keys) == 1 else f"each of {len(self._keys)} keys"
        message = (
            f"{which} was refused {now - standing.at:.0f} s ago and is not used for another "
            f"{max(0.0, standing.recheck_at - now):.0f} s, or until its value changes: {refusal.message}"
        )
        return self._error(message, refusal.kind, upstream_status=refusal.upstream_status)

    def _error(
        self, message: str, kind: ErrorKind, *, retry_after: float | None = None, upstream_status: int | None = None
    ) -> UpstreamError:
        return UpstreamError(
            f"{self._provider_id}: {message}",
            kind=kind,
            provider_id=self._provider_id,
            upstream_status=upstream_status,
            retry_after=retry_after,
            sent=False,
        )
