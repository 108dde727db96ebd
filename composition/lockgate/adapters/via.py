"""By which way bytes go to a provider: straight or through a forward proxy, and which certificates are trusted."""

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable

from lockgate_ports.errors import ErrorKind, SettingsError, UpstreamError
from lockgate_ports.http import Headers, Origin
from lockgate_ports.secret import Secret

_HEAD_LIMIT = 16 * 1024
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


class Via:
    """`proxy` is asked by HTTP CONNECT, and shown `credential` (`user:password`) where there is one. `tls`: what is
    trusted, None for the certificates of the system."""

    def __init__(
        self,
        proxy: Origin | None = None,
        credential: Callable[[], Awaitable[Secret]] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.proxy = proxy
        self.tls = tls
        self._credential = credential

    async def shown(self) -> Headers:
        """What the proxy is shown (RFC 9110, 11.7.2; RFC 7617). Raises SettingsError when it cannot be had."""
        if self._credential is None:
            return ()
        secret = await self._credential()
        user, colon, _ = secret.reveal().partition(":")
        if not user or not colon:
            raise SettingsError(f"the proxy's credential from {secret.ref!r} is not of the form user:password")
        return (("proxy-authorization", f"Basic {b64encode(secret.reveal().encode()).decode()}"),)

    async def tunnel(self, made: socket.socket, origin: Origin) -> None:
        """Has the proxy at the other end of `made` connect to `origin` (RFC 9110, 9.3.6). Raises UpstreamError."""
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        authority = f"{host}:{origin.port}"
        lines = [f"CONNECT {authority} HTTP/1.1", f"host: {authority}"]
        lines += [f"{name}: {value}" for name, value in await self.shown()]
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(made, "\r\n".join([*lines, "", ""]).encode("ascii"))
        said = b""
        while b"\r\n\r\n" not in said:
            piece = await loop.sock_recv(made, 4096)
            said += piece
            if not piece or len(said) > _HEAD_LIMIT:
                raise self.refusal(origin, 0)
        words = said.split(b"\r\n", 1)[0].split(b" ", 2)
        is_http = len(words) > 1 and words[0].startswith(b"HTTP/1.") and words[1].isdigit()
        status = int(words[1]) if is_http else 0
        if not 200 <= status < 300 or not said.endswith(b"\r\n\r\n"):
            raise self.refusal(origin, status)

    def refusal(self, origin: Origin, status: int) -> UpstreamError:
        """The proxy answered with `status`, 0 where it said nothing in HTTP; the provider was not asked."""
        what = {
            0: "does not answer in HTTP",
            403: "refuses (403): it does not allow this host",
            407: "wants other credentials (407): see the proxy's credential_ref",
        }.get(status, f"does not connect ({status})")
        kind: ErrorKind = "transient" if status in _PASSING or not status else "fatal"
        return UpstreamError(f"the proxy {self.proxy} {what}; {origin} was not asked", kind=kind, sent=False)


DIRECT = Via()


def trusting(ca_file: str) -> ssl.SSLContext:
    """The certificates of the system, and those of `ca_file` (PEM). Raises SettingsError."""
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"ca_file: {ca_file} cannot be used ({type(error).__name__}); it must be PEM") from None
    return context
