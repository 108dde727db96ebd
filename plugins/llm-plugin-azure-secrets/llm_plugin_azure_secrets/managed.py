"""Bearer tokens of a machine's managed identity (Azure Instance Metadata Service, "Get a token using HTTP")."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, structs

from lockgate_ports.errors import LockgateError
from lockgate_ports.http import HttpPort, HttpRequest, Origin
from lockgate_ports.secret import Secret
from lockgate_ports.secret_store import ask

METADATA = Origin("http", "169.254.169.254", 80)
_EARLY = 300.0
_HINTS = {400: "this machine has no such managed identity", 404: "this is no machine of Azure"}


class _Answer(Struct):
    access_token: str
    expires_in: float


_ANSWER = msgspec.json.Decoder(_Answer, strict=False)


class ManagedIdentity:
    """An Auth that takes no secret. A token is kept until shortly before it ends, and while it holds when no new one is
    to be had."""

    def __init__(self, http: HttpPort, resource: str, client_id: str | None, clock: Callable[[], float]) -> None:
        self._http = http
        self._query = {"api-version": "2018-02-01", "resource": resource}
        if client_id is not None:
            self._query["client_id"] = client_id
        self._clock = clock
        self._token: Secret | None = None
        self._ends = 0.0
        self._lock = asyncio.Lock()

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        """Adds `authorization`. Raises LockgateError when there is no token."""
        async with self._lock:
            if self._token is None or self._ends - self._clock() < _EARLY:
                await self._renew()
            assert self._token is not None  # noqa: S101  renewing raises otherwise
            shown = ("authorization", f"Bearer {self._token.reveal()}")
        return structs.replace(request, headers=(*request.headers, shown))

    async def _renew(self) -> None:
        target = f"/metadata/identity/oauth2/token?{urlencode(self._query)}"
        asked = self._clock()
        try:
            request = HttpRequest("GET", METADATA, target, (("metadata", "true"),))
            body = await ask(self._http, request, "managed identity", "the metadata service", _HINTS)
            answer = _ANSWER.decode(body)
        except LockgateError:
            if self._token is None or self._clock() >= self._ends:
                raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise LockgateError("the metadata service answers with something that is no token") from None
        else:
            self._token = Secret(answer.access_token, "managed identity")
            self._ends = asked + answer.expires_in
