"""The header by which clients say on whose behalf they call, where settings believe it."""

import re
from collections.abc import Mapping

from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.errors import InvalidRequest

_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z0-9._-]{0,63})\s*=\s*([^\s=,;][^=,;]{0,199}?)\s*")
_MOST = 32
_TENANT = "tenant"


class LabelHeader:
    """`name` is the header's; None: no header is believed."""

    def __init__(self, name: str | None) -> None:
        self._name = None if name is None else name.lower()

    def read(self, headers: Mapping[str, str]) -> Caller:
        """`tenant=acme, residency=eu` as a Caller. Raises InvalidRequest for what cannot be read."""
        text = "" if self._name is None else headers.get(self._name, "")
        if not text.strip():
            return NOBODY
        labels: dict[str, str] = {}
        for piece in text.split(","):
            pair = _PAIR.fullmatch(piece)
            if pair is None or pair[1].lower() in labels or len(labels) == _MOST:
                raise InvalidRequest(
                    f"the header {self._name} must be name=value pairs with a comma between, each name once, "
                    f"{_MOST} at most",
                    param=self._name,
                )
            labels[pair[1].lower()] = pair[2]
        return Caller(tenant=labels.pop(_TENANT, None), labels=tuple(labels.items()))
