"""An event of a stream that makes no sense is left out and counted, and the stream goes on, from client bytes to client
bytes."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from gateway import Served, serving, settings
from upstream import CLOSE, DONE, HANG, SSE_HEAD, event, upstream

from lockgate_ports.ledger_rows import decode
from lockgate_ports.records import AttemptRecord

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}], "stream": True}
RUBBISH = {
    "JSON that was cut": b'data: {"id": "x", "choi\n\n',
    "no JSON": b"data: Internal hiccup\n\n",
    "no object": b"data: [1, 2]\n\n",
    "no UTF-8": b'data: {"choices": [{"index": 0, "delta": {"content": "\xff\xfe"}}]}\n\n',
}
COUNTED = 'lockgate_stream_events_skipped_total{gen_ai_provider_name="up",gen_ai_request_model="m"} '


def kept_in(path: Path) -> list[AttemptRecord]:
    """The attempts of all calls in a ledger."""
    with sqlite3.connect(path) as store:
        entries = [decode(body) for (body,) in store.execute("SELECT body FROM rows ORDER BY number")]
    return [attempt for entry in entries if entry.call is not None for attempt in entry.call.attempts]


async def counted(gw: Served) -> float | None:
    shown = (await gw.get("/metrics")).body.decode()
    return next((float(line.removeprefix(COUNTED)) for line in shown.splitlines() if line.startswith(COUNTED)), None)


def config(url: str, path: Path, **more: Any) -> dict[str, Any]:
    return settings(url, ledger={"kind": "sqlite", "path": str(path), "durability": "before_answer"}, **more)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"], ids=["as it came", "translated"])
@pytest.mark.parametrize("rubbish", RUBBISH)
async def test_it_is_left_out_counted_and_marked_in_the_ledger(rubbish: str, path: str, tmp_path: Path):
    words = [event({"role": "assistant", "content": "Hello "}), RUBBISH[rubbish], event({"content": "world"})]
    async with upstream() as up, serving(config(up.url, tmp_path / "ledger.db")) as gw:
        up.say([SSE_HEAD, *words, RUBBISH[rubbish], event({}, "stop"), DONE, CLOSE])
        told = await gw.ask(ASK | ({"max_tokens": 9} if "messages" in path else {}), path=path)
        assert told.status == 200
        said = told.body.decode()
        assert (said.count("Hello "), said.count("world"), said.count("hiccup")) == (1, 1, 0)
        assert told.events[-1] == "[DONE]" if path.endswith("completions") else "message_stop" in said
        assert "error" not in said
        assert await counted(gw) == 2
        assert len(up.seen) == 1
        up.say([SSE_HEAD, *words[::2], event({}, "stop"), DONE, CLOSE])
        await gw.ask(ASK)
    assert [each.skipped for each in kept_in(tmp_path / "ledger.db")] == [2, 0]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"], ids=["as it came", "translated"])
async def test_those_of_a_stream_that_never_answers_are_counted_too_and_are_no_progress(path: str, tmp_path: Path):
    times = {"first_token": 0.3, "attempt": 0.3, "idle": 0.3}
    async with upstream() as up, serving(config(up.url, tmp_path / "ledger.db", timeouts=times)) as gw:
        up.say([SSE_HEAD, RUBBISH["no JSON"], RUBBISH["no object"], HANG])
        told = await gw.ask(ASK | {"max_tokens": 9}, path=path)
        assert (told.status, told.headers["x-lockgate-error"]) == (504, "upstream_timeout")
        assert await counted(gw) == 2
    assert [each.skipped for each in kept_in(tmp_path / "ledger.db")] == [2]


async def test_rubbish_in_place_of_every_later_event_is_a_stream_that_was_cut(tmp_path: Path):
    async with upstream() as up, serving(config(up.url, tmp_path / "ledger.db")) as gw:
        up.say([SSE_HEAD, event({"role": "assistant", "content": "Hello"}), RUBBISH["no JSON"], CLOSE])
        told = await gw.ask(ASK)
        assert json.loads(told.events[-1])["error"]["code"] == "upstream_stream_truncated"
        assert await counted(gw) == 1
