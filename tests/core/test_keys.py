"""Which key a call uses."""

import asyncio

import pytest
from fakes import FakeClock, source

from lockgate_core.held_key import KeySource
from lockgate_core.keys import KeyPool
from lockgate_ports.errors import SettingsError, UpstreamError
from lockgate_ports.secret import Secret


def fault(kind: str, **more) -> UpstreamError:
    return UpstreamError(f"{kind} fault", kind=kind, upstream_status=400, **more)


class Pool:
    """A pool of keys `k0`, `k1`, ..., with a clock of its own."""

    def __init__(self, *sources: KeySource, count: int = 3) -> None:
        self.clock = FakeClock()
        self.pool = KeyPool("up", sources or [source(f"k{n}") for n in range(count)])

    async def use(self, error: UpstreamError | None = None, model: str = "m") -> str:
        lease = await self.pool.lease(model, (), self.clock)
        if error is None:
            self.pool.succeeded(lease)
        else:
            self.pool.failed(lease, error, self.clock.now())
        return lease.ref

    async def refusal(self, model: str = "m") -> UpstreamError:
        with pytest.raises(UpstreamError) as caught:
            await self.use(model=model)
        assert not caught.value.sent
        return caught.value


async def test_calls_are_spread_evenly_over_good_keys():
    pool = Pool()
    used = [await pool.use() for _ in range(30)]
    assert [used.count(f"k{n}") for n in range(3)] == [10, 10, 10]


@pytest.mark.parametrize("kind", ["auth", "quota"])
async def test_a_refused_key_is_not_used_for_any_model_until_an_hour_is_over_and_then_once(kind):
    pool = Pool()
    assert await pool.use(fault(kind)) == "k0"
    pool.clock.pass_time(3599)
    assert "k0" not in [await pool.use(model=str(n)) for n in range(30)]
    pool.clock.pass_time(1)
    used = [await pool.use(fault(kind) if n == 0 else None) for n in range(30)]
    assert used.count("k0") == 1


async def test_two_calls_at_once_do_not_both_probe_a_refused_key():
    pool = Pool()
    await pool.use(fault("auth"))
    pool.clock.pass_time(3600)
    leases = [await pool.pool.lease("m", (), pool.clock) for _ in range(9)]
    assert [lease.ref for lease in leases].count("k0") == 1


async def test_a_probe_that_is_left_is_made_up_for_by_the_next_call():
    pool = Pool()
    await pool.use(fault("auth"))
    pool.clock.pass_time(3600)
    leases = [await pool.pool.lease("m", (), pool.clock) for _ in range(3)]
    (probe,) = (lease for lease in leases if lease.probe)
    pool.pool.left(probe, pool.clock.now())
    again = [await pool.pool.lease("m", (), pool.clock) for _ in range(3)]
    assert [lease.ref for lease in again if lease.probe] == ["k0"]


async def test_a_missing_permission_counts_for_its_model_alone():
    pool = Pool()
    await pool.use(fault("permission"))
    assert "k0" not in [await pool.use() for _ in range(9)]
    assert "k0" in [await pool.use(model="other") for _ in range(3)]


async def test_a_limited_key_rests_for_its_model_as_long_as_the_provider_says():
    pool = Pool()
    await pool.use(fault("rate_limit", retry_after=30.0))
    pool.clock.pass_time(29.9)
    assert "k0" not in [await pool.use() for _ in range(9)]
    assert "k0" in [await pool.use(model="other") for _ in range(3)]
    pool.clock.pass_time(0.1)
    assert "k0" in [await pool.use() for _ in range(3)]


async def test_when_all_are_limited_the_shortest_wait_is_told():
    pool = Pool()
    for seconds in (20.0, 7.0, 30.0):
        await pool.use(fault("rate_limit", retry_after=seconds))
    pool.clock.pass_time(2)
    error = await pool.refusal()
    assert (error.kind, error.retry_after) == ("rate_limit", 5.0)


