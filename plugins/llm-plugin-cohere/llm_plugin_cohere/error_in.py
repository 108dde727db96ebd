"""Cohere's error answers, classified (Cohere API, Errors): `{"message": "..."}` with a status that says why."""

import re
from typing import Any

from lockgate_ports.refusals import BY_STATUS, SAYS, Words
from lockgate_ports.status_errors import StatusErrors


def _words(members: dict[str, Any]) -> Words:
    message = members.get("message")
    for name in ("error", "detail"):
        message = message if isinstance(message, str) and message else members.get(name)
    request_id = members.get("id")
    return Words(
        message=message.strip() if isinstance(message, str) else "",
        request_id=request_id if isinstance(request_id, str) and request_id else None,
        envelope=isinstance(members.get("message"), str),
    )


ERRORS = StatusErrors(
    words=_words,
    context=re.compile(
        r"too many tokens|context (length|window)|exceeds? (the )?(maximum|model|limit|context).{0,60}token"
        r"|token.{0,40}(exceed|too long|larger than)|reduce the length|maximum.{0,30}tokens",
        re.I,
    ),
    quota=re.compile(r"/ ?month|per month|monthly|billing|spending|credit", re.I),
    quota_at=(429,),
    filter=re.compile(r"blocked (in|out)put|deny.?listed|unsafe|content policy|safety", re.I),
    by_status={**BY_STATUS, 498: "content_filter", 499: "transient", 501: "fatal"},
    says={**SAYS, "content_filter": "blocks the content"},
)
