"""Log probabilities, between the four lists of Completions and the rows of Chat Completions (OpenAI API reference)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.completions.wire import LOGPROBS
from lockgate_ports.carried import said


class _Top(Struct, gc=False):
    token: str
    logprob: float


class _Row(Struct, gc=False):
    token: str
    logprob: float
    top_logprobs: list[_Top] = []


class _Rows(Struct, gc=False):
    content: list[_Row] | None = None


_ROWS = msgspec.json.Decoder(_Rows)


def chat_logprobs(raw: Raw) -> Raw | None:
    """The rows; None where there are none, or in a form that is not known."""
    if not said(raw):
        return None
    try:
        wire = LOGPROBS.decode(raw)
    except msgspec.ValidationError:
        return None
    tokens, values = wire.tokens or [], wire.token_logprobs or []
    tops = wire.top_logprobs or [None] * len(tokens)
    rows = [
        {
            "token": token,
            "logprob": value if value is not None else 0.0,
            "bytes": list(token.encode()),
            "top_logprobs": [
                {"token": each, "logprob": chance, "bytes": list(each.encode())} for each, chance in (top or {}).items()
            ],
        }
        for token, value, top in zip(tokens, values, tops, strict=False)
    ]
    return Raw(msgspec.json.encode({"content": rows, "refusal": None})) if rows else None


def list_logprobs(raw: Raw | None, offset: int) -> tuple[dict[str, Any] | None, int]:
    """The four lists, and where the text goes on behind them; `offset` is where it begins, in characters."""
    content = _ROWS.decode(raw).content if raw is not None else None
    if not content:
        return None, offset
    offsets: list[int] = []
    for row in content:
        offsets.append(offset)
        offset += len(row.token)
    lists = {
        "tokens": [row.token for row in content],
        "token_logprobs": [row.logprob for row in content],
        "top_logprobs": [{top.token: top.logprob for top in row.top_logprobs} for row in content],
        "text_offset": offsets,
    }
    return lists, offset
