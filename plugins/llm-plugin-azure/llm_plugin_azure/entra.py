"""Bearer tokens from Microsoft Entra ID by client credentials (Microsoft identity platform, OAuth 2.0 client
credentials grant; RFC 6749, 4.4), fetched before they are needed and kept until shortly before they end.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from lockgate_ports.auth import HeaderAuth
from lockgate_ports.errors import SettingsError, UpstreamError, clip
from lockgate_ports.http import HttpPort, HttpRequest, Origin
from lockgate_ports.secret import Secret

AUTHORITY = "https://login.microsoftonline.com"
SCOPE = "https://cognitiveservices.azure.com/.default"
FOUNDRY_SCOPE = "https://ai.azure.com/.default"

_EARLY = 300.0
"""Seconds before its end from which on a token is replaced."""
_LIMIT = 64 * 1024


class Grant(Struct, frozen=True, kw_only=True):
    """Who asks for a token, where, and for what."""

    origin: Origin
    prefix: str
    tenant_id: str
    client_id: str
    scope: str = SCOPE


class _Answer(Struct):
    access_token: str | None = None
    expires_in: float | None = None
    error: str | None = None
    error_description: str | None = None


_ANSWER = msgspec.json.Decoder(_Answer, strict=False)


_BEARER = HeaderAuth()


class _Token(Struct, frozen=True):
    """`given_for` is the client secret it was given for: a new one must be shown to be good."""

    given_for: Secret
    value: Secret
    renew_at: float
    ends_at: float

    def is_for(self, secret: Secret) -> bool:
        """Whether it was given for this client secret."""
        return self.given_for.reveal() == secret.reveal()


class EntraAuth:
    """An Auth: the provider's key is the client secret. `clock` is monotonic, in seconds."""

    def __init__(self, grant: Grant, http: HttpPort, clock: Callable[[], float]) -> None:
        self._grant = grant
        self._http = http
        self._clock = clock
        self._token: _Token | None = None
        self._lock = asyncio.Lock()

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        """Adds `authorization: Bearer TOKEN`.

        Raises SettingsError without a secret, UpstreamError of the kind auth when Entra ID gives no token.
        """
        if secret is None:
            raise SettingsError("auth: entra needs the client secret; set credential_ref")
        token = self._token
        if token is None or not token.is_for(secret) or self._clock() >= token.renew_at:
            token = await self._renewed(request, secret)
        return _BEARER.sign(request, token.value)

    async def _renewed(self, request: HttpRequest, secret: Secret) -> _Token:
        """One at a time; calls that wait for it take the same token. A token that still holds outlives a failure."""
        async with self._lock:
            token, now = self._token, self._clock()
            known = token is not None and token.is_for(secret)
            if token is not None and known and now < token.renew_at:
                return token
            try:
                self._token = await self._fetched(request, secret)
            except UpstreamError:
                if token is None or not known or self._clock() >= token.ends_at:
                    raise
                return token
            return self._token

    async def _fetched(self, request: HttpRequest, secret: Secret) -> _Token:
        grant = self._grant
        form = {
            "grant_type": "client_credentials",
            "client_id": grant.client_id,
            "client_secret": secret.reveal(),
            "scope": grant.scope,
        }
        target = f"{grant.prefix}/{quote(grant.tenant_id, safe='')}/oauth2/v2.0/token"
        headers = (("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"))
        asked_at = self._clock()
        response = await self._http.send(
            HttpRequest("POST", grant.origin, target, headers, urlencode(form).encode(), request.purpose)
        )
        try:
            body = await response.read(_LIMIT)
        finally:
            response.abort()
        try:
            answer = _ANSWER.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            answer = _Answer()
        if response.status != 200 or not answer.access_token:
            raise _refusal(response.status, answer)
        lasts = answer.expires_in if answer.expires_in is not None else _EARLY
        early = min(_EARLY, lasts / 2)
        return _Token(secret, Secret(answer.access_token, secret.ref), asked_at + lasts - early, asked_at + lasts)


def _refusal(status: int, answer: _Answer) -> UpstreamError:
    said = clip((answer.error_description or "").partition("\r\n")[0])
    told = f": {said}" if said else ""
    if 400 <= status < 500 and status != 429:
        return UpstreamError(
            f"Entra ID gives no token for this client ({status}){told}; check tenant_id, client_id and credential_ref",
            kind="auth",
            upstream_status=status,
            upstream_code=answer.error,
            sent=False,
        )
    return UpstreamError(
        f"Entra ID failed to give a token ({status}){told}",
        kind="rate_limit" if status == 429 else "transient",
        upstream_status=status,
        upstream_code=answer.error,
        sent=False,
    )
