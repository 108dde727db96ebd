"""Whether every `credential_ref` of a deployment resolves: its stores are asked, and nothing else."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct, inspect

from lockgate.adapters.notebook import Notebook
from lockgate.building import build_egress, build_secrets
from lockgate.loading import Source, load
from lockgate.parts import Parts
from lockgate.settings import Settings
from lockgate.ways import WaysOut
from lockgate_ports.errors import LockgateError
from lockgate_ports.secrets import CREDENTIAL_REF, SecretsPort

_PATIENCE = 10.0
_OWN = ("credential_ref", "credential_refs")
_WITHIN = ("settings", "kind_settings")
"""Fields whose own fields stand beside them in the file."""


class Outcome(Struct, frozen=True):
    """One reference, what uses it, and why it does not resolve; None when it does. Never a value."""

    ref: str
    used_by: tuple[str, ...]
    error: str | None


async def check_refs(source: Source, environment: str | None, env: dict[str, str]) -> list[Outcome]:
    """Each reference of the settings once, in their order. Raises SettingsError for settings that are at fault."""
    settings, plugins = await asyncio.to_thread(load, source, environment=environment, env=env)
    used = used_refs(settings)
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


def used_refs(settings: Settings) -> dict[str, list[str]]:
    """Every reference in the settings, and where it stands: `providers.openai`, `server.client_credential_refs`."""
    used: dict[str, list[str]] = defaultdict(list)
    for ref, path in _refs(settings, ()):
        where = ".".join(path[:-1] if path[-1] in _OWN and len(path) > 1 else path)
        if where not in used[ref]:
            used[ref].append(where)
    return used


def _refs(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """By the types of the fields, those of kinds included."""
    if isinstance(value, Struct):
        for field in cast(inspect.StructType, inspect.type_info(type(value))).fields:
            inner = getattr(value, field.name)
            here = path if field.name in _WITHIN else (*path, field.name)
            if _is_ref(field.type):
                refs: tuple[str, ...] = (inner,) if isinstance(inner, str) else tuple(inner or ())
                yield from ((ref, here) for ref in refs)
            else:
                yield from _refs(inner, here)
    elif isinstance(value, Mapping):
        for name, inner in cast(Mapping[str, object], value).items():
            yield from _refs(inner, (*path, str(name)))
    elif isinstance(value, tuple | list):
        for place, inner in enumerate(cast(Sequence[object], value)):
            yield from _refs(inner, (*path, str(place)))


def _is_ref(kind: inspect.Type) -> bool:
    match kind:
        case inspect.Metadata():
            extra = cast(dict[str, object], kind.extra or {})  # pyright: ignore[reportUnknownMemberType]
            return CREDENTIAL_REF in extra or _is_ref(kind.type)
        case inspect.UnionType():
            return any(map(_is_ref, kind.types))
        case inspect.VarTupleType() | inspect.ListType():
            return _is_ref(kind.item_type)
        case _:
            return False
