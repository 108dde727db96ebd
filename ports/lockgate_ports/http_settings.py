"""What the settings of providers reached by HTTP have in common, checked: a base URL, headers."""

import re
from collections.abc import Mapping

from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Headers, Origin, UrlError, split_url

RESPONSE_LIMIT = 20 * 1024 * 1024
"""Bytes of one whole answer, where settings do not say otherwise."""

_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_OURS = ("content-type", "content-length", "transfer-encoding", "connection", "host", "accept", "accept-encoding")


def address(base_url: str) -> tuple[Origin, str]:
    """Origin and path prefix. Raises SettingsError naming `base_url`."""
    try:
        return split_url(base_url)
    except UrlError as error:
        raise SettingsError(f"base_url: {error}") from None


def header_fields(given: Mapping[str, str], key_header: str) -> Headers:
    """The settings' `headers` as they are sent; `key_header`, where the key goes, may not be among them.

    Raises SettingsError naming the one that cannot be.
    """
    fields: list[tuple[str, str]] = []
    for written, value in given.items():
        name = written.lower()
        check_header(name, value, f"headers.{written}")
        if name == key_header:
            raise SettingsError(f"headers.{written}: the key's own header is set from credential_ref; take it out")
        fields.append((name, value))
    return tuple(fields)


def check_header(name: str, value: str, at: str) -> None:
    """Raises SettingsError, naming the setting `at`, for a header that cannot be sent or is not the user's to set."""
    if _HEADER_NAME.fullmatch(name) is None:
        raise SettingsError(f"{at}: {name!r} is no header name")
    if name in _OURS:
        raise SettingsError(f"{at}: {name} is set by the gateway itself")
    if any(not " " <= mark <= "~" for mark in value):
        raise SettingsError(f"{at}: the value holds a line break or a letter outside ASCII")
