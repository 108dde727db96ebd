"""Limits in memory: against a plain model, and with many calls at once."""

import asyncio
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate_ports.limits import Claim, Limit
from lockgate_ports.memory_limits import MemoryLimits, window_end

LIMITS = (
    Limit("a", "requests", 3, 60),
    Limit("a", "tokens", 100, 60),
    Limit("a", "in_flight", 2, None),
    Limit("b", "micro_usd", 1000, "day"),
    Limit("b", "requests", 2, 60, shadow=True),
)
AMOUNTS = st.integers(0, 60)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.sets(st.sampled_from(range(len(LIMITS))), min_size=1), AMOUNTS),
        st.tuples(st.just("settle"), st.integers(0, 20), AMOUNTS),
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 60, 90_000]), st.just(0)),
    ),
    max_size=40,
)


@given(ACTS)
def test_it_does_what_a_plain_list_of_claims_says(acts):
    now = [1_000_000.0]
    limits = MemoryLimits(lambda: now[0])
    ends: dict[Limit, float] = {}
    entries: list[list] = []  # [limit, window end or None, amount]
    grants = []

    def used(limit: Limit) -> int:
        end = ends.get(limit)
        if end is not None and now[0] >= end:
            del ends[limit]
            end = None
        if limit.window is not None and end is None:
            return 0
        return sum(amount for of, ended, amount in entries if of == limit and ended == end)

    for act, what, amount in acts:
        if act == "wait":
            now[0] += what
        elif act == "claim":
            claims = [Claim(LIMITS[at], amount) for at in sorted(what)]
            grant = asyncio.run(limits.claim(claims))
            over = [claim.limit for claim in claims if used(claim.limit) + amount > claim.limit.amount]
            enforced = [limit for limit in over if not limit.shadow]
            assert (grant.refused.limit if grant.refused else None) == (enforced[0] if enforced else None)
            if enforced:
                continue
            assert list(grant.exceeded) == over
            mine = []
            for claim in claims:
                if claim.limit.window is not None and claim.limit not in ends:
                    ends[claim.limit] = window_end(claim.limit.window, now[0])
                mine.append([claim.limit, ends.get(claim.limit), amount])
            entries += mine
            grants.append((grant, mine))
            for standing in grant.standings:
                assert standing.remaining == max(0, standing.limit.amount - used(standing.limit))
                if standing.limit.window is not None:
                    assert standing.resets_in == ends[standing.limit] - now[0]
        elif grants:
            grant, mine = grants.pop(what % len(grants))
            limits.settle(grant, [amount] * len(mine))
            for entry in mine:
                entry[2] = amount


async def test_all_claims_of_a_call_are_granted_or_none_is():
    limits = MemoryLimits(lambda: 0.0)
    few, many = Limit("a", "requests", 10, 60), Limit("b", "requests", 1, 60)
    assert (await limits.claim([Claim(few, 1), Claim(many, 1)])).refused is None
    refused = (await limits.claim([Claim(few, 1), Claim(many, 1)])).refused
    assert refused is not None
    assert (refused.limit, refused.remaining, refused.resets_in) == (many, 0, 60.0)
    assert (await limits.claim([Claim(few, 9)])).refused is None, "the refused call took nothing"


async def test_what_is_settled_after_its_window_does_not_count_in_the_next():
    now = [0.0]
    limits = MemoryLimits(lambda: now[0])
    limit = Limit("a", "tokens", 100, 60)
    late = await limits.claim([Claim(limit, 80)])
    now[0] = 61.0
    assert (await limits.claim([Claim(limit, 90)])).refused is None
    limits.settle(late, [0])
    assert (await limits.claim([Claim(limit, 20)])).refused is not None


@pytest.mark.parametrize("seed", range(5))
async def test_calls_at_once_never_use_more_than_the_limit_and_one_estimate(seed: int):
    """Real use comes to at most the estimate, but for one call in ten, which uses up to twice that."""
    luck = random.Random(seed)
    limits = MemoryLimits(lambda: 0.0)
    limit = Limit("a", "tokens", 10_000, 60)
    most, over, used = 0, 0, 0

    async def call() -> None:
        nonlocal most, over, used
        estimate = luck.randint(50, 400)
        grant = await limits.claim([Claim(limit, estimate)])
        if grant.refused:
            return
        await asyncio.sleep(0)
        really = luck.randint(0, estimate * 2) if luck.random() < 0.1 else luck.randint(0, estimate)
        over += max(0, really - estimate)
        used += really
        most = max(most, used)
        limits.settle(grant, [really])

    for _ in range(40):
        await asyncio.gather(*(call() for _ in range(25)))
    assert most <= 10_000 + over
    assert most >= 10_000 - 800, "what was given back is used"


@pytest.mark.parametrize(
    ("window", "end"),
    [
        ("day", datetime(2028, 2, 29, tzinfo=UTC)),
        ("month", datetime(2028, 3, 1, tzinfo=UTC)),
        (60, datetime(2028, 2, 28, 12, 1, tzinfo=UTC)),
    ],
)
def test_days_and_months_are_those_of_the_calendar(window: int | str, end: datetime):
    assert window_end(window, datetime(2028, 2, 28, 12, tzinfo=UTC).timestamp()) == end.timestamp()


async def test_callers_who_are_gone_take_no_memory():
    now = [0.0]
    limits = MemoryLimits(lambda: now[0])
    for number in range(10_000):
        now[0] += 1.0
        await limits.claim([Claim(Limit(f"user:{number}", "requests", 1, 60), 1)])
    assert len(limits._counters) < 5_000
