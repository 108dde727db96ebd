"""Who calls with a token (JWT) of an issuer that settings trust: verified once, and then known until it expires."""

import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import NamedTuple

import jwt
import msgspec
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)
from msgspec import Struct

from lockgate.adapters.issuer_keys import IssuerKeys
from lockgate.adapters.token_claims import caller_of
from lockgate.settings.auth import TokenIssuer
from lockgate_ports.caller import Caller
from lockgate_ports.errors import LockgateError, Unauthenticated

_KNOWN = 10_000
"""Verified tokens that are remembered."""
_NEEDED = ["exp", "iss", "aud", "sub"]


class _Header(Struct):
    alg: str
    kid: str | None = None


class _Payload(Struct):
    iss: str


_HEADER = msgspec.json.Decoder(_Header).decode
_PAYLOAD = msgspec.json.Decoder(_Payload).decode


class _Verified(NamedTuple):
    until: float
    caller: Caller
    keys: IssuerKeys
    generation: int


class TokenCallers:
    """`issuers` by name, each with its keys. `wall` gives seconds since 1970."""

    def __init__(
        self, issuers: Mapping[str, tuple[TokenIssuer, IssuerKeys]], wall: Callable[[], float] = time.time
    ) -> None:
        self.issuers = {name: keys for name, (_, keys) in issuers.items()}
        self._by_iss = {issuer.issuer: (name, issuer, keys) for name, (issuer, keys) in issuers.items()}
        self._wall = wall
        self._verified: dict[bytes, _Verified] = {}

    def of(self, token: str) -> Caller | Awaitable[Caller]:
        """Who shows it: at once when it is known, else when it is verified. Raises Unauthenticated or Forbidden; and
        LockgateError while its issuer's keys cannot be had."""
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        found = self._verified.get(digest)
        if found is not None:
            if self._wall() < found.until and found.generation == found.keys.generation:
                return found.caller
            del self._verified[digest]
        return self._verify(token, digest)

    async def aclose(self) -> None:
        """Issuers are asked no more."""
        for keys in self.issuers.values():
            await keys.aclose()

    async def _verify(self, token: str, digest: bytes) -> Caller:
        header, payload = _peeked(token)
        found = self._by_iss.get(payload.iss)
        if found is None:
            raise Unauthenticated("this API key is not known here: it is a token of another issuer")
        name, issuer, keys = found
        if header.alg not in issuer.algorithms:
            raise Unauthenticated(f"this token is not signed as it must be: {', '.join(issuer.algorithms)}")
        key = keys.find(header.kid, header.alg)
        if key is None:
            await keys.look()
            key = keys.find(header.kid, header.alg)
        if key is None and not keys.known:
            raise LockgateError(f"the keys of the issuer {name} cannot be read just now; the server's log says why")
        if key is None:
            raise Unauthenticated("this token is signed by a key that its issuer does not have")
        generation = keys.generation
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[header.alg],
                audience=issuer.audience,
                issuer=issuer.issuer,
                leeway=issuer.leeway,
                options={"require": _NEEDED},
            )
        except (PyJWTError, ValueError, OverflowError, RecursionError) as error:
            raise Unauthenticated(_why(error)) from None
        caller = caller_of(name, issuer, claims)
        while len(self._verified) >= _KNOWN:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = _Verified(int(claims["exp"]) + issuer.leeway, caller, keys, generation)
        return caller


def _peeked(token: str) -> tuple[_Header, _Payload]:
    """What it says of itself, which nobody has verified. Raises Unauthenticated."""
    try:
        header, payload, _ = token.split(".")
        return _HEADER(_unpacked(header)), _PAYLOAD(_unpacked(payload))
    except (ValueError, RecursionError):
        raise Unauthenticated("this API key is not known here") from None


def _unpacked(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _why(error: Exception) -> str:
    match error:
        case ExpiredSignatureError():
            return "this token has expired; get a new one"
        case ImmatureSignatureError():
            return "this token does not count yet: its nbf or iat lies ahead"
        case InvalidAudienceError():
            return "this token is made for somebody else: its aud names nothing that counts here"
        case InvalidSignatureError():
            return "this token is not signed by its issuer"
        case MissingRequiredClaimError():
            return f"this token has no {error.claim}"
        case _:
            return "this token does not hold together"
