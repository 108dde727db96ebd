"""BedrockAuth: a signature over the request, or a Bedrock API key in a header."""

import asyncio
from collections.abc import Callable

from llm_plugin_bedrock.cached import CachedCredentials
from llm_plugin_bedrock.credentials import Credentials, is_key_pair, read_secret
from llm_plugin_bedrock.settings import AuthStyle
from llm_plugin_bedrock.signing import Signer, load_signer
from llm_plugin_bedrock.sources import Fetch
from lockgate_ports.auth import HeaderAuth
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import HttpRequest
from lockgate_ports.secret import Secret

_LARGE = 256 * 1024
"""Bytes of body from which hashing is worth a thread of its own."""
_BEARER = HeaderAuth()


class BedrockAuth:
    """An Auth. `fetch` brings credentials for styles that need no secret; `clock` tells seconds since 1970."""

    def __init__(
        self,
        style: AuthStyle | None,
        region: str,
        access_key_id: str | None,
        fetch: Fetch | None,
        clock: Callable[[], float],
    ) -> None:
        self._style = style
        self._region = region
        self._access_key_id = access_key_id
        self._cached = CachedCredentials(fetch, clock) if fetch is not None else None
        self._clock = clock
        self._signer: Signer | None = None

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        """The request as it may leave. Raises SettingsError for a secret that is missing or of another form."""
        if self._cached is not None:
            if secret is not None:
                raise SettingsError(f"auth: {self._style} takes no credential_ref; take one of the two out")
            return await self._signed(request, await self._cached.get())
        if secret is None:
            raise SettingsError(
                "Bedrock needs credentials: a credential_ref with AWS keys or a Bedrock API key, or auth: env, "
                "profile, web-identity, container or instance"
            )
        if self._style == "bearer" or (self._style is None and self._access_key_id is None and not is_key_pair(secret)):
            return _BEARER.sign(request, secret)
        return await self._signed(request, read_secret(secret, self._access_key_id))

    async def _signed(self, request: HttpRequest, credentials: Credentials) -> HttpRequest:
        signer = self._signer
        if signer is None:
            signer = self._signer = await asyncio.to_thread(load_signer)
        if len(request.body) < _LARGE:
            return signer.sign(request, credentials, self._region, self._clock())
        return await asyncio.to_thread(signer.sign, request, credentials, self._region, self._clock())
