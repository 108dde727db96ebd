"""Chat Completions out of Bedrock's frames: where usage arrives."""

import msgspec
from msgspec import Raw, Struct

from llm_plugin_bedrock.invoke_stream import METRICS, Metrics, plain_sse
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import MEMBERS, NULL, said


class _Chunk(Struct, gc=False, rename={"metrics": METRICS}):
    usage: Raw = NULL
    metrics: Metrics | None = None


_CHUNK = msgspec.json.Decoder(_Chunk)


def with_usage(event: bytes) -> bytes:
    """A chunk as a server-sent event; where Bedrock alone has counted tokens, a chunk of usage follows it."""
    told = plain_sse(event)
    if METRICS.encode() not in event:
        return told
    try:
        chunk = _CHUNK.decode(event)
    except BROKEN:
        return told
    metrics = chunk.metrics
    if said(chunk.usage) or metrics is None or metrics.input_token_count is None:
        return told
    taken, given = metrics.input_token_count, metrics.output_token_count or 0
    kept = {name: value for name, value in MEMBERS.decode(event).items() if name != METRICS}
    usage = {"prompt_tokens": taken, "completion_tokens": given, "total_tokens": taken + given}
    return told + plain_sse(msgspec.json.encode({**kept, "choices": [], "usage": usage}))
