"""StatusErrors: error answers of providers whose status says why, and whose words say the rest."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from lockgate_ports.carried import is_dict
from lockgate_ports.errors import ErrorKind, UpstreamError
from lockgate_ports.refusals import (
    BY_STATUS,
    SAYS,
    Words,
    kind_of_status,
    refused,
    text_in,
    unreadable,
    unusable,
    value_in,
)
from lockgate_ports.retry_after import retry_after

_KEY = re.compile(r"(invalid|incorrect|no) api (key|token)|api (key|token) (is )?(invalid|not valid|expired)", re.I)
_BUSY = re.compile(r"overloaded|capacity|unavailable", re.I)
_TOO_MANY = re.compile(r"rate limit|too many requests", re.I)


class StatusErrors(Struct, frozen=True, kw_only=True):
    """What is a provider's own. `words` takes the members of an error's JSON object.

    The wordings tell what a status does not: `context` that the prompt is too long, `quota` (at the statuses
    `quota_at`) that there is no more to spend, `filter` that the content was blocked.
    """

    words: Callable[[dict[str, Any]], Words]
    context: re.Pattern[str]
    quota: re.Pattern[str]
    quota_at: tuple[int, ...] = (403, 429)
    filter: re.Pattern[str] | None = None
    by_status: Mapping[int, ErrorKind] = BY_STATUS
    says: Mapping[ErrorKind, str] = SAYS

    def read(self, status: int, headers: Mapping[str, str], body: bytes, dialect: str) -> UpstreamError:
        """An error answer, whatever its shape. Never raises."""
        words = self._words_of(body)
        kind = self._kind(status, words.message)
        return refused(kind, status, words, body, dialect, retry_after=retry_after(headers), says=self.says)

    def inside(self, body: bytes, dialect: str) -> UpstreamError:
        """An error that came with status 200: in place of an answer, or in a stream. Never raises."""
        words = self._words_of(body)
        return refused(self._kind_inside(words.message), 200, words, body, dialect, says=self.says)

    def instead(self, error: Exception, body: bytes, dialect: str) -> UpstreamError:
        """What came with status 200 where an answer should be, and failed to decode with `error`. Never raises."""
        if not isinstance(error, msgspec.ValidationError):
            return unreadable(body)
        if self._words_of(body).envelope:
            return self.inside(body, dialect)
        return unusable(f"JSON of another shape ({error})")

    def _kind(self, status: int, said: str) -> ErrorKind:
        if status in (400, 413, 422):
            if self.context.search(said):
                return "context_length"
            if _KEY.search(said):
                return "auth"
            return "content_filter" if self._filtered(said) else "invalid_request"
        if status in self.quota_at and self.quota.search(said):
            return "quota"
        return kind_of_status(status, self.by_status)

    def _kind_inside(self, said: str) -> ErrorKind:
        if self.context.search(said):
            return "context_length"
        if self._filtered(said):
            return "content_filter"
        if _BUSY.search(said):
            return "overloaded"
        return "rate_limit" if _TOO_MANY.search(said) else "transient"

    def _filtered(self, said: str) -> bool:
        return self.filter is not None and self.filter.search(said) is not None

    def _words_of(self, body: bytes) -> Words:
        told = value_in(body)
        if isinstance(told, str):
            return Words(message=told)
        return self.words(told) if is_dict(told) else Words()


def words_under(*names: str) -> Callable[[dict[str, Any]], Words]:
    """The words of the first member that holds any; the provider's own form is the one with the first name."""

    def words(members: dict[str, Any]) -> Words:
        message = next((text for name in names if (text := text_in(members.get(name)))), "")
        return Words(message=message, envelope=bool(text_in(members.get(names[0]))))

    return words


DETAIL_ERRORS = StatusErrors(
    words=words_under("detail", "message", "error"),
    context=re.compile(
        r"too many tokens|context (length|window)|exceeds? .{0,60}tokens?|tokens? .{0,60}(exceed|too long|greater than)"
        r"|max(imum)? allowed tokens|too long",
        re.I,
    ),
    quota=re.compile(
        r"insufficient.{0,20}balance|out of (credits?|tokens)|quota (is )?(exceeded|exhausted)|/ ?month", re.I
    ),
)
"""Errors that say `{"detail": ...}` (FastAPI, Handling errors), in the wordings of services of vectors and rankings."""
