"""What the mock answers in the languages of Anthropic and Gemini: as much as in OpenAI's, in as many pieces."""

import json

from talk import CHUNKS, END, WORDS

_ASKED, _ANSWERED = 181, 102


def claude() -> bytes:
    """A whole message, as an HTTP answer."""
    return _answer({**_message(), "content": [{"type": "text", "text": WORDS * 8}], "stop_reason": "end_turn"})


def claude_stream() -> bytes:
    """A streamed message, as an HTTP answer."""
    begun = {**_message(), "content": [], "stop_reason": None}
    events = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(_delta(number) for number in range(CHUNKS)),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": _ANSWERED}},
        {"type": "message_stop"},
    ]
    return _stream([f"event: {each['type']}\ndata: {_json(each)}\n\n" for each in events])


def gemini() -> bytes:
    """A whole answer of generateContent."""
    return _answer(_generated(WORDS * 8, last=True))


def gemini_stream() -> bytes:
    """An answer of streamGenerateContent."""
    pieces = (_generated(f"{number:03} {WORDS[:72]}", last=number == CHUNKS - 1) for number in range(CHUNKS))
    return _stream([f"data: {_json(piece)}\r\n\r\n" for piece in pieces])


def _message() -> dict[str, object]:
    usage = {"input_tokens": _ASKED, "output_tokens": _ANSWERED}
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "usage": usage}


def _delta(number: int) -> dict[str, object]:
    text = f"{number:03} {WORDS[:72]}"
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


def _generated(text: str, *, last: bool) -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    if last:
        candidate["finishReason"] = "STOP"
    total = _ASKED + _ANSWERED
    usage = {"promptTokenCount": _ASKED, "candidatesTokenCount": _ANSWERED, "totalTokenCount": total}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r_1"}


def _answer(value: object) -> bytes:
    data = _json(value).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


def _stream(events: list[str]) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(each), each.encode()) for each in events) + END


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
