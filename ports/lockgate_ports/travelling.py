"""Which of a client's header fields go on to a provider of its own language."""

from collections.abc import Mapping
from functools import lru_cache

from lockgate_ports.http import Headers

_SDK = ("x-stainless-",)
_SHOWN = ("user-agent", "x-client-request-id")
_KEPT_BACK = ("key", "token", "auth", "cookie", "secret", "account", "user-project", "forwarded")
"""Words in names that prefixes may catch: what shows who somebody is stays here, whatever it is called."""


class Travelling:
    """The fields `names`, those that begin with one of `prefixes`, and what SDKs tell of themselves. A dialect names
    what means something to its providers: never keys, cookies, or what names an account."""

    def __init__(self, names: tuple[str, ...], prefixes: tuple[str, ...] = ()) -> None:
        listed, begins = frozenset((*names, *_SHOWN)), (*prefixes, *_SDK)

        # Clients send the same names all the time; the bound is for those that do not.
        @lru_cache(maxsize=512)
        def travels(name: str) -> bool:
            return name in listed or (name.startswith(begins) and not any(word in name for word in _KEPT_BACK))

        self._travels = travels

    def of(self, headers: Mapping[str, str]) -> Headers:
        """Those of `headers`; a value that is not printable ASCII stays here."""
        travels = self._travels
        return tuple(
            [field for field in headers.items() if travels(field[0]) and field[1].isascii() and field[1].isprintable()]
        )
