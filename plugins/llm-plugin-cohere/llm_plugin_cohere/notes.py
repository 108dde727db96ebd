"""What is said about the words of an answer: where citations belong, and log probabilities in OpenAI's form."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_cohere.answer_wire import CITATION, WireCitation, WireLogprob


def citation_of(raw: Raw) -> WireCitation | None:
    """Where a citation belongs; None for what is none."""
    try:
        return CITATION.decode(raw)
    except msgspec.ValidationError:
        return None


def about_text(citation: WireCitation | None) -> bool:
    """Whether it stands for words of the answer, and not of a plan or a thought."""
    return citation is not None and citation.type in (None, "TEXT_CONTENT")


def array(items: Iterable[Raw]) -> Raw:
    """A JSON array of these."""
    return Raw(b"[" + b",".join(bytes(item) for item in items) + b"]")


def logprobs_of(runs: Iterable[WireLogprob]) -> Raw | None:
    """A run of several tokens becomes one entry: its log probability is the sum of theirs."""
    content: list[dict[str, Any]] = [
        {
            "token": run.text or "",
            "logprob": sum(run.logprobs),
            "bytes": list((run.text or "").encode()),
            "top_logprobs": [],
        }
        for run in runs
        if run.logprobs
    ]
    return Raw(msgspec.json.encode({"content": content})) if content else None
