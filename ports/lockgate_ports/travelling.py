"""Which of a client's header fields go on to a provider of its own language, and which of the provider's come back."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from lockgate_ports.http import Headers
from lockgate_ports.secret import Secret

_SDK = ("x-stainless-",)
_SHOWN = ("user-agent", "x-client-request-id", "accept")
_ANYTHING = ("accept", "*/*")
"""Says no more than nothing: what suits the request stands in its place."""
_KEPT_BACK = ("key", "token", "auth", "cookie", "secret", "account", "user-project", "forwarded")
"""Words in names that prefixes may catch: what shows who somebody is stays here, whatever it is called."""
_KEPT_FROM_CLIENTS = (*_KEPT_BACK, "organization", "workspace", "project")
"""The same of answers, which name whose key it was."""
_COUNTED = "tokens"
"""No token that opens anything."""


class Travelling:
    """The fields `names`, those that begin with one of `prefixes`, and what SDKs tell of themselves. A dialect names
    what means something to its providers: never keys, cookies, or what names an account."""

    def __init__(self, names: tuple[str, ...], prefixes: tuple[str, ...] = ()) -> None:
        self._travels = _listed((*names, *_SHOWN), (*prefixes, *_SDK), _KEPT_BACK)

    def of(self, headers: Mapping[str, str]) -> Headers:
        """Those of `headers`; a value that is not printable ASCII stays here, and an `accept` of anything."""
        travels = self._travels
        return tuple(
            [
                field
                for field in headers.items()
                if travels(field[0]) and field[1].isascii() and field[1].isprintable() and field != _ANYTHING
            ]
        )


class Returning:
    """The same of an answer. A dialect names what its clients read: limits, models, times; never what names an account,
    and nothing of the connection or of the body's form, which are the gateway's own."""

    def __init__(self, names: tuple[str, ...], prefixes: tuple[str, ...] = ()) -> None:
        self._returns = _listed(names, prefixes, _KEPT_FROM_CLIENTS)

    def of(self, headers: Mapping[str, str], shown: Sequence[Secret]) -> Headers:
        """Those of `headers`, names in lower case; a value that is not printable ASCII stays here, and one that holds a
        secret that the call has `shown`."""
        returns = self._returns
        fields = tuple(
            [
                (name.lower(), value)
                for name, value in headers.items()
                if returns(name) and value.isascii() and value.isprintable()
            ]
        )
        if fields:
            for secret in shown:
                if word := secret.reveal():
                    fields = tuple([field for field in fields if word not in field[1]])
        return fields


def _listed(names: Sequence[str], prefixes: tuple[str, ...], kept_back: Sequence[str]) -> Callable[[str], bool]:
    exactly = frozenset(names)

    # The same names come all the time; the bound is for those that do not.
    @lru_cache(maxsize=512)
    def listed(name: str) -> bool:
        name = name.lower()
        if name in exactly:
            return True
        return name.startswith(prefixes) and not any(word in name.replace(_COUNTED, "") for word in kept_back)

    return listed
