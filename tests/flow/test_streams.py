"""Framing, and the promise that no stream is cut in silence."""

import asyncio
import json

import pytest
from gateway import serving, settings
from upstream import CLOSE, DONE, HANG, RESET, SSE_HEAD, answer, event, http, stream, upstream

ASK = {"model": "fast", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
TEXT = "caf\u00e9 \u6f22 \U0001f680"


def text_of(told) -> str:
    chunks = [json.loads(data) for data in told.events if data != "[DONE]"]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk.get("choices", []))


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
async def test_events_may_be_split_anywhere_and_end_their_lines_as_they_like(size: int, ending: bytes):
    events = event({"role": "assistant", "content": ""}) + event({"content": TEXT}) + event({}, "stop") + DONE
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([SSE_HEAD, *pieces(events.replace(b"\n", ending), size), CLOSE])
        told = await gw.ask(ASK)
        lines = told.body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode().split("\n\n")
        chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
        assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == TEXT
        assert lines[-2:] == ["data: [DONE]", ""]


async def test_comments_multi_line_data_and_a_5_mb_line_go_through():
    big = "z" * 5_000_000
    multi = b'data: {"choices":[{"index":0,\ndata: "delta":{"content":"two"}}]}\n\n'
    script = [
        SSE_HEAD,
        b": ping\n\n",
        event({"content": "one"}),
        multi,
        event({"content": big}),
        event({}, "stop"),
        DONE,
    ]
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([*script, CLOSE])
        told = await gw.ask(ASK)
        assert told.body.count(multi) == 1
        assert big.encode() in told.body
        assert told.events[-1] == "[DONE]"


@pytest.mark.parametrize("end", [CLOSE, RESET])
async def test_a_stream_cut_after_its_first_words_ends_with_an_error_event(end: object):
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([SSE_HEAD, event({"content": "he"}), 0.05, end])
        told = await gw.ask(ASK)
        assert text_of(told) == "he"
        assert "[DONE]" not in told.events
        error = json.loads(told.events[-1])["error"]
        assert error["code"] in ("upstream_stream_truncated", "upstream_transient")
        assert "up: " in error["message"]


async def test_done_without_an_answer_is_an_error():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([SSE_HEAD, DONE, CLOSE])
        assert (await gw.ask(ASK)).status == 502


async def test_a_stream_with_a_finish_but_without_done_is_complete():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say(stream("he", done=False))
        told = await gw.ask(ASK)
        assert told.events[-1] == "[DONE]"
        assert not any("error" in data for data in told.events)


async def test_an_empty_stream_is_retried_and_then_an_error_with_a_status():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([SSE_HEAD, CLOSE])
        told = await gw.ask(ASK)
        assert told.status == 502
        assert len(up.seen) == 3


async def test_an_error_before_the_first_words_has_a_status_and_may_be_retried():
    async with upstream() as up, serving(settings(up.url)) as gw:
        failing = [SSE_HEAD, b'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n', CLOSE]
        up.say(failing, stream("he", "llo"))
        told = await gw.ask(ASK)
        assert (told.status, text_of(told), told.headers["x-lockgate-attempts"]) == (200, "hello", "2")


async def test_a_json_answer_to_a_stream_reaches_the_client_as_a_stream():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer("whole")])
        told = await gw.ask(ASK)
        assert told.headers["content-type"] == "text/event-stream"
        assert text_of(told) == "whole"
        assert told.events[-1] == "[DONE]"


async def test_a_stream_that_stalls_ends_with_a_timeout_error():
    config = settings("http://127.0.0.1:1/v1", timeouts={"idle": 0.2})
    async with upstream() as up:
        config["providers"]["up"]["base_url"] = up.url
        async with serving(config) as gw:
            up.say([SSE_HEAD, event({"content": "he"}), HANG])
            told = await gw.ask(ASK)
            assert json.loads(told.events[-1])["error"]["code"] == "upstream_timeout"


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_client_that_leaves_cancels_the_upstream_call_within_100_ms(streaming: bool):
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([SSE_HEAD, event({"content": "he"}), HANG] if streaming else [HANG])
        asking = asyncio.create_task(gw.ask({**ASK, "stream": streaming}))
        while not up.seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        asking.cancel()
        async with asyncio.timeout(0.1):
            await up.seen[0].left.wait()


async def test_a_slow_client_slows_its_upstream_and_not_memory():
    block = event({"content": "x" * 100_000})
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([SSE_HEAD, *[block] * 2000, event({}, "stop"), DONE, CLOSE])
        async with gw.client.post(gw.url + "/v1/chat/completions", json=ASK) as response:
            await response.content.readany()
            await asyncio.sleep(0.5)
            # 200 MB are on offer; what is not read must still be with the upstream.
            assert not up.seen[0].left.is_set()


async def test_an_html_page_instead_of_a_stream_is_an_error():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([http(b"<html>sign in</html>", content_type="text/html")])
        told = await gw.ask(ASK)
        assert told.status == 502
        assert "web page" in told.json["error"]["message"]
