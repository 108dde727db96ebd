"""Log probabilities: Gemini's `logprobsResult` and OpenAI's form, which the canonical view has (Gemini API reference,
LogprobsResult)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_google.wire import TokenLogprob, WireLogprobs
from lockgate_ports.carried import ENCODE


class _Top(Struct):
    token: str = ""
    logprob: float = 0.0


class _Row(Struct):
    token: str = ""
    logprob: float = 0.0
    top_logprobs: list[_Top] | None = None


class _Logprobs(Struct):
    content: list[_Row] | None = None


_READ = msgspec.json.Decoder(_Logprobs)


def read_logprobs(wire: WireLogprobs | None) -> Raw | None:
    """A JSON object in OpenAI's form, or None where there are none."""
    if wire is None or not wire.chosen_candidates:
        return None
    tops = wire.top_candidates or []
    rows: list[dict[str, Any]] = []
    for place, chosen in enumerate(wire.chosen_candidates):
        near = (tops[place].candidates or []) if place < len(tops) else []
        rows.append(_row(chosen) | {"top_logprobs": [_row(each) for each in near]})
    return Raw(ENCODE({"content": rows}))


def write_logprobs(logprobs: Raw) -> dict[str, Any] | None:
    """`logprobsResult`; None where no token of an answer is told of."""
    rows = _READ.decode(logprobs).content
    if not rows:
        return None
    return {
        "chosenCandidates": [{"token": row.token, "logProbability": row.logprob} for row in rows],
        "topCandidates": [
            {"candidates": [{"token": top.token, "logProbability": top.logprob} for top in row.top_logprobs or ()]}
            for row in rows
        ],
    }


def _row(wire: TokenLogprob) -> dict[str, Any]:
    return {"token": wire.token, "logprob": wire.log_probability, "bytes": list(wire.token.encode())}
