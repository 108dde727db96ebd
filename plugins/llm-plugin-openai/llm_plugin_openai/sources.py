"""What an answer is drawn from, where a server names it beside the choices: `search_results` (Perplexity), or a plain
list of addresses in `citations` (Perplexity, xAI)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.carried import said


class _Result(Struct, gc=False):
    url: str
    title: str | None = None


_RESULTS = msgspec.json.Decoder(list[_Result])
_CITATIONS = msgspec.json.Decoder(list[str])


def annotations_of(citations: Raw, search_results: Raw) -> Raw | None:
    """The same as `annotations` of the type `url_citation`; None where there are none, or in a form not known."""
    notes = _read(_RESULTS, search_results) or [_Result(url) for url in _read(_CITATIONS, citations)]
    return Raw(msgspec.json.encode([_note(note) for note in notes])) if notes else None


def _note(source: _Result) -> dict[str, Any]:
    cited = {"url": source.url} if source.title is None else {"url": source.url, "title": source.title}
    return {"type": "url_citation", "url_citation": cited}


def _read(decoder: msgspec.json.Decoder[list[Any]], raw: Raw) -> list[Any]:
    if not said(raw):
        return []
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        return []
