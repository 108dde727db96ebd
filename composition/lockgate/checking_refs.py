"""Whether every `credential_ref` of a deployment resolves: its stores are asked, and nothing else."""

import asyncio
from collections import defaultdict

from msgspec import Struct

from lockgate.adapters.notebook import Notebook
from lockgate.building import build_egress, build_secrets
from lockgate.loading import Source, load
from lockgate.parts import Parts
from lockgate.settings import Settings
from lockgate.ways import WaysOut
from lockgate_ports.errors import LockgateError
from lockgate_ports.secrets import SecretsPort

_PATIENCE = 10.0


class Outcome(Struct, frozen=True):
    """One reference, what uses it, and why it does not resolve; None when it does. Never a value."""

    ref: str
    used_by: tuple[str, ...]
    error: str | None


async def check_refs(source: Source, environment: str | None, env: dict[str, str]) -> list[Outcome]:
    """Each reference of the settings once, in their order. Raises SettingsError for settings that are at fault."""
    settings, plugins = await asyncio.to_thread(load, source, environment=environment, env=env)
    ways = WaysOut(settings, build_egress(settings, plugins, env), env, Notebook())
    parts = Parts()
    try:
        store = build_secrets(settings, plugins, ways, env, parts)
        used = _used(settings)
        errors = await asyncio.gather(*(_error(store, ref) for ref in used))
        return [Outcome(ref, tuple(by), error) for (ref, by), error in zip(used.items(), errors, strict=True)]
    finally:
        await parts.aclose()


async def _error(store: SecretsPort, ref: str) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await store.fetch(ref)
    except LockgateError as error:
        return error.message
    except TimeoutError:
        return f"{ref}: the store gave no answer in {_PATIENCE:g} s"
    return None


def _used(settings: Settings) -> dict[str, list[str]]:
    used: dict[str, list[str]] = defaultdict(list)
    for ref in settings.server.client_credential_refs:
        used[ref].append("server.client_credential_refs")
    for provider_id, row in settings.providers.items():
        for ref in row.keys:
            used[ref].append(f"providers.{provider_id}")
    return used
