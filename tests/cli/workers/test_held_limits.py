"""Limits that the supervisor counts: exact over all workers, and given back when one dies."""

import asyncio
import socket
from collections.abc import Awaitable

import pytest

from lockgate.cli.workers.channel import Channel, Gone
from lockgate.cli.workers.held_limits import HeldLimits
from lockgate.cli.workers.messages import Count, Settle, Show, What, encode
from lockgate.cli.workers.shared_limits import SharedLimits
from lockgate.settings.faults import Fault, SettingsFaults
from lockgate_ports.errors import LimitsFailed
from lockgate_ports.limits import Claim, Limit

CALLS = Limit("all", "requests", 3, 60)
AT_A_TIME = Limit("all", "in_flight", 2, None)
FAULT = Fault(code="bad-value", file="a.yaml", line=3, column=1, path="x", message="m", hint="h")
ONE = (Claim(CALLS, 1), Claim(AT_A_TIME, 1))


def test_what_a_dead_worker_held_is_given_back_but_not_what_it_asked_for():
    limits = HeldLimits()
    for holder in (0, 1):
        assert limits.claim(holder, Count(ONE)).refused is None
    refused = limits.claim(0, Count(ONE)).refused
    assert refused is not None
    assert refused.limit == AT_A_TIME
    limits.bury(1)
    grant = limits.claim(0, Count(ONE))
    assert grant.refused is None
    limits.settle(1, Settle(grant.window_ids[0], (1, 0)))
    assert limits.claim(0, Count((Claim(AT_A_TIME, 1),))).refused is not None, "it was another's"
    limits.settle(0, Settle(grant.window_ids[0], (1, 0)))
    assert limits.claim(0, Count((Claim(AT_A_TIME, 1),))).refused is None
    refused = limits.claim(0, Count((Claim(CALLS, 1),))).refused
    assert refused is not None
    assert refused.limit == CALLS


class Ends:
    """Both ends of a channel; the far one counts, and answers when it may."""

    def __init__(self) -> None:
        self.limits = HeldLimits()
        self.may = asyncio.Event()
        self.may.set()

    async def open(self) -> Channel:
        ours, theirs = socket.socketpair()
        self.near = await Channel.over(ours, lambda what: b"")
        self.far = await Channel.over(theirs, self.serve)
        return self.near

    def serve(self, what: What) -> bytes | Awaitable[bytes]:
        if isinstance(what, Settle):
            self.limits.settle(0, what)
            return b""
        return self.counted(what)

    async def counted(self, what: What) -> bytes:
        await self.may.wait()
        if isinstance(what, Count):
            return encode(self.limits.claim(0, what))
        raise SettingsFaults([FAULT])

    async def hang_up(self) -> None:
        self.far.close()
        await self.near.closed()


async def test_workers_claim_and_settle_over_their_channel_and_a_cancelled_call_keeps_nothing():
    ends = Ends()
    limits = SharedLimits(await ends.open())
    grants = await asyncio.gather(*(limits.claim(ONE) for _ in range(3)))
    assert sorted(grant.refused is None for grant in grants) == [False, True, True]
    taken = [grant for grant in grants if grant.refused is None]
    limits.settle(taken[0], (1, 0))

    ends.may.clear()
    leaving = asyncio.create_task(limits.claim(ONE))
    await asyncio.sleep(0.01)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    ends.may.set()
    async with asyncio.timeout(5):
        while (await limits.claim(ONE)).refused is not None:  # until the one that left has given back what it took
            await asyncio.sleep(0.01)

    await ends.hang_up()
    with pytest.raises(LimitsFailed):
        await limits.claim(ONE)


async def test_a_refusal_comes_over_with_all_its_faults_and_who_waits_for_the_dead_is_told():
    ends = Ends()
    channel = await ends.open()
    with pytest.raises(SettingsFaults) as refused:
        await channel.ask(Show("health"), bytes)
    assert tuple(refused.value.faults) == (FAULT,)
    ends.may.clear()
    waiting = asyncio.create_task(channel.ask(Show("health"), bytes))
    await asyncio.sleep(0.01)
    await ends.hang_up()
    with pytest.raises(Gone):
        await waiting
