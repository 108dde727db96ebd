"""What clients get wrong: a 4xx in under a second that names the field, and nothing reaches the provider."""

import asyncio
import time

import psutil
import pytest
from gateway import serving, settings
from upstream import answer, upstream

from lockgate.surfaces.bounds import Bounds

GOOD = b'{"model":"fast","messages":[{"role":"user","content":"hi"}]}'
BAD = {
    "empty": (b"", 400, None),
    "not json": (b"{bad", 400, None),
    "cut": (GOOD[:-4], 400, None),
    "array": (b"[]", 400, None),
    "null": (b"null", 400, None),
    "nan": (GOOD[:-1] + b',"temperature":NaN}', 400, None),
    "nul byte": (GOOD.replace(b"hi", b"h\x00i"), 400, None),
    "invalid utf-8": (GOOD.replace(b"hi", b"h\xffi"), 400, None),
    "lone surrogate": (GOOD.replace(b"hi", b"h\\ud800i"), 400, None),
    "lone low surrogate": (GOOD.replace(b"hi", b"h\\udc00i"), 400, None),
    "100k brackets": (b'{"model":"fast","messages":' + b"[" * 100_000, 400, "messages[0]"),
    "100k brackets, closed": (b'{"model":"fast","messages":%s}' % (b"[" * 99_999 + b"]" * 99_999), 400, "messages[0]"),
    "deep unknown field": (GOOD[:-1] + b',"x":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}", 400, None),
    "model missing": (b'{"messages":[{"role":"user","content":"hi"}]}', 400, "model"),
    "model of a wrong type": (GOOD.replace(b'"fast"', b"7"), 400, "model"),
    "model empty": (GOOD.replace(b'"fast"', b'""'), 400, "model"),
    "model with a line break": (GOOD.replace(b'"fast"', b'"fa\\r\\nst"'), 400, "model"),
    "model with NUL": (GOOD.replace(b'"fast"', b'"fast\\u0000"'), 400, "model"),
    "model twice": (GOOD[:-1] + b',"model":"up/other"}', 400, "model"),
    "unknown model": (GOOD.replace(b"fast", b"fats"), 404, "model"),
    "messages missing": (b'{"model":"fast"}', 400, "messages"),
    "messages a string": (b'{"model":"fast","messages":"hi"}', 400, "messages"),
    "messages empty": (b'{"model":"fast","messages":[]}', 400, "messages"),
    "role unknown": (GOOD.replace(b'"user"', b'"wizard"'), 400, "messages[0].role"),
    "content a number": (GOOD.replace(b'"hi"', b"7"), 400, "messages[0].content"),
    "temperature a string": (GOOD[:-1] + b',"temperature":"hot"}', 400, "temperature"),
    "n zero": (GOOD[:-1] + b',"n":0}', 400, "n"),
    "stream a string": (GOOD[:-1] + b',"stream":"yes"}', 400, "stream"),
    "tools a string": (GOOD[:-1] + b',"tools":"x"}', 400, "tools"),
}


@pytest.mark.parametrize("case", BAD)
async def test_bad_bodies_are_refused_by_name_and_go_nowhere(case: str):
    body, status, param = BAD[case]
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        began = time.perf_counter()
        told = await gw.ask(body)
        assert time.perf_counter() - began < 1
        assert told.status == status
        error = told.json["error"]
        assert error["param"] == param
        assert 10 < len(error["message"]) < 600
        assert told.headers["x-request-id"]
        assert up.seen == []
        assert (await gw.ask(GOOD)).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-encoding": "compress"}, 415),
        ({"content-encoding": "gzip"}, 400),
        ({"content-type": "application/json; charset=utf-8"}, 200),
    ],
)
async def test_the_media_type_must_be_json(headers: dict[str, str], status: int):
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        assert (await gw.ask(GOOD, headers=headers)).status == status


async def test_a_body_too_large_is_refused_unread_and_costs_no_memory():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        await gw.ask(GOOD)
        up.seen.clear()
        process = psutil.Process()
        before = process.memory_info().rss
        reader, writer = await asyncio.open_connection("127.0.0.1", gw.listener.port)
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
        writer.write(b"content-length: 104857600\r\n\r\n" + b"x" * 65536)
        began = time.perf_counter()
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 413 " in head
        assert time.perf_counter() - began < 1
        assert process.memory_info().rss - before < 20_000_000
        writer.close()
        assert up.seen == []


async def test_a_chunked_body_too_large_is_refused_when_it_passes_the_bound():
    bounds = Bounds(100_000, 15, 15)
    async with upstream() as up, serving(settings(up.url), bounds=bounds) as gw:

        async def endless():
            for _ in range(100):
                yield b"x" * 10_000

        headers = {"content-type": "application/json"}
        async with gw.client.post(gw.url + "/v1/chat/completions", data=endless(), headers=headers) as response:
            assert response.status == 413
        assert up.seen == []


async def test_a_chunked_body_too_large_that_comes_with_its_head_is_refused():
    async with upstream() as up, serving(settings(up.url), bounds=Bounds(10, 15, 15)) as gw:
        reader, writer = await asyncio.open_connection("127.0.0.1", gw.listener.port)
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        writer.write(head + b"transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD))
        assert b" 413 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()
        assert up.seen == []


async def test_connections_that_dawdle_over_head_or_body_are_dropped():
    bounds = Bounds(100_000, 0.5, 0.5)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    async with upstream() as up, serving(settings(up.url), bounds=bounds) as gw:

        async def dawdle(data: bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", gw.listener.port)
            writer.write(data)
            try:
                async with asyncio.timeout(4):
                    return await reader.read()
            finally:
                writer.close()

        told = await asyncio.gather(
            dawdle(b""), dawdle(b"POST /v1"), dawdle(head), dawdle(head + b'content-length: 50\r\n\r\n{"a')
        )
        assert told[:3] == [b"", b"", b""]
        assert b" 408 " in told[3]


async def test_what_is_not_http_is_neither_echoed_nor_logged(caplog: pytest.LogCaptureFixture):
    async with upstream() as up, serving(settings(up.url)) as gw:
        reader, writer = await asyncio.open_connection("127.0.0.1", gw.listener.port)
        writer.write(b"GET / HTTP/1.1\r\nauthorization Bearer sk-secret-123456789\r\n\r\n")
        told = await reader.read()
        writer.close()
        assert b" 400 " in told
        assert b"sk-secret" not in told
        assert "sk-secret" not in caplog.text


async def test_paths_and_methods_that_are_not_served_are_told_in_json():
    async with upstream() as up, serving(settings(up.url)) as gw:
        told = await gw.get("/v1/nothing")
        assert (told.status, told.json["error"]["code"]) == (404, "not_found")
        told = await gw.get("/v1/chat/completions")
        assert (told.status, told.json["error"]["code"]) == (405, "method_not_allowed")
