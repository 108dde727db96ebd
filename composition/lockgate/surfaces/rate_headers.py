"""Where a caller stands, in the header fields that the SDKs and clients of OpenAI read (API reference, Rate limits)."""

import math
from collections.abc import Iterable

from lockgate_ports.http import Headers
from lockgate_ports.limits import LimitUnit, Standing

RATES = "x-ratelimit-"
_NAMES: dict[LimitUnit, str] = {"requests": "requests", "tokens": "tokens"}


def rate_headers(standings: Iterable[Standing]) -> Headers:
    """`x-ratelimit-limit-requests`, `-remaining-requests`, `-reset-requests` and the same of tokens: of the limit of
    which the least is left. Those of money and of calls at a time, and those in shadow mode, are not told."""
    nearest: dict[str, Standing] = {}
    for standing in standings:
        name = _NAMES.get(standing.limit.unit)
        if name is None or standing.limit.shadow:
            continue
        if name not in nearest or standing.remaining < nearest[name].remaining:
            nearest[name] = standing
    headers: list[tuple[str, str]] = []
    for name, standing in nearest.items():
        headers.append((f"{RATES}limit-{name}", str(standing.limit.amount)))
        headers.append((f"{RATES}remaining-{name}", str(standing.remaining)))
        if standing.resets_in is not None:
            headers.append((f"{RATES}reset-{name}", f"{math.ceil(standing.resets_in * 1000) / 1000:g}s"))
    return tuple(headers)
