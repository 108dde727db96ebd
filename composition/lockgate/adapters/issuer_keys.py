"""The public keys of an issuer of tokens: fetched by the way out, kept, and renewed while calls go on."""

import asyncio
import logging
from collections import deque
from typing import Any

import msgspec
from jwt import PyJWK
from jwt.exceptions import PyJWTError
from msgspec import Struct

from lockgate.settings.auth import TokenIssuer
from lockgate_ports.errors import LockgateError, SettingsError
from lockgate_ports.http import HttpPort, HttpRequest, Origin, UrlError, split_url
from lockgate_ports.secret_store import ask

_log = logging.getLogger("lockgate.tokens")
_DISCOVERY = "/.well-known/openid-configuration"
_PATIENCE = 10.0
_AT_MOST = 2
_WITHIN = 10.0
"""Seconds: tokens that name unknown keys make the issuer be asked `_AT_MOST` times in it, however many come."""
_AFTER_FAILURE = 60.0
_TYPES = {"R": "RSA", "P": "RSA", "E": "EC"}


class _Found(Struct):
    """OpenID Connect Discovery 1.0, section 3."""

    issuer: str
    jwks_uri: str


class _KeySet(Struct):
    """RFC 7517, section 5."""

    keys: list[dict[str, Any]]


class IssuerKeys:
    """Those of one issuer, by their `kid`. While it cannot be asked, the last good ones count."""

    def __init__(self, name: str, issuer: TokenIssuer, http: HttpPort) -> None:
        self._where = f"auth.jwt.{name}"
        self._issuer = issuer
        self._http = http
        self._rows: dict[str | None, list[dict[str, Any]]] = {}
        self._made: dict[tuple[str | None, str], PyJWK | None] = {}
        self._asked: deque[float] = deque(maxlen=_AT_MOST)
        self._renewing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.known = False
        """They were read at least once."""
        self.generation = 0
        """Another number when they are others than before."""

    def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """The key of that name, for signatures of that kind. A token that names none means the only one there is."""
        if (kid, algorithm) not in self._made:
            found = self._fitting(kid, algorithm)
            if len(found) != 1:
                return None
            self._made[kid, algorithm] = _usable(found[0], algorithm)
        return self._made[kid, algorithm]

    async def look(self) -> None:
        """Asks the issuer, unless it was asked often just now; everybody who waits shares one answer. Whoever stops
        waiting does not stop it."""
        if self._renewing is None:
            now = asyncio.get_running_loop().time()
            if len(self._asked) == _AT_MOST and now - self._asked[0] < _WITHIN:
                return
            self._asked.append(now)
            self._renewing = asyncio.create_task(self._renew())
        await asyncio.shield(self._renewing)

    async def read(self) -> int:
        """Asks the issuer now; how many keys it has. Raises SettingsError when they cannot be had."""
        rows = await self._fetched()
        if rows != self._rows:
            self._rows, self._made = rows, {}
            self.generation += 1
        self.known = True
        return sum(map(len, rows.values()))

    async def aclose(self) -> None:
        """Asks no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])
        await self._http.aclose()

    async def _renew(self) -> None:
        again = self._issuer.refresh
        try:
            await self.read()
        except LockgateError as error:
            again = min(again, _AFTER_FAILURE)
            _log.error("%s%s", error.message, "; the keys from before go on serving" if self.known else "")
        finally:
            self._renewing = None
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(again, self._renew_again)

    def _renew_again(self) -> None:
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew())

    async def _fetched(self) -> dict[str | None, list[dict[str, Any]]]:
        origin, path = self._issuer.keys_at
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._issuer.jwks_url is None:
                    path = self._keys_path(origin, await self._get(origin, path + _DISCOVERY))
                body = await self._get(origin, path)
        except TimeoutError:
            raise SettingsError(f"{self._where}: {origin} gave no keys within {_PATIENCE:g} s") from None
        try:
            found = msgspec.json.decode(body, type=_KeySet)
        except (msgspec.MsgspecError, ValueError):
            raise SettingsError(f"{self._where}: {origin}{path} is no set of keys (RFC 7517)") from None
        rows: dict[str | None, list[dict[str, Any]]] = {}
        for row in found.keys:
            kid = row.get("kid")
            rows.setdefault(kid if isinstance(kid, str) else None, []).append(row)
        return rows

    async def _get(self, origin: Origin, path: str) -> bytes:
        request = HttpRequest("GET", origin, path or "/", (("accept", "application/json"),))
        return await ask(self._http, request, self._where, f"{origin}{path}", {})

    def _keys_path(self, origin: Origin, body: bytes) -> str:
        hint = "write jwks_url, where its keys are"
        try:
            found = msgspec.json.decode(body, type=_Found)
            place, path = split_url(found.jwks_uri)
        except (msgspec.MsgspecError, UrlError, ValueError):
            raise SettingsError(f"{self._where}: {origin} does not say where its keys are; {hint}") from None
        if found.issuer != self._issuer.issuer:
            raise SettingsError(f"{self._where}: at {origin} stands another issuer, {found.issuer[:200]!r}")
        if place != origin:
            raise SettingsError(f"{self._where}: its keys are on another host, {place}; {hint}")
        return path

    def _fitting(self, kid: str | None, algorithm: str) -> list[dict[str, Any]]:
        rows = self._rows.get(kid, []) if kid is not None else [row for each in self._rows.values() for row in each]
        return [row for row in rows if _fits(row, algorithm)]


def _fits(row: dict[str, Any], algorithm: str) -> bool:
    """RFC 7517, section 4: what a key says of its own use holds. A shared or private one is no public key."""
    kind = "OKP" if algorithm == "EdDSA" else _TYPES[algorithm[0]]
    for_it = row.get("alg") in (None, algorithm) and row.get("use") in (None, "sig")
    return row.get("kty") == kind and for_it and "d" not in row


def _usable(row: dict[str, Any], algorithm: str) -> PyJWK | None:
    try:
        key = PyJWK(row, algorithm)
    except (PyJWTError, ValueError):
        return None
    return None if key.Algorithm.check_key_length(key.key) else key
