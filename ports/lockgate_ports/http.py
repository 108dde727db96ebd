"""HTTP as values, and HttpPort: the one way out."""

import re
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from msgspec import Struct

from lockgate_ports.secret import Secret

Headers = tuple[tuple[str, str], ...]
"""Header fields in order, names in lower case."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
"""The head of an answer that says nothing."""


class Origin(Struct, frozen=True, cache_hash=True):
    """Where a request goes: scheme (`http` or `https`), host (a name or an IP, no brackets) and port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = {"http": 80, "https": 443}.get(self.scheme)
        return f"{self.scheme}://{host}" + ("" if self.port == default else f":{self.port}")


class Purpose(Struct, frozen=True, cache_hash=True):
    """On whose behalf bytes leave, for the egress policy and the audit trail."""

    tenant: str | None = None
    labels: tuple[tuple[str, str], ...] = ()


NO_PURPOSE = Purpose()


class Spliced(Struct, frozen=True):
    """A large body in pieces, nearly all of them views of another's bytes: a change in it copies nothing. `bytes()`
    gives the whole."""

    pieces: tuple[bytes | memoryview, ...]

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces)


Body = bytes | Spliced
"""What leaves with a request. Whoever must look into it takes `bytes(body)`, which copies a spliced one alone."""


class HttpRequest(Struct, frozen=True):
    """One request. `target` is path and query, percent-encoded, as it stands in the request line; `shows` are the
    secrets that it carries, which no word that comes back may show on.

    Its repr leaves out query, headers and body: keys and prompts travel in them."""

    method: str
    origin: Origin
    target: str
    headers: Headers = ()
    body: Body = b""
    purpose: Purpose = NO_PURPOSE
    shows: tuple[Secret, ...] = ()
    connect: float | None = None
    """Seconds within which a new connection must stand, where that differs from what holds for all requests."""

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.origin}{self.target.partition('?')[0]})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("method", self.method), ("origin", str(self.origin))]


class HttpResponse(Protocol):
    """An answer whose head has arrived. It must be read to its end or aborted; `abort` is safe at any time."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Header fields; looked up without regard to case. An error without a `date` is given that of its arrival."""
        ...

    async def read(self, limit: int) -> bytes:
        """The whole body, decompressed. Raises UpstreamError: cut short, corrupt, or longer than `limit` bytes."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, decompressed. Raises UpstreamError when it is cut short or corrupt."""
        ...

    def abort(self) -> None:
        """Drop the connection, unless the body has been read to its end."""
        ...


class HttpPort(Protocol):
    """The one way out, bound to one provider. Follows no redirect, keeps no cookie, retries nothing."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send and return when the head of the answer is there.

        Raises EgressDenied when the policy forbids the origin or every address it resolves to; UpstreamError of kind
        `transient` (its `sent` tells whether the provider may have seen the request) when the connection fails.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class UrlError(ValueError):
    """A URL that cannot be a base URL; the message says why."""


def split_url(url: str) -> tuple[Origin, str]:
    """`https://host:8443/v1/` -> its Origin and the path prefix without a trailing slash.

    Raises UrlError, which shows neither a user name, a password nor a query: a key could stand there.
    """
    from urllib.parse import urlsplit

    shown = re.split(r"[?#]", url)[0].rpartition("@")[2]
    if any(not "!" <= mark <= "~" for mark in url):
        raise UrlError(f"{shown!r} holds a space, a control character or a letter outside ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlError(f"{shown!r} names no valid host and port (a port is a number up to 65535)") from None
    if parts.scheme not in ("http", "https"):
        raise UrlError(f"{shown!r} must begin with http:// or https://")
    if "@" in parts.netloc:
        raise UrlError("a base URL must not hold a user name or password; use credential_ref")
    if not parts.hostname:
        raise UrlError(f"{shown!r} names no host")
    if "\\" in url:
        raise UrlError(f"{shown!r} holds a backslash; a URL is written with /")
    if port == 0:
        raise UrlError(f"{shown!r}: no server listens on port 0")
    if parts.query or parts.fragment:
        raise UrlError(f"{shown!r} must be followed by no query and no fragment")
    port = port or (443 if parts.scheme == "https" else 80)
    return Origin(parts.scheme, parts.hostname, port), parts.path.rstrip("/")
