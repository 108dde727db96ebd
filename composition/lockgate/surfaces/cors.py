"""Cross-origin requests from browsers (Fetch standard, CORS protocol): off unless settings name origins."""

from collections.abc import Collection

from msgspec import structs

from lockgate.surfaces.head import Head
from lockgate.surfaces.lines import line
from lockgate.surfaces.replies import Streamed, Whole

_SHOWN = (
    "x-request-id, retry-after, x-lockgate-route, x-lockgate-target, x-lockgate-attempts, x-lockgate-dropped, "
    "x-lockgate-estimated, x-lockgate-error, x-lockgate-upstream-request-id, x-ratelimit-limit-requests, "
    "x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens, "
    "x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens"
)


class Cors:
    """Which pages of other origins may call: their origins as browsers write them, or `*` for all."""

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def preflight(self, head: Head) -> Whole | None:
        """The answer to a browser's question whether it may ask; None when this is no such question."""
        if head.method != "OPTIONS" or "access-control-request-method" not in head.headers:
            return None
        allowed = self._allowed(head)
        if not allowed:
            return None
        wanted = head.headers.get("access-control-request-headers", "")
        if not (wanted.isascii() and wanted.isprintable()):
            wanted = "content-type, authorization"
        return Whole(
            204,
            b"",
            headers=f"{allowed}access-control-allow-methods: GET, POST, DELETE\r\n"
            f"access-control-allow-headers: {wanted}\r\naccess-control-max-age: 600\r\n",
        )

    def show(self, head: Head, answer: Whole | Streamed) -> Whole | Streamed:
        """`answer`, readable by the page that asked where its origin is allowed."""
        allowed = self._allowed(head)
        if not allowed:
            return answer
        return structs.replace(answer, headers=f"{answer.headers}{allowed}access-control-expose-headers: {_SHOWN}\r\n")

    def _allowed(self, head: Head) -> str:
        origin = head.headers.get("origin")
        if origin is None or not ("*" in self._origins or origin in self._origins):
            return ""
        return line("access-control-allow-origin", origin) + "vary: origin\r\n"
