"""Auths that are wrong in one way each."""

import socket
import time
from contextlib import suppress

from msgspec import structs

from lockgate_ports.auth import HeaderAuth
from lockgate_ports.http import HttpRequest
from lockgate_ports.secret import Secret


class Sleepy(HeaderAuth, frozen=True):
    """Blocks by sleeping."""

    def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        time.sleep(0.01)
        return super().sign(request, secret)


class InQuery(HeaderAuth, frozen=True):
    """Sends the key in the URL as well."""

    def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        signed = super().sign(request, secret)
        key = secret.reveal() if secret else ""
        return structs.replace(signed, target=f"{signed.target}?key={key}")


class Resolver(HeaderAuth, frozen=True):
    """Looks a name up by itself."""

    def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        with suppress(OSError):
            socket.getaddrinfo("127.0.0.1", 80)
        return super().sign(request, secret)
