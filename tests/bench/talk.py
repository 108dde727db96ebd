"""What is asked and answered: the bytes of a chat call, whole and streamed, about 1 KB each way."""

import json
from collections.abc import Mapping

CHUNKS = 100
"""Pieces of content in a stream."""
APART = 0.005
"""Seconds between two pieces of a paced stream."""
KEY = "client-key-of-the-bench"
END = b"0\r\n\r\n"
"""Ends a chunked body."""

_SYSTEM = (
    "You answer questions of customers about their orders. Be brief and exact, name the order when one is given, never "
    "invent data, and ask back at most once when a question can be understood in two ways. Stay under a hundred words."
)
_TURNS = (
    ("user", "We ask three vendors for answers, each with keys, retries and errors of its own."),
    ("assistant", "Do you want one endpoint in front of all three, or a library inside your services?"),
    ("user", "One endpoint. Say in a few sentences what it does with a request, what that costs, and what to measure."),
)
WORDS = "A gateway asks who is calling, chooses a provider, passes the request on and counts what it cost. "
_USAGE = {"prompt_tokens": 181, "completion_tokens": 102, "total_tokens": 283}


def ask(
    port: int, model: str, *, stream: bool = False, wish: str = "", padding: int = 0, headers: Mapping[str, str] = {}
) -> bytes:
    """A whole HTTP request, ready to be sent. `wish` asks something special of the mock (see upstream.py), `padding`
    bytes make it longer, and `headers` are sent besides the usual ones."""
    messages = [{"role": "system", "content": _SYSTEM}, *({"role": role, "content": said} for role, said in _TURNS)]
    if padding:
        messages[1]["content"] = (WORDS * (padding // len(WORDS) + 1))[:padding]
    body = {"model": model, "messages": messages, "temperature": 0.7, "top_p": 0.95, "max_tokens": 256}
    if wish:
        body["user"] = wish
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    data = _json(body)
    fields = {
        "host": f"127.0.0.1:{port}",
        "authorization": f"Bearer {KEY}",
        "accept": "*/*",
        "user-agent": "bench",
        "content-type": "application/json",
        "content-length": str(len(data)),
        **headers,
    }
    told = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST /v1/chat/completions HTTP/1.1\r\n{told}\r\n".encode() + data


def answer() -> bytes:
    """A whole HTTP answer."""
    message = {"role": "assistant", "content": WORDS * 8, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    data = _json({**_frame("chat.completion"), "choices": [choice], "usage": _USAGE})
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_1\r\ncontent-length: {len(data)}"
    return f"{head}\r\n\r\n".encode() + data


def stream() -> list[bytes]:
    """A streamed HTTP answer: its head with the first event, each piece of content, and the end of it all."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    pieces = [_event({"content": f"{number:03} {WORDS[:72]}"}) for number in range(CHUNKS)]
    usage = _sse({**_frame("chat.completion.chunk"), "choices": [], "usage": _USAGE})
    last = _event({}, "stop") + _chunk(usage) + _chunk(b"data: [DONE]\n\n") + END
    return [head + _event({"role": "assistant", "content": ""}), *pieces, last]


def repeated(pieces: int) -> list[bytes]:
    """As `stream`, with so many pieces of content."""
    first, *content, last = stream()
    return [first, *(content[number % CHUNKS] for number in range(pieces)), last]


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _chunk(_sse({**_frame("chat.completion.chunk"), "choices": [choice]}))


def _frame(kind: str) -> dict[str, object]:
    return {"id": "chatcmpl-0123456789abcdef", "object": kind, "created": 1_700_000_000, "model": "m"}


def _sse(value: object) -> bytes:
    return b"data: " + _json(value) + b"\n\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
