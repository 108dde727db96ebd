"""The server itself: what HTTP/1.1 promises to clients that keep to it, and what it refuses to all others."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from gateway import CANARY, Served, serving, settings
from upstream import CLOSE, DONE, HANG, SSE_HEAD, Seen, answer, event, http, upstream

from lockgate.surfaces import connection, request_reader
from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.exchange import Exchange
from lockgate.surfaces.lines import id_line, lines, with_theirs
from lockgate.surfaces.replies import Streamed, Whole, Write

BODY = b'{"model":"fast","messages":[{"role":"user","content":"hi"}]}'
STREAM = BODY[:-1] + b',"stream":true}'
POST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"


def post(body: bytes = BODY, extra: bytes = b"") -> bytes:
    return POST + extra + b"content-length: %d\r\n\r\n%s" % (len(body), body)


class Wire:
    """A client on a raw socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        async with asyncio.timeout(5):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self) -> tuple[int, bytes, bytes]:
        """Status, head and body of an answer that says its length."""
        head = await self.head()
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), head, await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        async with asyncio.timeout(5):
            return await self.reader.read()


@asynccontextmanager
async def wired(gw: Served) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gw.listener.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


def echo(seen: Seen) -> list[bytes | float | object]:
    """Says what it was asked; the first of several takes the longest."""
    said = seen.json["messages"][0]["content"]
    return [0.2 if said == "0" else 0.0, answer(said)]


def asking(what: object) -> bytes:
    return post(BODY.replace(b"hi", str(what).encode()))


async def test_requests_sent_ahead_are_answered_in_their_order():
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say(echo)
        wire.send(b"".join(asking(number) for number in range(5)) + HEALTH)
        for number in range(5):
            status, _, body = await wire.answer()
            assert (status, json.loads(body)["choices"][0]["message"]["content"]) == (200, str(number))
        assert json.loads((await wire.answer())[2])["status"] == "ok"


async def test_a_client_that_sends_too_many_requests_ahead_is_dropped():
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([HANG])
        wire.send(post())
        while not up.seen:
            await asyncio.sleep(0.01)
        wire.send(HEALTH * 200)
        await asyncio.wait_for(up.seen[0].left.wait(), 1)


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_request_may_be_split_anywhere(size: int):
    halves = b"%x\r\n%b\r\n%x;note=x\r\n%b\r\n0\r\n\r\n" % (20, BODY[:20], len(BODY) - 20, BODY[20:])
    for data in (post(), CHUNKED + halves):
        async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
            up.say([answer()])
            for at in range(0, len(data), size):
                wire.send(data[at : at + size])
                await asyncio.sleep(0)
            assert (await wire.answer())[0] == 200
            assert up.seen[0].body == BODY.replace(b'"fast"', b'"m"')


async def test_a_large_body_arrives_whole():
    body = BODY.replace(b"hi", b"x" * 5_000_000)
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([answer()])
        for data in (post(body), CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)):
            wire.send(data)
            assert (await wire.answer())[0] == 200
            assert up.seen.pop().body == body.replace(b'"fast"', b'"m"')


async def test_a_client_that_asks_first_is_told_to_go_on():
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([answer()])
        wire.send(POST + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(BODY))
        assert await wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(BODY)
        assert (await wire.answer())[0] == 200


async def test_a_client_that_asks_first_may_be_refused_without_its_body():
    async with upstream() as up, serving(settings(up.url), bounds=Bounds(10, 15, 15)) as gw, wired(gw) as wire:
        wire.send(POST + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(BODY))
        status, head, _ = await wire.answer()
        assert status == 413
        # Whether the body still comes is not known: what follows could be taken for it, or it for the next request.
        assert b"connection: close" in head
        assert await wire.rest() == b""


@pytest.mark.parametrize("field", [("x-a", "b\r\nset-cookie: c"), ("x-a", "b\nc"), ("x-a", "b\rc"), ("x-a\r\nb", "c")])
def test_a_line_break_in_a_field_never_makes_two_of_one(field: tuple[str, str]):
    fields = (("x-b", "fine"), field)
    with pytest.raises(ValueError, match="line break"):
        lines(fields)
    with pytest.raises(ValueError, match="line break"):
        with_theirs(id_line("r"), fields)