async def test_a_limit_of_unknown_length_puts_a_key_behind_the_others_but_not_out_of_use():
    pool = Pool(count=2)
    await pool.use(fault("rate_limit"))
    assert [await pool.use() for _ in range(3)] == ["k1"] * 3
    await pool.use(fault("rate_limit"))
    assert await pool.use() in ("k0", "k1")


async def test_a_key_that_fails_again_and_again_rests_and_comes_back_by_itself():
    pool = Pool(count=2)
    lease = await pool.pool.lease("m", (), pool.clock)
    for _ in range(3):
        pool.pool.failed(lease, fault("transient"), pool.clock.now())
    assert [await pool.use() for _ in range(3)] == ["k1"] * 3
    pool.clock.pass_time(60)
    assert "k0" in [await pool.use() for _ in range(2)]


async def test_the_key_with_the_fewest_recent_failures_is_next():
    pool = Pool(count=2)
    await pool.use(fault("transient"))
    assert [await pool.use() for _ in range(3)] == ["k1"] * 3


async def test_a_success_resets():
    pool = Pool(count=1)
    await pool.use(fault("transient"))
    await pool.use()
    lease = await pool.pool.lease("m", (), pool.clock)
    assert lease.health.stumbles("m", pool.clock.now()) == 0


async def test_a_success_of_a_call_from_before_a_refusal_does_not_lift_it():
    pool = Pool(count=2)
    early = await pool.pool.lease("m", (), pool.clock)
    await pool.use()
    pool.clock.pass_time(1)
    late = await pool.pool.lease("m", (), pool.clock)
    assert early.ref == late.ref
    pool.pool.failed(late, fault("auth"), pool.clock.now())
    pool.pool.succeeded(early)
    assert early.ref not in [await pool.use() for _ in range(4)]


async def test_a_key_alone_is_always_used_whatever_was_said_of_it():
    pool = Pool(count=1)
    for trouble in (fault("auth"), fault("quota"), fault("rate_limit", retry_after=60.0)):
        assert await pool.use(trouble) == "k0"
    assert await pool.use() == "k0"


async def test_refused_keys_are_asked_ever_more_rarely():
    pool, asked = Pool(count=2), 0
    for _ in range(3600):
        try:
            await pool.use(fault("auth"))
            asked += 1
        except UpstreamError:
            pass
        pool.clock.pass_time(1)
    assert 20 <= asked <= 45


async def test_when_all_keys_are_refused_each_is_asked_again_now_and_then():
    pool = Pool()
    for _ in range(3):
        await pool.use(fault("quota"))
    assert "each of 3 keys was refused" in (await pool.refusal()).message
    pool.clock.pass_time(5)
    assert await pool.use() == "k0"
    assert {await pool.use() for _ in range(4)} == {"k0"}, "the one that works carries all"


async def test_another_key_is_worth_a_try_only_after_a_fault_of_the_key():
    pool = Pool(count=2)
    lease = await pool.pool.lease("m", (), pool.clock)

    def another(kind: str) -> bool:
        return pool.pool.another(fault(kind), "m", {lease.key}, pool.clock.now())

    assert [another(kind) for kind in ("auth", "permission", "quota", "rate_limit")] == [True] * 4
    assert [another(kind) for kind in ("transient", "timeout", "invalid_request", "not_found")] == [False] * 4


class Store:
    """A secret store that can be changed and taken down."""

    def __init__(self, value: str) -> None:
        self.value: str | None = value

    async def fetch(self) -> Secret:
        if self.value is None:
            raise SettingsError("the store is down")
        return Secret(self.value, "store:a")


async def test_a_changed_value_is_used_at_once_and_forgets_the_refusal_of_the_old_one():
    store = Store("old")
    pool = Pool(KeySource("store:a", store.fetch), KeySource("store:b", store.fetch))
    await pool.use(fault("auth"))
    await pool.use(fault("auth"))
    await pool.refusal()
    store.value = "new"
    pool.clock.pass_time(1)
    lease = await pool.pool.lease("m", (), pool.clock)
    assert lease.secret is not None
    assert lease.secret.reveal() == "new"


