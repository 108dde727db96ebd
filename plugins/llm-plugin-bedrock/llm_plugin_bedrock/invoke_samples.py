"""Known answers of other vendors' languages as InvokeModel gives them, made of the samples of their dialects."""

import json
from base64 import b64encode

from msgspec import structs

from llm_plugin_bedrock.event_stream import CONTENT_TYPE
from llm_plugin_bedrock.samples import BEDROCK_CONVERSE, by_frame, exception, frame
from lockgate_ports.testkit import KEY, BrokenStream, Sample, Samples, by_blank_line

_DONE = b"[DONE]"


def framed(samples: Samples) -> Samples:
    """`samples`, whose streams are server-sent events, with an event a frame and Bedrock's own error answers."""
    given: dict[bytes, bytes] = {}

    def wrapped(stream: bytes) -> bytes:
        events = [event for event in by_blank_line(stream) if _data(event) not in (b"", _DONE)]
        frames = b"".join(chunk(_data(event)) for event in events)
        given[frames] = b"".join(events).removesuffix(samples.stream_end)
        return frames

    def of(sample: Sample) -> Sample:
        return structs.replace(sample, stream=wrapped(sample.stream))

    begun = b"".join(by_blank_line(samples.broken_stream.stream)[:-1])
    return structs.replace(
        samples,
        text=of(samples.text),
        length=of(samples.length),
        no_usage=of(samples.no_usage),
        tool_call=of(samples.tool_call),
        parallel_tools=of(samples.parallel_tools),
        more=tuple(of(sample) for sample in samples.more),
        broken_stream=BrokenStream(
            stream=wrapped(begun) + exception("serviceUnavailableException", f"no room for {KEY}"), kind="overloaded"
        ),
        malformed_event=chunk(_data(samples.malformed_event)),
        invalid_key=BEDROCK_CONVERSE.invalid_key,
        rate_limited=BEDROCK_CONVERSE.rate_limited,
        server_error=BEDROCK_CONVERSE.server_error,
        more_errors=BEDROCK_CONVERSE.more_errors,
        event_content_type=CONTENT_TYPE,
        split_events=by_frame,
        stream_end=b"",
        relayed=given.__getitem__,
    )


def chunk(event: bytes) -> bytes:
    """One event of a model's own language as Bedrock frames it; `p` is padding, which means nothing. A letter outside
    ASCII in it lets the contract split and cut the stream inside one."""
    payload = json.dumps({"bytes": b64encode(event).decode(), "p": "äbc"}, ensure_ascii=False).encode()
    return frame(payload, event_type="chunk", content_type="application/json", message_type="event")


def _data(event: bytes) -> bytes:
    return b"".join(line.removeprefix(b"data:").strip() for line in event.splitlines() if line.startswith(b"data:"))
