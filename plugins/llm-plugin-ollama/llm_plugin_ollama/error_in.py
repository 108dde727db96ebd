"""Ollama's error answers, classified (Ollama API, Errors): `{"error": "..."}` with a status that says why."""

import re

from lockgate_ports.refusals import SAYS
from lockgate_ports.status_errors import StatusErrors, words_under

ERRORS = StatusErrors(
    words=words_under("error", "message", "detail"),
    context=re.compile(
        r"context (length|window|size)|exceeds? .{0,60}(context|tokens?)|prompt (is )?too long|input length exceeds",
        re.I,
    ),
    quota=re.compile(r"usage limit|quota|out of credits?|upgrade", re.I),
    says={
        **SAYS,
        "not_found": "does not know the model or path; pull the model, or check its name and base_url",
    },
)
