"""Estimated token counts: near what tokenizers say, for words, tools and pictures alike."""

import struct
from base64 import b64encode

import pytest
from fakes import Bench, FakeModel
from msgspec import Raw

from lockgate_core.estimate import estimate_text, estimate_tokens
from lockgate_core.picture_size import picture_size
from lockgate_ports.chat import ChatRequest, FunctionTool
from lockgate_ports.errors import NotOffered, UpstreamError
from lockgate_ports.parts import Image, InlineSource, Text, ToolCall, UrlSource, assistant, tool, user
from lockgate_ports.wire import Request

COUNTED = {
    "The quick brown fox jumps over the lazy dog. It was a bright cold day, and the clocks were striking.": 23,
    "def add(first: int, second: int) -> int:\n    return first + second\n": 19,
    "Der schnelle braune Fuchs springt \u00fcber den faulen Hund.": 15,
    "\u4eca\u65e5\u306f\u3068\u3066\u3082\u5929\u6c17\u304c\u3044\u3044\u3067\u3059\u306d\u3002": 12,
    "\u0421\u0435\u0433\u043e\u0434\u043d\u044f \u0445\u043e\u0440\u043e\u0448\u0430\u044f "
    "\u043f\u043e\u0433\u043e\u0434\u0430.": 10,
}
"""What o200k, cl100k, Claude's published tokenizer and Tekken say on the average."""


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    return b64encode(head).decode()


def jpeg(width: int, height: int) -> str:
    preview = b"\xff\xe1" + struct.pack(">H", 602) + bytes(600)
    frame = b"\xff\xc0" + struct.pack(">HBHH", 11, 8, height, width)
    return b64encode(b"\xff\xd8" + preview + frame + bytes(9)).decode()


def webp(kind: bytes, body: bytes) -> str:
    return b64encode(b"RIFF\0\0\0\0WEBP" + kind + bytes(4) + body + bytes(20)).decode()


@pytest.mark.parametrize("text", COUNTED)
def test_words_weigh_about_what_a_tokenizer_says(text: str):
    assert estimate_text(text) == pytest.approx(COUNTED[text], rel=0.35)


def test_no_words_are_no_tokens_and_half_a_character_is_no_fault():
    assert estimate_text("") == 0
    assert estimate_text("a\ud800b") > 0


def test_every_part_of_a_request_counts():
    bare = ChatRequest(model="m", messages=(user("Hi"),))
    more = [
        ChatRequest(model="m", messages=(user("Hi"), assistant("Hello"))),
        ChatRequest(model="m", messages=(user("Hi", Image(UrlSource("https://a/b.png"))),)),
        ChatRequest(model="m", messages=(user("Hi", Text("more")),)),
        ChatRequest(model="m", messages=(user("Hi"), assistant(ToolCall("c", "f", '{"a": 1}')), tool("c", "sun"))),
        ChatRequest(
            model="m", messages=(user("Hi"),), tools=(FunctionTool("f", "Does it", Raw(b'{"type":"object"}')),)
        ),
    ]
    assert all(estimate_tokens(each) > estimate_tokens(bare) for each in more)
    assert 5 <= estimate_tokens(bare) <= 12


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (png(640, 480), (640, 480)),
        (b64encode(b"GIF89a" + struct.pack("<HH", 30, 20) + bytes(8)).decode(), (30, 20)),
        (jpeg(1920, 1080), (1920, 1080)),
        (webp(b"VP8X", bytes(4) + (99).to_bytes(3, "little") + (49).to_bytes(3, "little")), (100, 50)),
        (webp(b"VP8L", b"\x2f" + ((99 | 49 << 14).to_bytes(4, "little"))), (100, 50)),
        (webp(b"VP8 ", bytes(6) + struct.pack("<HH", 100, 50)), (100, 50)),
        ("", None),
        ("%%%", None),
        (b64encode(b"no picture at all, but words").decode(), None),
        (b64encode(b"\xff\xd8\xff").decode(), None),
    ],
)
def test_a_pictures_size_is_read_from_its_head(data: str, size: tuple[int, int] | None):
    assert picture_size(data) == size


def test_a_picture_weighs_by_its_size_and_never_more_than_providers_make_of_it():
    def weight(data: str, detail: str | None = None) -> int:
        shown = Image(InlineSource(data), detail)
        return estimate_tokens(ChatRequest(model="m", messages=(user(shown),)))

    small, middle, large = (weight(png(side, side)) for side in (64, 800, 8000))
    assert small < middle < large < 1700
    assert weight(png(800, 800), "low") < middle


async def test_who_does_not_count_is_estimated_for_and_said_to_be():
    bench = Bench(a=FakeModel(NotOffered("a offers no count tokens")))
    view = ChatRequest(model="r", messages=(user("Hi"),))
    answer = await bench.engine.answer(
        Request(operation="count_tokens", model="r", stream=False, view=view), request_id="q"
    )
    assert (answer.reply.view.input_tokens, answer.reply.view.estimated) == (estimate_tokens(view), True)
    assert str(answer.served.target) == "a/m"
    assert bench.metrics.calls[0].error is None


async def test_a_count_that_fails_is_not_guessed():
    bench = Bench(a=FakeModel(UpstreamError("no key", kind="auth")))
    view = ChatRequest(model="r", messages=(user("Hi"),))
    with pytest.raises(UpstreamError):
        await bench.engine.answer(Request(operation="count_tokens", model="r", stream=False, view=view), request_id="q")
