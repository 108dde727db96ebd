"""HttpPort on aiohttp's client: one pool per provider, gated at every request and at every socket."""

import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import ContextVar
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from lockgate.adapters.egress_gate import Approach, EgressGate, unnoted
from lockgate.adapters.via import DIRECT, Via
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import HttpRequest, HttpResponse, Origin
from lockgate_ports.metrics import Note
from lockgate_ports.refusals import over_limit

_AGENT = "lockgate"


_approach: ContextVar[Approach] = ContextVar("lockgate_egress_approach")


def _socket(info: tuple[Any, ...]) -> socket.socket:
    return _approach.get().socket(info)


class AiohttpClient:
    """The way out for one provider. Must be used within the event loop it was first used in."""

    def __init__(
        self,
        provider_id: str,
        policy: EgressPolicyPort,
        connect_timeout: float,
        via: Via = DIRECT,
        note: Callable[[Note], None] = unnoted,
    ) -> None:
        self._gate = EgressGate(provider_id, policy, via.proxy, note)
        self._via = via
        self._proxy = None if via.proxy is None else URL(str(via.proxy))
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout, connect=None)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """One request; raises as HttpPort says."""
        self._gate.pass_request(request)
        origin = request.origin
        approach = self._gate.approach(self._via.proxy or origin)
        _approach.set(approach)
        headers = request.headers
        proxied: dict[str, Any] = {}
        if self._proxy is not None:
            shown = await self._via.shown()
            proxied = {"proxy": self._proxy, "proxy_headers": dict(shown)}
            if origin.scheme == "http":
                headers = (*headers, *shown)  # aiohttp asks for no tunnel then: the request itself goes to the proxy
        if request.connect is not None:
            proxied["timeout"] = aiohttp.ClientTimeout(total=None, sock_connect=request.connect, connect=None)
        try:
            response = await self._open_session().request(
                request.method,
                _url(origin, request.target),
                headers=headers,
                data=bytes(request.body) or None,
                allow_redirects=False,
                **proxied,
            )
        except aiohttp.ClientHttpProxyError as error:
            raise self._via.refusal(origin, error.status) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if approach.denied is not None:
                raise approach.denied from None
            raise _failure(error, origin, self._via.proxy or origin) from error
        return _Response(response)

    async def aclose(self) -> None:
        """Closes the pool."""
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, socket_factory=_socket, ssl=self._via.tls or True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                headers={"User-Agent": _AGENT, "Accept-Encoding": "identity"},
                max_line_size=64 * 1024,
                max_field_size=64 * 1024,
            )
        return self._session


class _Response:
    """An aiohttp answer as HttpResponse."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        if response.status >= 400 and "date" not in response.headers:
            # RFC 9110, 6.6.1: who receives an answer without a date notes its own; `retry-after` may count from it.
            self.headers = CIMultiDict(response.headers, date=formatdate(usegmt=True))

    async def read(self, limit: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                self._response.close()
                raise over_limit(limit)
            parts.append(chunk)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UpstreamError("the answer was cut short or is corrupt", kind="transient") from error

    def abort(self) -> None:
        if not self._response.content.at_eof():
            self._response.close()


@lru_cache(maxsize=1024)
def _url(origin: Origin, target: str) -> URL:
    return URL(f"{origin}{target}", encoded=True)


def _failure(error: Exception, origin: Origin, there: Origin) -> UpstreamError:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return UpstreamError(f"the name {there.host} does not resolve", kind="transient", sent=False)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return UpstreamError(f"{origin} shows no certificate that is trusted", kind="fatal", sent=False)
        case aiohttp.ConnectionTimeoutError():
            return UpstreamError(f"{there} does not take the connection in time", kind="timeout", sent=False)
        case aiohttp.ClientConnectorError():
            return UpstreamError(f"{there} refuses the connection", kind="transient", sent=False)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | OSError():
            return UpstreamError(f"{origin} closed the connection without an answer", kind="transient")
        case aiohttp.InvalidURL():
            return UpstreamError(f"{origin} cannot be asked: the URL is not valid", kind="fatal", sent=False)
        case _:
            return UpstreamError(f"{origin} did not answer in HTTP", kind="transient")
