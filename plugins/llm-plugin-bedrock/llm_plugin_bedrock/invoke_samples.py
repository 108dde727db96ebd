"""Known answers of other languages as InvokeModel gives them, made of the samples of their dialects."""

import json
from base64 import b64encode

from msgspec import structs

from llm_plugin_bedrock.event_stream import CONTENT_TYPE, FrameParser
from llm_plugin_bedrock.samples import BEDROCK_CONVERSE, by_frame, exception, frame, read_back
from lockgate_ports.http import HttpRequest
from lockgate_ports.testkit import KEY, Asked, BrokenStream, Sample, Samples, by_blank_line

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


def nova() -> Samples:
    """Those of Converse in Nova's own language: the same answers, each event a member named as Converse names it."""

    def of(sample: Sample) -> Sample:
        return structs.replace(sample, stream=_told(sample.stream))

    begun = b"".join(by_frame(BEDROCK_CONVERSE.broken_stream.stream)[:-1])
    return structs.replace(
        BEDROCK_CONVERSE,
        dialect="bedrock-nova",
        read_back=_asked_by_invoke,
        text=of(BEDROCK_CONVERSE.text),
        length=of(BEDROCK_CONVERSE.length),
        no_usage=of(BEDROCK_CONVERSE.no_usage),
        tool_call=of(BEDROCK_CONVERSE.tool_call),
        parallel_tools=of(BEDROCK_CONVERSE.parallel_tools),
        more=tuple(of(sample) for sample in BEDROCK_CONVERSE.more),
        broken_stream=structs.replace(
            BEDROCK_CONVERSE.broken_stream,
            stream=_told(begun) + exception("serviceUnavailableException", f"no room for {KEY}"),
        ),
        malformed_event=chunk(b'{"contentBlockDelta":{"delta":{"te'),
    )


def _asked_by_invoke(request: HttpRequest) -> Asked:
    return read_back(request, "invoke", "invoke-with-response-stream")


def _told(stream: bytes) -> bytes:
    frames = FrameParser().feed(stream)
    return b"".join(chunk(b'{"%s":%s}' % (each.headers[":event-type"].encode(), each.payload)) for each in frames)


def chunk(event: bytes) -> bytes:
    """One event of a model's own language as Bedrock frames it; `p` is padding, which means nothing. A letter outside
    ASCII in it lets the contract split and cut the stream inside one."""
    payload = json.dumps({"bytes": b64encode(event).decode(), "p": "äbc"}, ensure_ascii=False).encode()
    return frame(payload, event_type="chunk", content_type="application/json", message_type="event")


def _data(event: bytes) -> bytes:
    return b"".join(line.removeprefix(b"data:").strip() for line in event.splitlines() if line.startswith(b"data:"))
