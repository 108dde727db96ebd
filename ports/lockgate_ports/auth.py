"""How a provider wants to be shown the key."""

from collections.abc import Awaitable
from typing import Protocol

from msgspec import Struct, structs

from lockgate_ports.errors import SettingsError
from lockgate_ports.http import HttpRequest
from lockgate_ports.secret import Secret


class Auth(Protocol):
    """Puts a secret on a request: a header, or a signature over all of it."""

    def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest | Awaitable[HttpRequest]:
        """The request as it may leave, or what gives it where a token must be got first; its `shows` names what was put
        on it, such a token above all.

        Raises SettingsError when a secret is needed and there is none.
        """
        ...


class HeaderAuth(Struct, frozen=True):
    """The key in a header: `authorization: Bearer KEY` by default; an empty `scheme` sends the bare key."""

    header: str = "authorization"
    scheme: str = "Bearer"

    def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        """Adds the header; a provider without a `credential_ref` is asked without one.

        Raises SettingsError for a key that no header can carry.
        """
        if secret is None:
            return request
        if not secret.is_bare:
            raise SettingsError(
                f"the key from {secret.ref!r} is empty, has space around it, or holds a line break or a letter outside "
                "ASCII, which no header can carry; store the bare key"
            )
        key = secret.reveal()
        field = (self.header, f"{self.scheme} {key}" if self.scheme else key)
        return structs.replace(
            request, headers=(*request.headers, field), shows=(*request.shows, secret) if request.shows else (secret,)
        )
