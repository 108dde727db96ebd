"""Reads HTTP/1.1 requests (RFC 9112) from the bytes of one connection, over httptools (llhttp); no I/O.

llhttp refuses a message whose length could be read in two ways: Content-Length twice or beside Transfer-Encoding, lines
that end in LF alone, folded fields, chunk sizes that are none. What it lets pass is refused here: another coding than
`chunked`, a transfer coding in HTTP/1.0, HTTP/0.9, and a request with no host or several.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl

import httptools

from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.exchange import Exchange
from lockgate.surfaces.head import Head
from lockgate_ports.errors import CallerError, HeadTooLarge, InvalidRequest

_HEAD_LIMIT = 64 * 1024
_FIELD = 32
"""Bytes that a field counts besides its own, as in HTTP/2 (RFC 9113, 10.5.1): many small ones are dear too."""
_LIGHT = _HEAD_LIMIT // 9
"""Bytes in which no head can be too heavy: a field takes four at least, and counts 36 then."""
_NAMES: dict[bytes, str] = {}
"""In lower case, by what clients send: the same ones all the time."""
_MOST_NAMES, _SHORT_NAME = 512, 64
_NO_QUERY: Mapping[str, str] = MappingProxyType({})


class RequestReader:
    """Gives an Exchange for each complete head to `begun`, and then its body to the Exchange. `wanted` as there."""

    def __init__(self, bounds: Bounds, begun: Callable[[Exchange], None], wanted: Callable[[Exchange], None]) -> None:
        self._bounds = bounds
        self._begun = begun
        self._wanted = wanted
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._fields: dict[str, str] = {}
        self._weight = 0
        self._heavy = False
        """So much has come that the fields are weighed one by one."""
        self._unfruitful = 0
        self._refusal: CallerError | None = None
        self._asked_away = False
        self.exchange: Exchange | None = None
        """The request whose body is arriving; None between two requests."""
        self.over = False
        """The last request said that no other follows."""

    @property
    def begun(self) -> bool:
        """Is something here of a request that is not whole yet?"""
        return self.exchange is not None or self._unfruitful > 0

    def feed(self, data: bytes) -> None:
        """Bytes as they arrive, split anywhere. Raises CallerError for what is no request; nothing may follow then."""
        # A field is given when it is whole; one that never ends must not grow, nor must what stands between chunks.
        before = self._unfruitful
        self._unfruitful = before + len(data)
        self._heavy = self._unfruitful > _LIGHT or self._weight > 0
        if self._heavy and not self._weight:
            self._weight = before + _FIELD * len(self._fields)
        while data and not self.over:
            try:
                self._parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._stay()
            except httptools.HttpParserError:
                if self.over:
                    return
                raise self._refusal or _bad() from None
        if self._unfruitful > _HEAD_LIMIT:
            raise _too_large()

    # What the parser calls.

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._url += url
        if self._heavy:
            self._weigh(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of the head; or one that trails a chunked body, which says nothing here."""
        if self._heavy:
            self._weigh(len(name) + len(value) + _FIELD)
        if self.exchange is not None:
            return
        try:
            key = _NAMES[name]
        except KeyError:
            key = _learn(name)
        fields = self._fields
        # Nearly all of it is ASCII, which is UTF-8 too, and that is read the fastest.
        text = (value.decode() if value.isascii() else value.decode("latin-1")).strip()
        if key in fields:
            if key == "host":
                self._refuse(_bad())
            text = f"{fields[key]}, {text}"
        fields[key] = text

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self.exchange is not None:
            return
        fields, target, parser = self._fields, self._url, self._parser
        self._fields = {}
        self._url = b""
        self._unfruitful = 0
        keep_alive = parser.should_keep_alive()
        # Only HTTP/1.1 keeps a connection without a word; the version itself comes as a string that is made each time.
        silent = "connection" not in fields and "proxy-connection" not in fields
        modern = (keep_alive and silent) or parser.get_http_version() == "1.1"
        if modern:
            if "host" not in fields or fields.get("transfer-encoding", "chunked") != "chunked":
                self._refuse(_bad())
        elif "transfer-encoding" in fields or parser.get_http_version() != "1.0":
            self._refuse(_bad())
        path, _, query = target.decode("latin-1").partition("?")
        if not path or path[0] != "/":
            path = _path(target).decode("latin-1")
        head = Head(
            parser.get_method().decode(),
            path,
            fields,
            dict(parse_qsl(query, keep_blank_values=True)) if query else _NO_QUERY,
        )
        exchange = self.exchange = Exchange(head, self._bounds, self._wanted, keep_alive, modern)
        if "upgrade" in fields:
            self._asked_away = parser.should_upgrade() and exchange.length != 0
        self._begun(exchange)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._unfruitful = 0
        if self.exchange is not None:
            self.exchange.take(body)

    def on_message_complete(self) -> None:
        """The request is whole; what is left of these bytes is the next one's head."""
        exchange = self.exchange
        if exchange is not None and not self._asked_away:
            self.over = not exchange.keep_alive
            exchange.end()
            self.exchange = None
            self._weight = self._unfruitful = 0

    def _stay(self) -> None:
        """RFC 9110, 7.8: a server may ignore the wish for another protocol, as Java's client says with every first
        request. llhttp takes all that follows for that protocol: another parser is told what body is to come."""
        self._parser = httptools.HttpRequestParser(self)
        if self._asked_away and self.exchange is not None:
            self._asked_away = False
            length = self.exchange.length
            framing = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
            self._parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n\r\n")
            self._url = b""

    def _weigh(self, weight: int) -> None:
        self._weight += weight
        if self._weight > _HEAD_LIMIT:
            self._refuse(_too_large())

    def _refuse(self, why: CallerError) -> None:
        self._refusal = why
        raise why


def _learn(name: bytes) -> str:
    key = name.decode("latin-1").lower()
    if len(name) <= _SHORT_NAME:
        if len(_NAMES) >= _MOST_NAMES:
            _NAMES.clear()
        _NAMES[name] = key
    return key


def _path(target: bytes) -> bytes:
    """The path of a target in absolute form, which a server must take (RFC 9112, 3.2.2); other targets as they are."""
    if b"://" not in target:
        return target
    return httptools.parse_url(target).path or b"/"


def _bad() -> InvalidRequest:
    """It says nothing of what came: a key may be in it."""
    return InvalidRequest("this is not a valid HTTP request", code="bad_http")


def _too_large() -> HeadTooLarge:
    return HeadTooLarge(f"the head of a request may have {_HEAD_LIMIT} bytes, each field counting {_FIELD} more")