TWO_WAYS = {
    "length and chunks": POST + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
    "length twice": POST + b"content-length: 4\r\ncontent-length: 4\r\n\r\nabcd",
    "length a list": POST + b"content-length: 4, 4\r\n\r\nabcd",
    "length signed": POST + b"content-length: +4\r\n\r\nabcd",
    "length negative": POST + b"content-length: -4\r\n\r\nabcd",
    "length empty": POST + b"content-length:\r\n\r\nabcd",
    "length beyond numbers": POST + b"content-length: 99999999999999999999999\r\n\r\nabcd",
    "line feeds alone": POST.replace(b"\r\n", b"\n") + b"content-length: 4\n\nabcd",
    "one line feed alone": POST + b"a: b\ncontent-length: 4\r\n\r\nabcd",
    "carriage return alone": POST + b"a: b\rcontent-length: 4\r\n\r\nabcd",
    "a folded field": POST + b"a: b\r\n c\r\ncontent-length: 4\r\n\r\nabcd",
    "a folded coding": POST + b"transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": POST + b"content-length : 4\r\n\r\nabcd",
    "another coding": POST + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding in HTTP/1.0": POST.replace(b"1.1", b"1.0") + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a NUL": POST + b"a: b\0c\r\ncontent-length: 4\r\n\r\nabcd",
    "no host": POST.replace(b"host: x\r\n", b"") + b"content-length: 4\r\n\r\nabcd",
    "two hosts": POST + b"host: y\r\ncontent-length: 4\r\n\r\nabcd",
    "HTTP/0.9": b"GET /health\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/2 by its version alone": HEALTH.replace(b"1.1", b"2.0"),
    "TLS": bytes.fromhex("16030100a5010000a10303"),
    "no method of HTTP": HEALTH.replace(b"GET", b"get"),
}


@pytest.mark.parametrize("case", TWO_WAYS)
async def test_what_two_readers_could_take_for_two_things_is_refused_and_ends_the_connection(case: str):
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([answer()])
        wire.send(TWO_WAYS[case])
        status, head, body = await wire.answer()
        assert (status, json.loads(body)["error"]["code"]) == (400, "bad_http")
        assert b"connection: close" in head
        wire.send(HEALTH)
        assert await wire.rest() == b""
        assert up.seen == []


@pytest.mark.parametrize(
    "chunks",
    [b"0x3c\r\n", b"-1\r\n", b"3c \r\n", b"3c\n", b"fffffffffffffffff\r\n", b"4\r\nabcdX\r\n", b"4;a\nabcd\r\n"],
)
async def test_chunks_that_are_none_are_refused_and_end_the_connection(chunks: bytes):
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        wire.send(CHUNKED + chunks + BODY + b"\r\n0\r\n\r\n" + HEALTH)
        status, head, body = await wire.answer()
        assert (status, json.loads(body)["error"]["code"]) == (400, "bad_http")
        assert b"connection: close" in head
        assert await wire.rest() == b""
        assert up.seen == []


async def test_what_came_before_nonsense_is_answered_first():
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([0.1, answer()])
        wire.send(post() + b"nonsense\r\n\r\n")
        assert (await wire.answer())[0] == 200
        assert (await wire.answer())[0] == 400
        assert await wire.rest() == b""


@pytest.mark.parametrize(
    "head",
    [
        b"a: " + b"x" * 70_000 + b"\r\n\r\n",
        b"".join(b"a%d: x\r\n" % number for number in range(3000)) + b"\r\n",
        b"a: " + b"x" * 70_000,
    ],
)
@pytest.mark.parametrize("size", [1000, 5000, 1_000_000])
async def test_a_head_without_bounds_is_refused(head: bytes, size: int):
    data = HEALTH[:-2] + head
    async with serving(settings("http://127.0.0.1:9/v1")) as gw, wired(gw) as wire:
        for at in range(0, len(data), size):
            wire.send(data[at : at + size])
            await asyncio.sleep(0.001)
        status, _, body = await wire.answer()
        assert (status, json.loads(body)["error"]["code"]) == (431, "request_head_too_large")
        assert await wire.rest() == b""


