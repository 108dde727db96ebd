"""Which of a client's header fields go on to a provider of its own language, and which of the provider's come back."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from lockgate_ports.http import Headers
from lockgate_ports.secret import Secret

_SDK = ("x-stainless-",)
_SHOWN = ("user-agent", "x-client-request-id", "accept")
_ANYTHING = "*/*"
"""As an `accept` it says no more than nothing: what suits the request stands in its place."""
_KEPT_BACK = re.compile("key|token|auth|cookie|secret|account|user-project|forwarded")
"""Words in names that prefixes may catch: what shows who somebody is stays here, whatever it is called."""
_KEPT_FROM_CLIENTS = re.compile("key|token(?!s)|auth|cookie|secret|account|forwarded|organization|workspace|project")
"""The same of answers, which name whose key it was, and count tokens."""
_KEPT, _SHORT = 1000, 256
"""Values that are remembered, and how long one may be."""


class Travelling:
    """The fields `names`, those that begin with one of `prefixes`, and what SDKs tell of themselves. A dialect names
    what means something to its providers: never keys, cookies, or what names an account."""

    def __init__(self, names: tuple[str, ...], prefixes: tuple[str, ...] = ()) -> None:
        self._listed = _listing((*names, *_SHOWN), (*prefixes, *_SDK), _KEPT_BACK)
        self._plain: set[str] = set()

    def of(self, headers: Mapping[str, str]) -> Headers:
        """Those of `headers`; a value that is not printable ASCII stays here, and an `accept` of anything."""
        plain = self._plain
        given: list[tuple[str, str]] = []
        for name in self._listed(tuple(headers)):
            value = headers[name]
            if value in plain or (value != _ANYTHING and self._is_plain(value)):
                given.append((name, value))
        return tuple(given)

    def _is_plain(self, value: str) -> bool:
        """SDKs tell the same of themselves with each call: what was looked at once need not be again."""
        if not (value.isascii() and value.isprintable()):
            return False
        if len(value) <= _SHORT:
            if len(self._plain) >= _KEPT:
                self._plain.clear()
            self._plain.add(value)
        return True


class Returning:
    """The same of an answer: the fields `names`, and those that begin with one of `prefixes`. A dialect names what its
    clients read (limits, models, times): never what names an account, and nothing of the connection or of the body's
    form, which are the gateway's own."""

    def __init__(self, names: tuple[str, ...], prefixes: tuple[str, ...] = ()) -> None:
        self._listed = _listing(names, prefixes, _KEPT_FROM_CLIENTS)

    def of(self, headers: Mapping[str, str], shown: Sequence[Secret]) -> Headers:
        """Those of `headers`, names in lower case; a value that is not printable ASCII stays here, and one that holds a
        secret that the call has `shown`."""
        names = self._listed(tuple(headers))
        if not names:
            return ()
        given: list[tuple[str, str]] = []
        for name in names:
            value = headers[name]
            if value.isascii() and value.isprintable() and not _is_within(shown, value):
                given.append((name.lower(), value))
        return tuple(given)


def _is_within(shown: Sequence[Secret], value: str) -> bool:
    for secret in shown:
        word = secret.reveal()
        if word and word in value:
            return True
    return False


def _listing(
    names: Sequence[str], prefixes: tuple[str, ...], kept_back: re.Pattern[str]
) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    exactly = frozenset(names)

    def counts(name: str) -> bool:
        name = name.lower()
        return name in exactly or (name.startswith(prefixes) and kept_back.search(name) is None)

    # Each client and each provider sends the same names all the time; the bound is for those that do not.
    @lru_cache(maxsize=256)
    def listed(given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name in given if counts(name)))

    return listed
