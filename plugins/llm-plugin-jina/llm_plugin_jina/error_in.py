"""Jina AI's error answers, classified (Jina AI API, Errors): `{"detail": ...}` with a status that says why."""

import re

from lockgate_ports.status_errors import StatusErrors, words_under

ERRORS = StatusErrors(
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
