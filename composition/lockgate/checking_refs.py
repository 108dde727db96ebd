"""Whether every `credential_ref` of a deployment resolves: its stores are asked, and nothing else."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from lockgate.adapters.notebook import Notebook
from lockgate.building import build_egress, build_secrets
from lockgate.loading import Source, load
from lockgate.parts import Parts
from lockgate.plugins import Plugins
from lockgate.settings import Settings
from lockgate.ways import WaysOut
from lockgate_ports.errors import LockgateError
from lockgate_ports.secrets import SecretsPort

_PATIENCE = 10.0
_HERE = ("env", "file")


class Outcome(Struct, frozen=True):
    """One reference, what uses it, and why it does not resolve; None when it does. Never a value."""

    ref: str
    used_by: tuple[str, ...]
    error: str | None


async def check_refs(source: Source, environment: str | None, env: dict[str, str]) -> list[Outcome]:
    """Each reference of the settings once, in their order. Raises SettingsError for settings that are at fault."""
    settings, plugins = await asyncio.to_thread(load, source, environment=environment, env=env)
    return await _asked(settings, plugins, env, _used(settings))


async def missing_here(settings: Settings, plugins: Plugins, env: dict[str, str]) -> list[Outcome]:
    """The references to this process's environment and to files that do not resolve, of whatever is not disabled. Asks
    nobody elsewhere."""
    stores = {scheme: chosen for scheme, chosen in settings.secrets.items() if scheme in _HERE}
    rows = {name: row for name, row in settings.providers.items() if row.status != "disabled"}
    settings = structs.replace(settings, secrets=stores, providers=rows)
    used = {ref: by for ref, by in _used(settings).items() if ref.partition(":")[0] in stores}
    return [each for each in await _asked(settings, plugins, env, used) if each.error is not None]


async def _asked(
    settings: Settings, plugins: Plugins, env: dict[str, str], used: Mapping[str, Sequence[str]]
) -> list[Outcome]:
    ways = WaysOut(settings, build_egress(settings, plugins, env), env, Notebook())
    parts = Parts()
    try:
        store = build_secrets(settings, plugins, ways, env, parts)
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
