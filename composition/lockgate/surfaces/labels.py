"""The header by which clients say on whose behalf they call, where settings believe it."""

import re
from collections.abc import Mapping

from msgspec import structs

from lockgate_ports.caller import Caller
from lockgate_ports.errors import InvalidRequest

_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z0-9._-]{0,63})\s*=\s*([^\s=,;][^=,;]{0,199}?)\s*")
_MOST = 32
_TENANT = "tenant"


class LabelHeader:
    """`name` is the header's; None: no header is believed."""

    def __init__(self, name: str | None) -> None:
        self.name = None if name is None else name.lower()
        """In lower case."""

    def read(self, headers: Mapping[str, str], caller: Caller) -> Caller:
        """`caller` with what the header says besides: `tenant=acme, residency=eu`. What the caller's key says stands.

        Raises InvalidRequest for what cannot be read."""
        text = "" if self.name is None else headers.get(self.name, "")
        if not text.strip():
            return caller
        labels: dict[str, str] = {}
        for piece in text.split(","):
            pair = _PAIR.fullmatch(piece)
            if pair is None or pair[1].lower() in labels or len(labels) == _MOST:
                raise InvalidRequest(
                    f"the header {self.name} must be name=value pairs with a comma between, each name once, "
                    f"{_MOST} at most",
                    param=self.name,
                )
            labels[pair[1].lower()] = pair[2]
        tenant = labels.pop(_TENANT, None)
        labels |= dict(caller.labels)
        return structs.replace(caller, tenant=caller.tenant or tenant, labels=tuple(labels.items()))