async def test_the_store_is_asked_twice_a_second_at_most():
    asked = []

    async def fetch() -> Secret:
        asked.append(pool.clock.now())
        return Secret("x")

    pool = Pool(KeySource("store:a", fetch))
    for _ in range(100):
        await pool.use()
        pool.clock.pass_time(0.02)
    assert len(asked) == 4


async def test_while_the_store_is_down_the_last_good_key_serves_and_that_is_counted():
    store = Store("good")
    pool = Pool(KeySource("store:a", store.fetch))
    await pool.use()
    store.value = None
    pool.clock.pass_time(0.5)
    for _ in range(3):
        lease = await pool.pool.lease("m", (), pool.clock)
        assert lease.secret is not None
        assert lease.secret.reveal() == "good"
    assert pool.pool.stale == 3
    store.value = "new"
    pool.clock.pass_time(5)
    lease = await pool.pool.lease("m", (), pool.clock)
    assert lease.secret is not None
    assert lease.secret.reveal() == "new"


async def test_a_key_that_no_store_gives_is_passed_over_and_told_when_it_is_the_only_one():
    store = Store("x")
    store.value = None
    pool = Pool(KeySource("store:a", store.fetch), source("k1"))
    assert [await pool.use() for _ in range(3)] == ["k1"] * 3
    store.value = "x"
    pool.clock.pass_time(5)
    assert {await pool.use() for _ in range(4)} == {"store:a", "k1"}
    store.value = None
    alone = Pool(KeySource("store:a", store.fetch))
    error = await alone.refusal()
    assert (error.kind, error.message) == ("auth", "up: the store is down")


async def test_a_store_that_hangs_does_not_hold_a_call_up_for_long():
    async def hang() -> Secret:
        pool.clock.pass_time(100)
        return Secret("x")

    pool = Pool(KeySource("store:a", hang))
    error = await pool.refusal()
    assert "no answer in 3 s" in error.message
    assert pool.clock.time <= 1003


async def test_a_provider_without_a_key_has_a_pool_as_well():
    pool = Pool(KeySource())
    lease = await pool.pool.lease("m", (), pool.clock)
    assert (lease.secret, lease.ref) == (None, "")


@pytest.mark.parametrize("bond", [None, "b0"])
async def test_a_store_that_failed_is_left_alone_for_a_while_where_another_key_can_stand_in(bond: str | None):
    asked = 0

    async def down() -> Secret:
        nonlocal asked
        asked += 1
        raise SettingsError("the store is down")

    pool = Pool(KeySource("store:a", down), source("k1"))
    bonds = [bond] if bond is None else [f"b{n}" for n in range(9)]
    assert {(await pool.pool.lease("m", (), pool.clock, each)).ref for each in bonds} == {"k1"}
    assert asked == 1
    assert [await pool.use() for _ in range(4)] == ["k1"] * 4
    assert asked == 1


async def test_a_key_that_is_refused_while_its_value_is_fetched_is_not_used():
    begun, go = asyncio.Event(), asyncio.Event()
    slow = False

    async def fetch() -> Secret:
        if slow:
            begun.set()
            await go.wait()
        return Secret("a", "store:a")

    pool = Pool(KeySource("store:a", fetch), source("k1"))
    before = await pool.pool.lease("m", (), pool.clock)
    assert (before.ref, await pool.use()) == ("store:a", "k1")
    pool.clock.pass_time(60)
    slow = True
    waiting = asyncio.create_task(pool.pool.lease("m", (), pool.clock))
    await begun.wait()
    pool.pool.failed(before, fault("auth"), pool.clock.now())
    go.set()
    assert (await waiting).ref == "k1"
