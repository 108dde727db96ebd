"""An issuer of tokens: real keys, made for the test, and the pages that an OpenID provider has."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from upstream import Seen, Upstream, http, upstream

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def jwk(key: PrivateKeyTypes, kid: str | None, **more: Any) -> dict[str, Any]:
    """The public half, as a set of keys has it."""
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    told = {**kind.to_jwk(key.public_key(), as_dict=True), **more}
    return told if kid is None else told | {"kid": kid}


class Issuer:
    """`keys` are those that it tells now; `away`: it answers nothing of use."""

    def __init__(self, up: Upstream) -> None:
        self.up = up
        self.url = f"http://127.0.0.1:{up.port}"
        self.keys = [jwk(RSA_KEY, "one", use="sig", alg="RS256"), jwk(EC_KEY, "two")]
        self.away = False
        self.document: dict[str, Any] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        up.say(self._answer)

    @property
    def fetches(self) -> int:
        """How often its keys were asked for."""
        return sum(seen.path == "/keys" for seen in self.up.seen)

    def row(self, **more: Any) -> dict[str, Any]:
        """A row of `auth.jwt`."""
        return {"issuer": self.url, "audience": ["lockgate"], **more}

    def claims(self, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        said = {"iss": self.url, "aud": "lockgate", "sub": "ann", "iat": now, "exp": now + 300, **more}
        return {name: value for name, value in said.items() if value is not None}

    def token(self, key: Any = RSA_KEY, kid: str | None = "one", alg: str = "RS256", **more: Any) -> str:
        """A signed one; a claim of None is left out."""
        headers = {} if kid is None else {"kid": kid}
        return jwt.encode(self.claims(**more), key, algorithm=alg, headers=headers)

    def _answer(self, seen: Seen) -> list[bytes]:
        if self.away:
            return [http(b"{}", 503)]
        if seen.path == "/.well-known/openid-configuration":
            return [http(json.dumps(self.document).encode())]
        return [http(json.dumps({"keys": self.keys}).encode())]


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    async with upstream() as up:
        yield Issuer(up)
