"""Questions to a ledger in people's words, and answers as rows: the same for the command line and the admin pages."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
from msgspec import structs

from lockgate_ports.errors import InvalidRequest
from lockgate_ports.ledger import (
    AuditEvent,
    AuditKind,
    AuditQuery,
    AuditRow,
    KeptContent,
    LedgerPort,
    UsageKey,
    UsageQuery,
    UsageSum,
)

_AGO = re.compile(r"(\d{1,6})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def moment(text: str | None, now: float) -> float | None:
    """Seconds since 1970: `7d` (days, weeks, hours, minutes, seconds ago) or an ISO date or time, in UTC unless it says
    otherwise. Raises InvalidRequest."""
    if not text:
        return None
    if ago := _AGO.fullmatch(text.strip()):
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidRequest(f"{text[:50]!r} is no time: write 7d, 24h, or a date such as 2026-11-20") from None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def usage_query(by: str | None, since: str | None, until: str | None, tenant: str | None, now: float) -> UsageQuery:
    """`by` is a list of keys with commas. Raises InvalidRequest."""
    return UsageQuery(
        by=_known([word.strip() for word in (by or "").split(",") if word.strip()], UsageKey, "by"),
        since=moment(since, now),
        until=moment(until, now),
        tenant=tenant or None,
    )


def audit_query(kinds: Iterable[str], since: str | None, until: str | None, most: int, now: float) -> AuditQuery:
    """Raises InvalidRequest."""
    return AuditQuery(
        kinds=_known(list(kinds), AuditKind, "kind"), since=moment(since, now), until=moment(until, now), most=most
    )


def usage_rows(query: UsageQuery, sums: Sequence[UsageSum]) -> list[dict[str, Any]]:
    """A row for each sum: its group's values by their keys, then its numbers; dollars as exact text."""
    return [
        dict(zip(query.by, each.group, strict=True))
        | {name: value for name, value in structs.asdict(each).items() if name != "group"}
        | {"usd": f"{each.usd:f}", "estimated_usd": f"{each.estimated_usd:f}"}
        for each in sums
    ]


def audit_rows(rows: Sequence[AuditRow]) -> list[dict[str, Any]]:
    """A row for each event; `at` is in UTC."""
    return [
        {"number": row.number, "at": datetime.fromtimestamp(row.at, UTC).isoformat(timespec="milliseconds")}
        | structs.asdict(row.event)
        for row in rows
    ]


def content_rows(found: Sequence[KeptContent]) -> list[dict[str, Any]]:
    """A row for each call; `at` is in UTC, `prompt` and `answer` are JSON."""
    return [
        {
            "number": each.number,
            "at": datetime.fromtimestamp(each.at, UTC).isoformat(timespec="milliseconds"),
            "request_id": each.content.request_id,
            "intact": each.intact,
            "cut": each.content.cut,
            "prompt": _raw(each.content.prompt),
            "answer": _raw(each.content.answer),
        }
        for each in found
    ]


async def read_content(ledger: LedgerPort, request_id: str, actor: str) -> list[dict[str, Any]]:
    """What is kept of the prompts and answers of calls with this id; that somebody read it is written down first."""
    event = AuditEvent(kind="content_read", actor=actor, subject=f"request:{request_id[:128]}")
    if (written := ledger.append(event)) is not None:
        await written
    return content_rows(await ledger.content(request_id))


def _raw(text: str | None) -> msgspec.Raw | None:
    return None if text is None else msgspec.Raw(text.encode())


def _known(words: list[str], kinds: Any, what: str) -> tuple[Any, ...]:
    known = get_args(kinds)
    for word in words:
        if word not in known:
            raise InvalidRequest(f"{what}: {word[:50]!r} is none of {', '.join(known)}", param=what)
    return tuple(dict.fromkeys(words))
