"""The key pool against a plain model of what is known, under any schedule of calls, faults and time."""

import asyncio
from collections import Counter
from typing import Any

from fakes import FakeClock, source
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, multiple, rule

from lockgate_core.keys import KeyPool, Lease
from lockgate_ports.errors import UpstreamError

_LOOP = asyncio.new_event_loop()
HOUR = 3600.0
MODELS = st.sampled_from(["m1", "m2"])
REFUSALS = ("auth", "quota", "permission")


def run(work: Any) -> Any:
    """Runs what never waits for anything real."""
    return _LOOP.run_until_complete(work)


class KeyPoolModel(RuleBasedStateMachine):
    """Remembers, for each key, every refusal and limit that still holds, in the plainest way."""

    leases = Bundle("leases")

    @initialize(count=st.integers(2, 4))
    def open(self, count: int) -> None:
        self.clock = FakeClock()
        self.keys = [f"k{n}" for n in range(count)]
        self.pool = KeyPool("up", [source(key) for key in self.keys])
        self.refused: dict[tuple[str, str], float] = {}
        """(key, model or "*") -> when; until a call that set out later is answered."""
        self.probing: Counter[str] = Counter()
        """Calls under way that find out whether a refusal still holds."""
        self.limits: dict[tuple[str, str], tuple[float, float]] = {}
        """(key, model) -> when it was said, and until when it holds."""

    def dead(self, key: str, model: str) -> bool:
        now = self.clock.now()
        return any((at := self.refused.get((key, about))) is not None and now < at + HOUR for about in ("*", model))

    def limited(self, key: str, model: str) -> bool:
        return self.clock.now() < self.limits.get((key, model), (0.0, 0.0))[1] - 0.05

    @rule(target=leases, model=MODELS)
    def call(self, model: str) -> Any:
        alive = [key for key in self.keys if not self.dead(key, model) and not self.probing[key]]
        free = [key for key in alive if not self.limited(key, model)]
        lease, error = run(self.lease(model))
        if lease is None:
            # A key may be kept back for a probe that is under way; but none of which nothing bad is known.
            spotless = [key for key in free if all(refused != key for refused, _ in self.refused)]
            assert not spotless, f"{spotless} would have served: {error}"
            assert not error.sent
            assert error.kind != "rate_limit" or error.retry_after > 0
            return multiple()
        assert not self.limited(lease.ref, model), "a limited key was used before its time"
        assert not (alive and self.dead(lease.ref, model)), f"{lease.ref} is dead, and {alive} are not"
        self.probing[lease.ref] += lease.probe
        return lease

    async def lease(self, model: str) -> Any:
        try:
            return await self.pool.lease(model, (), self.clock), None
        except UpstreamError as error:
            return None, error

    @rule(lease=consumes(leases))
    def answered(self, lease: Lease) -> None:
        self.pool.succeeded(lease)
        self.probing[lease.ref] -= lease.probe
        for about in ("*", lease.model):
            if self.refused.get((lease.ref, about), HOUR * HOUR) <= lease.began:
                del self.refused[lease.ref, about]
        if self.limits.get((lease.ref, lease.model), (HOUR * HOUR, 0.0))[0] <= lease.began:
            del self.limits[lease.ref, lease.model]

    @rule(lease=consumes(leases), kind=st.sampled_from(REFUSALS))
    def refuse(self, lease: Lease, kind: Any) -> None:
        now = self.clock.now()
        self.pool.failed(lease, UpstreamError("x", kind=kind), now)
        self.probing[lease.ref] -= lease.probe
        self.refused[lease.ref, lease.model] = now
        if kind != "permission":
            self.refused[lease.ref, "*"] = now
        elif lease.probe and (lease.ref, "*") in self.refused:
            self.refused[lease.ref, "*"] = -HOUR

    @rule(lease=consumes(leases), seconds=st.none() | st.floats(0.1, 100))
    def limit(self, lease: Lease, seconds: float | None) -> None:
        now = self.clock.now()
        self.pool.failed(lease, UpstreamError("x", kind="rate_limit", retry_after=seconds), now)
        self.touch(lease)
        place = (lease.ref, lease.model)
        self.limits[place] = (now, max(self.limits.get(place, (0.0, 0.0))[1], now + (seconds or 0)))

    @rule(lease=consumes(leases), kind=st.sampled_from(["transient", "timeout", "overloaded", "invalid_request"]))
    def stumble(self, lease: Lease, kind: Any) -> None:
        self.pool.failed(lease, UpstreamError("x", kind=kind), self.clock.now())
        self.touch(lease)

    @rule(lease=consumes(leases))
    def leave(self, lease: Lease) -> None:
        self.pool.left(lease, self.clock.now())
        self.touch(lease)

    def touch(self, lease: Lease) -> None:
        """A probe without a verdict lets the next call find out at once."""
        self.probing[lease.ref] -= lease.probe
        for about in ("*", lease.model):
            if lease.probe and (lease.ref, about) in self.refused:
                self.refused[lease.ref, about] = -HOUR

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.0, 30.0, 299.0, HOUR]))
    def wait(self, seconds: float) -> None:
        self.clock.pass_time(seconds)

    def teardown(self) -> None:
        """No key starves: after an hour without a fault, two rounds of calls use every key."""
        self.clock.pass_time(2 * HOUR)
        used = set()
        for _ in range(2 * len(self.keys)):
            lease: Lease = run(self.pool.lease("m1", (), self.clock))
            used.add(lease.ref)
            self.clock.pass_time(1)
            self.pool.succeeded(lease)
        assert used == set(self.keys)


KeyPoolModel.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestKeyPool = KeyPoolModel.TestCase
