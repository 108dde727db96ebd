"""How a provider wants to be shown the key."""

from typing import Protocol

from msgspec import Struct, structs

from lockgate_ports.errors import SettingsError
from lockgate_ports.http import HttpRequest
from lockgate_ports.secret import Secret


class Auth(Protocol):
    """Puts a secret on a request: a header, or a signature over all of it."""

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        """The request as it may leave; its `shows` names what was put on it, a token got for the secret above all.

        Raises SettingsError when a secret is needed and there is none.
        """
        ...


class HeaderAuth(Struct, frozen=True):
    """The key in a header: `authorization: Bearer KEY` by default; an empty `scheme` sends the bare key."""

    header: str = "authorization"
    scheme: str = "Bearer"

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        """Adds the header; a provider without a `credential_ref` is asked without one.

        Raises SettingsError for a key that no header can carry.
        """
        if secret is None:
            return request
        key = secret.reveal()
        if not (key and key.isascii() and key.isprintable()) or key != key.strip():
            raise SettingsError(
                f"the key from {secret.ref!r} is empty, has space around it, or holds a line break or a letter outside "
                "ASCII, which no header can carry; store the bare key"
            )
        value = f"{self.scheme} {key}" if self.scheme else key
        return structs.replace(
            request, headers=(*request.headers, (self.header, value)), shows=(*request.shows, secret)
        )
