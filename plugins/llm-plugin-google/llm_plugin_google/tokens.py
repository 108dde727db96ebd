"""Bearer tokens for Google Cloud, got through the provider's own way out and kept while they hold (Google Identity,
Using OAuth 2.0 for server to server applications; Compute Engine, Authenticate workloads; RFC 7523)."""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlencode

import jwt
import msgspec
from msgspec import Struct

from llm_plugin_google.error_in import read_error
from lockgate_ports.auth import HeaderAuth
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.errors import SettingsError, UpstreamError
from lockgate_ports.http import HttpPort, HttpRequest, Origin
from lockgate_ports.secret import Secret

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EARLY = 300.0
"""Seconds before its end at which a token is replaced."""
_LIMIT = 64 * 1024
_FORM = (("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"))
_KEPT = 16
_SHOWN = ("assertion", "refresh_token", "client_secret")
"""What of a form is worth a token to whoever reads it."""


class Credentials(Struct, frozen=True):
    """A service account's key file, or what `gcloud auth application-default login` writes."""

    type: str = ""
    client_email: str = ""
    private_key: str = ""
    private_key_id: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""


class Token(Struct, frozen=True):
    """`ends` is on the clock that the holder reads."""

    value: Secret
    ends: float


class _Grant(Struct, frozen=True):
    access_token: str
    expires_in: float = 3600.0


_CREDENTIALS = msgspec.json.Decoder(Credentials)
_GRANTED = msgspec.json.Decoder(_Grant)
_BEARER = HeaderAuth()


class GoogleAuth:
    """An Auth. The secret is JSON credentials, or an access token as it is; with `metadata` there is none, and the
    machine's own account is asked for. Calls that need a new token at the same time ask for it once."""

    def __init__(
        self,
        http: HttpPort,
        token_place: tuple[Origin, str],
        metadata: Origin | None,
        *,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._token_place = token_place
        self._metadata = metadata
        self._wall = wall
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._getting = asyncio.Lock()

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        """`authorization: Bearer TOKEN`. Raises SettingsError for credentials that are none, UpstreamError when no
        token is given for them."""
        if secret is not None and not secret.reveal().lstrip().startswith("{"):
            return _BEARER.sign(request, secret)
        return _BEARER.sign(request, await self._token(secret, request))

    async def _token(self, secret: Secret | None, request: HttpRequest) -> Secret:
        key = secret.reveal() if secret is not None else ""
        held = self._tokens.get(key)
        if held is None or held.ends - self._clock() < _EARLY:
            async with self._getting:
                held = self._tokens.get(key)
                if held is None or held.ends - self._clock() < _EARLY:
                    held = await self._renewed(key, secret, request, held)
        return held.value

    async def _renewed(self, key: str, secret: Secret | None, request: HttpRequest, held: Token | None) -> Token:
        """A new token; the old one while it still holds and there is no new one to be had."""
        now = self._clock()
        try:
            grant = await self._get(self._asking(secret, request))
        except UpstreamError:
            if held is not None and held.ends > now:
                return held
            raise
        if len(self._tokens) >= _KEPT and key not in self._tokens:
            self._tokens.pop(next(iter(self._tokens)))
        value = Secret(grant.access_token, secret.ref if secret is not None else "metadata")
        token = self._tokens[key] = Token(value, now + grant.expires_in)
        return token

    def _asking(self, secret: Secret | None, request: HttpRequest) -> HttpRequest:
        if secret is None:
            if self._metadata is None:
                raise SettingsError(
                    "vertex needs a credential_ref (a service account's JSON, or an access token), or "
                    "`credentials: metadata` on a machine of Google Cloud"
                )
            flavor = (("metadata-flavor", "Google"),)
            return HttpRequest("GET", self._metadata, METADATA_PATH, flavor, b"", request.purpose)
        origin, path = self._token_place
        form = self._form(secret)
        shows = tuple(Secret(form[name]) for name in _SHOWN if name in form)
        return HttpRequest("POST", origin, path or "/", _FORM, urlencode(form).encode(), request.purpose, shows)

    def _form(self, secret: Secret) -> dict[str, str]:
        try:
            given = _CREDENTIALS.decode(secret.reveal())
        except BROKEN:
            raise SettingsError(f"the credentials from {secret.ref!r} are not the JSON of a Google account") from None
        if given.type == "authorized_user" and given.refresh_token:
            named = {"client_id": given.client_id, "client_secret": given.client_secret}
            return {"grant_type": "refresh_token", "refresh_token": given.refresh_token, **named}
        if given.type != "service_account" or not given.client_email:
            raise SettingsError(
                f"the credentials from {secret.ref!r} are of type {given.type[:40]!r}; use a service account's key, or "
                "an access token"
            )
        return {"grant_type": _GRANT, "assertion": self._assertion(given, secret.ref)}

    def _assertion(self, given: Credentials, ref: str) -> str:
        origin, path = self._token_place
        now = int(self._wall())
        claims = {
            "iss": given.client_email,
            "scope": SCOPE,
            "aud": f"{origin}{path}",
            "iat": now,
            "exp": now + 3600,
        }
        headers = {"kid": given.private_key_id} if given.private_key_id else None
        try:
            return jwt.encode(claims, given.private_key, "RS256", headers)
        except (ValueError, TypeError, jwt.PyJWTError):
            # the library's own message may quote the key
            raise SettingsError(f"the private_key in the credentials from {ref!r} is no RSA key in PEM") from None

    async def _get(self, request: HttpRequest) -> _Grant:
        response = await self._http.send(request)
        try:
            body = await response.read(_LIMIT)
        finally:
            response.abort()
        if response.status != 200:
            raise _refusal(request, response.status, read_error(response.status, response.headers, body))
        try:
            return _GRANTED.decode(body)
        except BROKEN:
            raise UpstreamError(f"{request.origin} gave no token", kind="transient", sent=False) from None


def _refusal(request: HttpRequest, status: int, error: UpstreamError) -> UpstreamError:
    """OAuth says `invalid_grant` with status 400 when it does not accept the account."""
    kind = "auth" if status in (400, 401, 403, 404) else error.kind
    said = error.upstream_message
    for secret in request.shows:
        said = secret.redact(said) if said else said
    return UpstreamError(
        f"{request.origin} gave no token ({status})" + (f": {said}" if said else ""),
        kind=kind,
        upstream_status=status,
        upstream_message=said,
        retry_after=error.retry_after,
        sent=False,
    )
