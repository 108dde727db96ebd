"""How a provider wants to be shown the key."""

from typing import Protocol

from msgspec import Struct, structs

from lockgate_ports.http import HttpRequest
from lockgate_ports.secret import Secret


class Auth(Protocol):
    """Puts a secret on a request: a header, or a signature over all of it."""

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        """The request as it may leave. Raises SettingsError when a secret is needed and there is none."""
        ...


class HeaderAuth(Struct, frozen=True):
    """The key in a header: `authorization: Bearer KEY` by default; an empty `scheme` sends the bare key."""

    header: str = "authorization"
    scheme: str = "Bearer"

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        """Adds the header; a provider without a `credential_ref` is asked without one."""
        if secret is None:
            return request
        value = f"{self.scheme} {secret.reveal()}" if self.scheme else secret.reveal()
        return structs.replace(request, headers=(*request.headers, (self.header, value)))
