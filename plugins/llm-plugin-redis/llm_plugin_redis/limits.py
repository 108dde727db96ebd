"""LimitsPort in Redis: one round trip and one atomic script a call, by the server's clock."""

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import structs
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from llm_plugin_redis.kind import RedisSettings
from llm_plugin_redis.scripts import CLAIM, SETTLE
from lockgate_ports.errors import LimitsFailed, SettingsError
from lockgate_ports.limits import Claim, Grant, Limit, Standing
from lockgate_ports.memory_limits import MemoryLimits
from lockgate_ports.store_health import StoreHealth

_log = logging.getLogger("lockgate.limits.redis")
_CONNECTIONS = 32
_ASK_AGAIN = 1.0
"""Seconds for which a Redis that is away is not asked."""
_LAST_WORDS = 5.0
"""Seconds that settling may take in the end."""


class RedisLimits:
    """Counts for every gateway with the same Redis and prefix. `url` tells where it is."""

    def __init__(self, settings: RedisSettings, url: Callable[[], Awaitable[str]]) -> None:
        self._settings = settings
        self._url = url
        self._redis: Redis | None = None
        self._claim: Any = None
        self._settle: Any = None
        self._away_until = 0.0
        self._local = MemoryLimits(time.time)
        self._under_way: set[asyncio.Task[Any]] = set()

    async def claim(self, claims: Sequence[Claim]) -> Grant:
        """Take all, or none. Raises LimitsFailed while Redis is away and settings say that nobody counts for it."""
        if time.monotonic() < self._away_until:
            return await self._without(claims)
        asking = asyncio.ensure_future(self._ask(claims))
        self._keep(asking)
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            # The script may run all the same: what it takes must be given back.
            asking.add_done_callback(self._give_back)
            raise
        except (RedisError, OSError, TimeoutError) as error:
            if time.monotonic() >= self._away_until:
                _log.error("redis is away (%s); limits: %s", type(error).__name__, self._settings.away)
            self._away_until = time.monotonic() + _ASK_AGAIN
            return await self._without(claims)

    def settle(self, grant: Grant, used: Sequence[int]) -> None:
        """Behind the call. What does not reach Redis counts as the estimate until its window ends."""
        if not grant.claims:
            return
        if grant.window_ids[0] == _LOCAL:
            local = structs.replace(
                grant,
                claims=tuple(self._scaled(claim) for claim in grant.claims),
                window_ids=grant.window_ids[1:],
            )
            self._local.settle(local, used)
            return
        self._keep(asyncio.ensure_future(self._tell(grant, used)))

    async def health(self) -> StoreHealth:
        """Its version and its clock, and whether it may forget counters. Raises LimitsFailed when it is away."""
        try:
            async with asyncio.timeout(max(_LAST_WORDS, self._settings.timeout)):
                await self._open()
                assert self._redis is not None  # noqa: S101  it was opened just now
                asked = time.time()
                seconds, micros = await self._redis.time()  # pyright: ignore[reportUnknownMemberType]
                here = (asked + time.time()) / 2
                told: dict[str, Any] = await self._redis.info()  # pyright: ignore[reportUnknownMemberType]
        except (RedisError, OSError, TimeoutError) as error:
            raise LimitsFailed(
                f"redis is away ({type(error).__name__}); calls then go: {self._settings.away}"
            ) from None
        policy = str(told.get("maxmemory_policy", "noeviction"))
        faults: list[str] = []
        if told.get("maxmemory") and policy != "noeviction":
            faults.append(f"it forgets counters when its memory is full: set maxmemory-policy noeviction, not {policy}")
        if told.get("role") in ("slave", "replica"):
            faults.append("it is a replica, which counts nothing: name the primary")
        skew = int(seconds) + int(micros) / 1_000_000 - here
        return StoreHealth(says=f"Redis {told.get('redis_version', '?')}", clock_skew=skew, faults=tuple(faults))

    async def aclose(self) -> None:
        """Tells what is left to tell, and hangs up."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_LAST_WORDS)
        if self._redis is not None:
            await self._redis.aclose()
            await self._redis.connection_pool.disconnect()

    async def _ask(self, claims: Sequence[Claim]) -> Grant:
        call = secrets.token_hex(8)
        told: list[Any] = [call, self._settings.lease * 1000]
        for claim in claims:
            limit = claim.limit
            told += ["" if limit.window is None else limit.window, claim.amount, limit.amount, int(limit.shadow)]
        async with asyncio.timeout(self._settings.timeout):
            await self._open()
            keys = [self._key(claim.limit) for claim in claims]
            answer: tuple[int, int, Any, bytes, list[int]] = await self._claim(keys=keys, args=told)
        refused, now, counts, end, over = answer
        exceeded = tuple(claims[at - 1].limit for at in over)
        if refused:
            standing = _standing(claims[refused - 1].limit, int(counts), int(end), now)
            return Grant((), (standing,), standing, exceeded)
        standings = [
            _standing(claim.limit, int(used), int(until), now)
            for claim, (used, until) in zip(claims, counts, strict=True)
        ]
        ids = (call, *(until.decode() for _, until in counts))
        return Grant(tuple(claims), tuple(standings), None, exceeded, ids)

    async def _tell(self, grant: Grant, used: Sequence[int]) -> None:
        call, *ends = grant.window_ids
        told: list[Any] = [call]
        for claim, end, really in zip(grant.claims, ends, used, strict=True):
            told += [end, really - claim.amount]
        try:
            async with asyncio.timeout(max(_LAST_WORDS, self._settings.timeout)):
                await self._settle(keys=[self._key(claim.limit) for claim in grant.claims], args=told)
        except (RedisError, OSError, TimeoutError) as error:
            _log.error("what a call used did not reach redis (%s): its estimate counts", type(error).__name__)

    async def _open(self) -> None:
        if self._redis is not None:
            return
        url = await self._url()
        try:
            pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
                url, max_connections=_CONNECTIONS, timeout=self._settings.timeout, socket_connect_timeout=2.0
            )
        except ValueError:
            # Its words may hold the password.
            raise SettingsError(
                "limits.credential_ref: what stands there is no URL of a Redis: redis://:PASSWORD@host:6379/0"
            ) from None
        self._redis = Redis(connection_pool=pool)
        self._claim = self._redis.register_script(CLAIM)
        self._settle = self._redis.register_script(SETTLE)

    async def _without(self, claims: Sequence[Claim]) -> Grant:
        if self._settings.away == "refuse":
            raise LimitsFailed("limits cannot be counted just now; try again in a moment")
        grant = await self._local.claim([self._scaled(claim) for claim in claims])
        taken = tuple(claims) if grant.claims else ()
        return structs.replace(grant, claims=taken, window_ids=(_LOCAL, *grant.window_ids))

    def _scaled(self, claim: Claim) -> Claim:
        share = max(1, math.floor(claim.limit.amount * self._settings.local_share))
        return structs.replace(claim, limit=structs.replace(claim.limit, amount=share))

    def _give_back(self, asked: "asyncio.Task[Grant]") -> None:
        if not asked.cancelled() and asked.exception() is None:
            grant = asked.result()
            self.settle(grant, [0] * len(grant.claims))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _key(self, limit: Limit) -> str:
        # One part in braces: a cluster keeps all of them in one place, as one script needs.
        shadow = ":shadow" if limit.shadow else ""
        return f"{{{self._settings.prefix}}}:{limit.unit}:{limit.window or ''}{shadow}:{limit.scope}"


_LOCAL = "local"
"""In place of a call's own name: it was counted here."""


def _standing(limit: Limit, used: int, end: int, now: int) -> Standing:
    return Standing(limit, max(0, limit.amount - used), (end - now) / 1000 if end else None)
