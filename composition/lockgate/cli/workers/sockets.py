"""The sockets on which workers listen."""

import socket
import sys
from collections.abc import Sequence

BALANCED = sys.platform == "linux"
"""Sockets of several processes on one port, among which the kernel spreads connections evenly (SO_REUSEPORT). Elsewhere
they do not spread at all, or only to the last one: there all workers have one socket."""


class Port:
    """A TCP port, held from now on, also while nobody listens on it. 0 takes a free one. Raises OSError."""

    def __init__(self, host: str, port: int) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self._addresses = sorted({(family, str(address[0])) for family, _, _, _, address in found})
        # With SO_REUSEPORT alone, the workers of another supervisor would be let share the port.
        for family, address in self._addresses:
            _bound(family, address, port, shared=False).close()
        self._held: list[socket.socket] = []
        self.port = port
        for family, address in self._addresses:
            self._held.append(_bound(family, address, self.port, shared=BALANCED))
            self.port = self._held[0].getsockname()[1]

    def sockets(self) -> Sequence[socket.socket]:
        """For one worker, to be closed when it is gone."""
        if not BALANCED:
            return [each.dup() for each in self._held]
        return [_bound(family, address, self.port, shared=True) for family, address in self._addresses]

    def close(self) -> None:
        """Lets go of it."""
        for each in self._held:
            each.close()


def _bound(family: int, host: str, port: int, *, shared: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
    except BaseException:
        made.close()
        raise
    return made
