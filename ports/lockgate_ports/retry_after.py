"""When a provider wants to be asked again, from the headers of its answer (RFC 9110, 10.2.3)."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after-ms` or `retry-after`; a date counts from the answer's own `date`.

    None where nothing is said, or nothing that could be waited for. Never raises.
    """
    if (milliseconds := seconds_in(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if (seconds := seconds_in(value)) is not None:
        return seconds
    now = headers.get("date")
    if value is None or now is None:
        return None
    try:
        wait = (parsedate_to_datetime(value) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return wait if wait >= 0 else None


def seconds_in(value: str | None) -> float | None:
    """The number that `value` is, unless it is negative or not finite."""
    try:
        number = float(value) if value is not None else -1.0
    except ValueError:
        return None
    return number if number >= 0 and math.isfinite(number) else None
