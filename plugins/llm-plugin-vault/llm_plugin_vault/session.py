"""Who the gateway is to Vault: signed in, its token renewed before it ends, signed in anew when that fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from lockgate_ports.errors import LockgateError, SettingsError
from lockgate_ports.http import Headers, HttpPort, HttpRequest, Origin
from lockgate_ports.secret import Secret
from lockgate_ports.secret_store import ask

_log = logging.getLogger(__name__)
_SHARE = 2 / 3
"""Of its lifetime, after which a token is renewed."""
_LEAST = 1.0
_PAUSE = 5.0
"""Seconds between two tries to renew while Vault does not answer."""


class Place(Struct, frozen=True):
    """Where the API stands: `prefix` ends in `/v1`, `headers` go with every request."""

    origin: Origin
    prefix: str
    headers: Headers


class Login(Struct, frozen=True):
    """How a token is had: `secret` itself is one, or it is traded for one at `path`, as `field` beside `fixed`."""

    path: str | None
    secret: Callable[[], Awaitable[Secret]]
    field: str = ""
    fixed: Mapping[str, str] = {}

    @staticmethod
    def of_file(path: str, file: str, field: str, fixed: Mapping[str, str]) -> "Login":
        """With what stands in `file` at the time."""
        return Login(path, lambda: asyncio.to_thread(_read, file), field, fixed)


class _Auth(Struct):
    client_token: str
    lease_duration: float = 0.0
    renewable: bool = False


class _Granted(Struct):
    auth: _Auth


class _LookedUp(Struct):
    ttl: float = 0.0
    renewable: bool = False


class _Own(Struct):
    data: _LookedUp


_GRANTED = msgspec.json.Decoder(_Granted)
_OWN = msgspec.json.Decoder(_Own)
_WHO = "vault"


class Session:
    """Signs in at the first request. A task renews the token (Vault API, auth/token/renew-self) until `aclose`."""

    def __init__(
        self,
        http: HttpPort,
        place: Place,
        login: Login,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._http = http
        self._place = place
        self._login = login
        self._clock = clock
        self._sleep = sleep
        self._token: Secret | None = None
        self._ends = float("inf")
        self._lock = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None

    async def token(self) -> Secret:
        """One that serves. Raises SettingsError when there is none to be had."""
        if self._token is not None and self._clock() < self._ends:
            return self._token
        async with self._lock:
            if self._token is None or self._clock() >= self._ends:
                await self._sign_in()
            assert self._token is not None  # noqa: S101  signing in raises otherwise
            return self._token

    def refused(self, token: Secret) -> None:
        """Vault does not take it any more: the next request signs in anew."""
        if token is self._token:
            self._token = None

    async def aclose(self) -> None:
        """Ends the renewing."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)

    async def _sign_in(self) -> None:
        secret = await self._login.secret()
        if self._login.path is None:
            body = await self._asked("GET", "/auth/token/lookup-self", secret)
            try:
                own = _OWN.decode(body).data
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise _nonsense() from None
            self._take(_Auth(secret.reveal(), own.ttl, own.renewable), secret.ref)
            return
        fields = {**self._login.fixed, self._login.field: secret.reveal()}
        self._take(_granted(await self._asked("POST", self._login.path, None, fields)), secret.ref)

    def _take(self, auth: _Auth, ref: str) -> None:
        self._token = Secret(auth.client_token, ref)
        lasts = auth.lease_duration
        self._ends = self._clock() + lasts if lasts > 0 else float("inf")
        if self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None
        if auth.renewable and lasts > 0:
            self._renewing = asyncio.get_running_loop().create_task(self._renew(self._token, lasts))

    async def _renew(self, token: Secret, lasts: float) -> None:
        """Until the token is another, cannot be renewed, or has ended: then the next request signs in."""
        wait = lasts * _SHARE
        while token is self._token and self._clock() < self._ends:
            await self._sleep(max(_LEAST, wait))
            try:
                auth = _granted(await self._asked("POST", "/auth/token/renew-self", token, {}))
            except LockgateError as error:
                _log.warning("the token of vault was not renewed: %s", error.message)
                wait = _PAUSE
                continue
            self._ends = self._clock() + auth.lease_duration
            if not auth.renewable or auth.lease_duration <= 0:
                return
            wait = auth.lease_duration * _SHARE

    async def _asked(self, method: str, path: str, token: Secret | None, fields: object = None) -> bytes:
        headers = self._place.headers
        if token is not None:
            headers = (*headers, ("x-vault-token", token.reveal()))
        body = b"" if fields is None else msgspec.json.encode(fields)
        request = HttpRequest(method, self._place.origin, f"{self._place.prefix}{path}", headers, body)
        hints = {
            400: "it does not accept what the gateway signs in with",
            403: "it does not accept what the gateway signs in with",
            404: "nothing stands at that path; see auth_mount and address",
            503: "it is sealed or on standby",
        }
        return await ask(self._http, request, f"signing in to {self._place.origin}", _WHO, hints)


def _granted(body: bytes) -> _Auth:
    try:
        return _GRANTED.decode(body).auth
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _nonsense() from None


def _nonsense() -> SettingsError:
    return SettingsError("vault answers with something that holds no token; see address")


def _read(file: str) -> Secret:
    try:
        text = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"secrets.vault.jwt_file: {file} cannot be read ({type(error).__name__})") from None
    if not text:
        raise SettingsError(f"secrets.vault.jwt_file: {file} is empty")
    return Secret(text, f"file:{file}")
