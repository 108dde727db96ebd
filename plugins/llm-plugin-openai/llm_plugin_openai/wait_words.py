"""How long an error's own words ask to wait, for servers that name no `retry-after` header."""

import re

_WAIT = re.compile(
    r"(?:try again|retry|wait|reset\w*)\s+(?:in|after|for)\s+(?:about\s+)?"
    r"(?:(?P<h>\d+)\s*h(?:ours?)?\s*)?(?:(?P<m>\d+)\s*m(?!s|illi)(?:in(?:ute)?s?)?\s*)?"
    r"(?:(?P<n>\d+(?:\.\d+)?)\s*(?P<unit>ms|milliseconds?|s|sec(?:ond)?s?)\b)?",
    re.I,
)


def wait_in(message: str) -> float | None:
    """Seconds: `Please try again in 1m2.5s`, `retry after 20 seconds`; None where nothing of the kind is said."""
    for found in _WAIT.finditer(message):
        hours, minutes, number, unit = found.group("h", "m", "n", "unit")
        if hours or minutes or number:
            rest = float(number or 0) / (1000 if (unit or "").lower().startswith("m") else 1)
            return int(hours or 0) * 3600 + int(minutes or 0) * 60 + rest
    return None
