"""What is seen of a deployment, thing by thing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from msgspec import Struct

from lockgate_ports.errors import LockgateError, Unsupported

_PATIENCE = 30.0

Area = Literal["plugin", "key", "issuer", "provider", "route", "profile", "fallbacks", "store"]
Tell = Callable[[str], None]
"""Told what is looked at next."""


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was looked at. `ok` None: it could not be tried, and `detail` says why."""

    area: Area
    name: str
    ok: bool | None
    detail: str
    seconds: float | None = None


class Report(Struct, frozen=True):
    """All of it. `ok`: nothing is at fault."""

    ok: bool
    findings: tuple[Finding, ...]


class AtFault(LockgateError):
    """It answered, and something is wrong with it all the same."""


async def tried(area: Area, name: str, look: Callable[[], Awaitable[str]]) -> Finding:
    """What became of looking. Raises Unsupported."""
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        async with asyncio.timeout(_PATIENCE):
            detail, ok = await look(), True
    except Unsupported:
        raise
    except LockgateError as error:
        detail, ok = error.message, False
    except TimeoutError:
        detail, ok = f"no answer within {_PATIENCE:g} s", False
    return Finding(area=area, name=name, ok=ok, detail=detail, seconds=round(clock() - began, 3))
