"""OTLP over HTTP, by the one way out: what is exported asks the egress policy as any call does."""

import asyncio
import gzip
import logging

from lockgate_ports.errors import LockgateError
from lockgate_ports.http import Headers, HttpPort, HttpRequest, split_url

_log = logging.getLogger("lockgate.export")
_TRIES = 4
_AGAIN = frozenset({429, 502, 503, 504})
_LONGEST_ANSWER = 64 * 1024


class OtlpSender:
    """Posts to one collector. `endpoint` is its base URL, to which `/v1/traces` is added (OTLP 1.x, binary protobuf).

    Source: the OpenTelemetry Protocol specification, "OTLP/HTTP".
    """

    def __init__(self, http: HttpPort, endpoint: str, headers: Headers = ()) -> None:
        self._http = http
        self._origin, self._prefix = split_url(endpoint)
        self._headers: Headers = (
            ("content-type", "application/x-protobuf"),
            ("content-encoding", "gzip"),
            *headers,
        )
        self._failing = False

    async def send(self, path: str, body: bytes) -> bool:
        """Whether it was taken, after some tries. Raises nothing: what cannot be exported is logged once."""
        packed = await asyncio.to_thread(gzip.compress, body, 1)
        request = HttpRequest("POST", self._origin, self._prefix + path, self._headers, packed)
        said = ""
        for attempt in range(_TRIES):
            try:
                status, said = await self._post(request)
            except LockgateError as error:
                status, said = 503, error.message
            if 200 <= status < 300:
                self._failing = False
                return True
            if status not in _AGAIN or attempt == _TRIES - 1:
                break
            await asyncio.sleep(0.5 * 2**attempt)
        if not self._failing:
            self._failing = True
            _log.warning("%s%s does not take what is exported: %s", self._origin, request.target, said)
        return False

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def _post(self, request: HttpRequest) -> tuple[int, str]:
        response = await self._http.send(request)
        try:
            await response.read(_LONGEST_ANSWER)
        finally:
            response.abort()
        return response.status, f"HTTP {response.status}"