async def test_a_heavy_head_behind_a_request_is_refused_and_the_request_answered():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw, wired(gw) as wire:
        wire.send(HEALTH + HEALTH[:-2] + b"".join(b"a%d:\r\n" % number for number in range(2000)) + b"\r\n")
        assert (await wire.answer())[0] == 200
        assert (await wire.answer())[0] == 431
        assert await wire.rest() == b""


async def test_what_stands_between_and_behind_chunks_is_bounded_too():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw:
        for begun in (b"1;a=", b"1\r\n{\r\n0\r\na: "):
            async with wired(gw) as wire:
                wire.send(CHUNKED + begun)
                for _ in range(20):
                    wire.send(b"x" * 10_000)
                    await asyncio.sleep(0.001)
                assert (await wire.answer())[0] == 431


async def test_fields_behind_a_chunked_body_say_nothing():
    config = settings("http://127.0.0.1:9/v1", server={"client_credential_refs": ["env:CLIENT_KEY"]})
    async with serving(config) as gw, wired(gw) as wire:
        wire.send(b"GET /v1/models HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        wire.send(b"0\r\nauthorization: Bearer sk-client\r\n\r\n")
        assert (await wire.answer())[0] == 401


async def test_names_of_fields_are_remembered_within_bounds():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw, wired(gw) as wire:
        for start in range(0, 2000, 100):
            names = [b"X-%d" % number for number in range(start, start + 100)] + [b"x" * 5000]
            wire.send(HEALTH[:-2] + b"".join(b"%b: y\r\n" % name for name in names) + b"\r\n")
            assert (await wire.answer())[0] == 200
    assert 0 < len(request_reader._NAMES) <= 512
    assert max(map(len, request_reader._NAMES)) <= 64


async def test_two_keys_are_no_key():
    config = settings("http://127.0.0.1:9/v1", server={"client_credential_refs": ["env:CLIENT_KEY"]})
    async with serving(config) as gw, wired(gw) as wire:
        key = b"authorization: Bearer sk-client\r\n"
        wire.send(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n%s\r\n" % key)
        assert (await wire.answer())[0] == 200
        wire.send(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n%s%s\r\n" % (key, key))
        assert (await wire.answer())[0] == 401


async def test_http_1_0_is_answered_and_its_connection_closed_unless_it_asks():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw:
        async with wired(gw) as wire:
            wire.send(b"GET /health HTTP/1.0\r\n\r\n")
            assert (await wire.answer())[0] == 200
            assert await wire.rest() == b""
        async with wired(gw) as wire:
            for _ in range(2):
                wire.send(b"GET /health HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
                assert b"connection: keep-alive" in (await wire.answer())[1]


async def test_a_stream_to_http_1_0_has_no_chunks_and_ends_with_its_connection():
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([SSE_HEAD, event({"content": "a"}), event({}, "stop"), DONE, CLOSE])
        wire.send(post(STREAM, b"connection: keep-alive\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert b"chunked" not in await wire.head()
        assert await wire.rest() == event({"content": "a"}) + event({}, "stop") + DONE


async def test_head_is_answered_with_the_length_and_no_body():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw, wired(gw) as wire:
        wire.send(HEALTH.replace(b"GET", b"HEAD") + HEALTH)
        head = await wire.head()
        status, _, body = await wire.answer()
        assert status == 200
        assert b"content-length: %d\r\n" % len(body) in head


async def test_a_target_may_be_a_whole_url_and_other_forms_are_not_found():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw:
        forms = {
            b"GET http://elsewhere/health?a=b": 200,
            b"GET http://elsewhere": 404,
            b"OPTIONS *": 404,
            b"CONNECT a:443": 404,
            b"GET /health?%ff=%ff&a&=b": 200,
        }
        for form, status in forms.items():
            async with wired(gw) as wire:
                wire.send(form + b" HTTP/1.1\r\nhost: x\r\n\r\n")
                assert (await wire.answer())[0] == status


@pytest.mark.parametrize("size", [1, 10_000])
async def test_the_wish_for_another_protocol_is_ignored(size: int):
    wish = b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
    chunked = CHUNKED.replace(b"\r\n\r\n", b"\r\n" + wish + b"\r\n") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    data = post(extra=wish) + HEALTH.replace(b"host", wish + b"host") + chunked + HEALTH
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([answer()])
        for at in range(0, len(data), size):
            wire.send(data[at : at + size])
            await asyncio.sleep(0)
        for _ in range(4):
            assert (await wire.answer())[0] == 200
        assert [seen.body for seen in up.seen] == [BODY.replace(b'"fast"', b'"m"')] * 2


async def test_nothing_is_answered_after_connection_close():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw, wired(gw) as wire:
        wire.send(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" + HEALTH)
        assert b"connection: close" in (await wire.answer())[1]
        assert await wire.rest() == b""


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_client_that_says_it_sends_no_more_has_left(streaming: bool):
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([SSE_HEAD, event({"content": "he"}), HANG] if streaming else [HANG])
        wire.send(post(STREAM if streaming else BODY))
        while not up.seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        wire.writer.write_eof()
        async with asyncio.timeout(0.1):
            await up.seen[0].left.wait()


async def test_a_refusal_reaches_a_client_that_is_still_sending():
    bounds = Bounds(1_000_000, 15, 15)
    async with serving(settings("http://127.0.0.1:9/v1"), bounds=bounds) as gw, wired(gw) as wire:
        wire.send(POST + b"content-length: 3000000\r\n\r\n")
        for _ in range(30):
            wire.send(b"x" * 100_000)
            await asyncio.sleep(0.005)
        status, head, _ = await wire.answer()
        assert status == 413
        assert b"connection: close" in head


async def test_a_refusal_before_a_short_body_leaves_the_connection_in_use():
    config = settings("http://127.0.0.1:9/v1", server={"client_credential_refs": ["env:CLIENT_KEY"]})
    async with serving(config) as gw, wired(gw) as wire:
        wire.send(POST + b"content-length: %d\r\n\r\n" % len(BODY))
        assert (await wire.answer())[0] == 401
        wire.send(BODY + HEALTH)
        assert (await wire.answer())[0] == 200


async def test_a_long_answer_may_be_read_slowly_but_not_left_lying(monkeypatch: pytest.MonkeyPatch):
    text = "x" * 20_000_000
    big = http(json.dumps({"choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop"}]}).encode())
    async with upstream() as up, serving(settings(up.url), bounds=Bounds(2**20, 0.2, 15)) as gw:
        up.say([big])
        async with wired(gw) as wire:
            wire.send(post())
            await asyncio.sleep(0.6)
            _, _, body = await wire.answer()
            assert text.encode() in body
        monkeypatch.setattr(connection, "_UNSENT_FOR", 0.5)
        async with wired(gw) as wire:
            wire.send(post())
            for _ in range(10):
                await asyncio.sleep(0.1)
                await wire.reader.readexactly(1_000_000)
        async with wired(gw) as wire:
            wire.send(post())
            await asyncio.sleep(1.5)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await wire.answer()


async def test_what_a_client_does_not_take_is_not_piled_up():
    block = event({"content": "x" * 100_000})
    big = http(json.dumps({"choices": [{"index": 0, "message": {"content": "x" * 8_000_000}}]}).encode())
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as stream, wired(gw) as whole:
        up.say(lambda seen: [SSE_HEAD, *[block] * 500, CLOSE] if seen.json.get("stream") else [big])
        stream.send(post(STREAM))
        whole.send(post() * 5)
        await asyncio.sleep(0.7)
        assert len(up.seen) == 2
        unsent = [each._transport.get_write_buffer_size() for each in gw.listener._service.open]
        assert max(unsent) < 9_000_000
        assert min(unsent) < 1_000_000


async def test_an_idle_connection_is_dropped_but_not_one_that_waits_for_its_answer():
    bounds = Bounds(2**20, 0.2, 15, idle_timeout=0.3)
    async with upstream() as up, serving(settings(up.url), bounds=bounds) as gw, wired(gw) as wire:
        up.say([0.6, answer()])
        wire.send(post())
        assert (await wire.answer())[0] == 200
        assert await wire.rest() == b""


async def test_a_connection_is_kept_for_its_next_request_longer_than_a_head_may_take():
    async with upstream() as up, serving(settings(up.url), bounds=Bounds(2**20, 0.2, 15)) as gw, wired(gw) as wire:
        wire.send(HEALTH)
        assert (await wire.answer())[0] == 200
        await asyncio.sleep(0.8)
        wire.send(HEALTH)
        assert (await wire.answer())[0] == 200
        wire.send(HEALTH[:-2])
        assert await wire.rest() == b""


async def test_stopping_answers_what_is_in_progress_and_drops_what_is_idle():
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as busy, wired(gw) as idle:
        up.say([0.3, answer()])
        idle.send(HEALTH)
        await idle.answer()
        busy.send(post() + post())
        while not up.seen:
            await asyncio.sleep(0.01)
        stopping = asyncio.create_task(gw.listener.stop())
        assert await idle.rest() == b""
        assert b"connection: close" not in (await busy.answer())[1]
        status, head, _ = await busy.answer()
        assert status == 200
        assert b"connection: close" in head
        assert await busy.rest() == b""
        await stopping
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", gw.listener.port)


async def test_stopping_cuts_off_what_does_not_end_in_time():
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([SSE_HEAD, event({"content": "he"}), HANG])
        gw.listener._drain_timeout = 0.1
        wire.send(post(STREAM))
        await wire.head()
        await gw.listener.stop()
        await asyncio.wait_for(up.seen[0].left.wait(), 0.5)


async def test_a_fault_of_ours_never_looks_like_a_whole_answer(caplog: pytest.LogCaptureFixture):
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:

        async def broken(write: Write) -> bytes:
            write(b"data: 1\n\n")
            raise KeyError(secret)

        async def close() -> None:
            closed.set()

        secret = CANARY
        closed = asyncio.Event()

        async def handle(*_: object) -> Streamed:
            return Streamed(broken, close, "text/event-stream")

        gw.listener._service.door.handle = handle
        wire.send(post(STREAM))
        told = await wire.rest()
        assert b"data: 1" in told
        assert not told.endswith(b"0\r\n\r\n")
        assert closed.is_set()
        assert "KeyError" in caplog.text
        assert CANARY not in caplog.text


async def test_the_head_of_a_stream_does_not_wait_for_its_first_piece():
    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:

        async def slow(write: Write) -> bytes:
            await asked.wait()
            write(b"data: 1\n\n")
            return b"data: 2\n\n"

        async def close() -> None: ...

        async def handle(*_: object) -> Streamed:
            return Streamed(slow, close, "text/event-stream")

        asked = asyncio.Event()
        gw.listener._service.door.handle = handle
        wire.send(post(STREAM))
        await asyncio.wait_for(wire.head(), 1)
        asked.set()
        assert b"data: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n" in await wire.reader.readuntil(b"\r\n0\r\n\r\n")


async def test_a_connection_whose_answering_is_cancelled_ends():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw, wired(gw) as wire:

        async def handle(*_: object) -> None:
            raise asyncio.CancelledError

        gw.listener._service.door.handle = handle
        wire.send(HEALTH)
        assert await wire.rest() == b""


async def test_a_connection_that_waits_for_its_next_request_holds_nothing_of_the_last_one():
    def held() -> int:
        gc.collect()
        return sum(type(each) in (Exchange, Whole) for each in gc.get_objects())

    async with upstream() as up, serving(settings(up.url)) as gw, wired(gw) as wire:
        up.say([answer()])
        before = held()
        for _ in range(2):
            wire.send(post())
            assert (await wire.answer())[0] == 200
            assert held() == before
        wire.writer.close()
        await asyncio.sleep(0.05)
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "lockgate-connection"]


async def test_every_answer_is_dated_and_tells_no_version():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw:
        told = await gw.get("/health")
        assert told.headers["server"] == "lockgate"
        assert told.headers["date"].endswith(" GMT")
