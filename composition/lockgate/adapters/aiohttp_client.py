"""HttpPort on aiohttp's client: one pool per provider, gated at every request and at every socket."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from lockgate_ports.egress import Decision, EgressPolicyPort, EgressRequest
from lockgate_ports.errors import EgressDenied, UpstreamError
from lockgate_ports.http import HttpRequest, HttpResponse, Origin

_AGENT = "lockgate"


class _Gate:
    """What the policy said to the addresses of one request."""

    __slots__ = ("denied", "host")

    def __init__(self, host: str) -> None:
        self.host = host
        self.denied: Decision | None = None


_gate: ContextVar[_Gate] = ContextVar("lockgate_egress_gate")


class AiohttpClient:
    """The way out for one provider. Must be used within the event loop it was first used in."""

    def __init__(self, provider_id: str, policy: EgressPolicyPort, connect_timeout: float) -> None:
        self._provider_id = provider_id
        self._policy = policy
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout, connect=None)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """One request; raises as HttpPort says."""
        origin = request.origin
        decision = self._policy.decide(EgressRequest(self._provider_id, origin, request.purpose))
        if not decision.allowed:
            raise self._denied(str(origin), decision)
        gate = _Gate(origin.host)
        _gate.set(gate)
        try:
            response = await self._open_session().request(
                request.method,
                _url(origin, request.target),
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if gate.denied is not None:
                raise self._denied(f"{origin} at the address it resolves to", gate.denied) from None
            raise _failure(error, origin) from error
        return _Response(response)

    async def aclose(self) -> None:
        """Closes the pool."""
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, socket_factory=self._socket),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                headers={"User-Agent": _AGENT, "Accept-Encoding": "identity"},
                max_line_size=64 * 1024,
                max_field_size=64 * 1024,
            )
        return self._session

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The last gate: every address, a literal or a name's, passes here before its socket connects."""
        family, kind, protocol, _, address = info
        gate = _gate.get()
        decision = self._policy.decide_address(self._provider_id, gate.host, address[0], address[1])
        if not decision.allowed:
            gate.denied = decision
            raise PermissionError(f"the egress policy forbids this address ({decision.rule})")
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def _denied(self, where: str, decision: Decision) -> EgressDenied:
        return EgressDenied(
            f"{self._provider_id}: the egress policy forbids {where} ({decision.rule})",
            rule=decision.rule,
            provider_id=self._provider_id,
        )


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
                raise UpstreamError(f"the answer is longer than {limit} bytes", kind="fatal")
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


def _failure(error: Exception, origin: Origin) -> UpstreamError:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return UpstreamError(f"the name {origin.host} does not resolve", kind="transient", sent=False)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return UpstreamError(f"{origin} shows no certificate that is trusted", kind="fatal", sent=False)
        case aiohttp.ConnectionTimeoutError():
            return UpstreamError(f"{origin} does not take the connection in time", kind="timeout", sent=False)
        case aiohttp.ClientConnectorError():
            return UpstreamError(f"{origin} refuses the connection", kind="transient", sent=False)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | OSError():
            return UpstreamError(f"{origin} closed the connection without an answer", kind="transient")
        case aiohttp.InvalidURL():
            return UpstreamError(f"{origin} cannot be asked: the URL is not valid", kind="fatal", sent=False)
        case _:
            return UpstreamError(f"{origin} did not answer in HTTP", kind="transient")
