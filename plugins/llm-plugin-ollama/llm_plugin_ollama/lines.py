"""Newline-delimited JSON, fed as bytes split anywhere."""

from lockgate_ports.errors import UpstreamError


class LineParser:
    """`feed` bytes, get whole lines with their line ends; blank ones are passed over. A line longer than `limit` bytes
    raises UpstreamError, so that memory stays bounded whatever comes."""

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        searched = len(self._held)
        self._held += data
        last = self._held.rfind(b"\n", searched)
        if last < 0:
            if len(self._held) > self._limit:
                raise UpstreamError(f"a stream event is longer than {self._limit} bytes", kind="transient")
            return []
        whole = bytes(self._held[: last + 1])
        del self._held[: last + 1]
        return [line + b"\n" for line in whole.split(b"\n")[:-1] if line.strip()]

    def end(self) -> list[bytes]:
        """The line that lacked only its end."""
        left = bytes(self._held)
        self._held.clear()
        return [left] if left.strip() else []
