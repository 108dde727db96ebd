"""Health checks by interval, for as long as a gateway is open."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from lockgate.settings import ProviderRow, Settings, split_target
from lockgate_core.clock import Clock
from lockgate_core.health_check import watch
from lockgate_core.provider import Provider

_log = logging.getLogger("lockgate.targets")


@asynccontextmanager
async def watched(settings: Settings, providers: Mapping[str, Provider], clock: Clock) -> AsyncGenerator[None, None]:
    """Watches the providers whose rows ask for it, in the background."""
    tasks: list[asyncio.Task[None]] = []
    for provider_id, row in settings.providers.items():
        if row.health_check is not None and row.status != "disabled":
            models = row.health_check.models or _named(provider_id, settings)
            tasks.append(asyncio.create_task(_watch(providers[provider_id], row, models, clock)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(provider: Provider, row: ProviderRow, models: tuple[str, ...], clock: Clock) -> None:
    assert row.health_check is not None  # noqa: S101  only those are watched that have one
    try:
        await watch(provider, models, row.health_check.interval, clock, random.random)
    except Exception as error:  # noqa: BLE001  a plugin may raise anything, and its words may tell a key
        _log.error("%s: health checks stopped by %s", provider.provider_id, type(error).__name__)


def _named(provider_id: str, settings: Settings) -> tuple[str, ...]:
    targets = [split_target(name) for route in settings.routes.values() for name in route.names if "{" not in name]
    return tuple(dict.fromkeys(model for owner, model in targets if owner == provider_id))
