"""Lines of the log about calls: with the ids of their records and spans, and nothing of what was said."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import serving, settings
from upstream import answer, http, stream, upstream

from lockgate.adapters.sqlite_ledger import SqliteLedger, SqliteLedgerSettings
from lockgate.cli.logs import log_to_stderr
from lockgate_ports.chat import ChatRequest
from lockgate_ports.ledger import UsageQuery
from lockgate_ports.ledger_rows import decode
from lockgate_ports.parts import user

ASK = {"model": "fast", "messages": [{"role": "user", "content": "unforgettable words"}]}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root, own = logging.getLogger(), logging.getLogger("lockgate")
    handlers, level, above = list(root.handlers), own.level, root.level
    yield
    root.handlers = handlers
    own.setLevel(level)
    root.setLevel(above)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in told if line["logger"] == "lockgate.calls"]


async def test_each_call_is_a_line_with_the_ids_of_its_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("info", as_json=True)
    ledger = {"kind": "sqlite", "path": str(tmp_path / "ledger.db"), "durability": "before_answer"}
    async with upstream() as up:
        traces = {"kind": "otlp", "endpoint": up.url.removesuffix("/v1"), "sample": 1.0}
        config = settings(up.url, ledger=ledger, traces=traces, labels={"tenant": "acme"})
        async with serving(config) as gw:
            up.say([answer("secret reply")])
            trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            first = await gw.ask(ASK, headers={"x-request-id": "one", "traceparent": trace})
            up.say(stream("secret ", "reply"))
            await gw.ask({**ASK, "stream": True}, headers={"x-request-id": "two"})
            up.say([http(b"{}", 400)])
            await gw.ask(ASK, headers={"x-request-id": "three"})
            up.say([answer()])
            four = await gw.ask({**ASK, "model": "up/x"}, headers={"x-request-id": "four"})
            assert four.status == 200, four.body
            assert first.status == 200
    told = lines(capsys)
    assert [line["request_id"] for line in told] == ["one", "two", "three", "four"]
    assert [line["outcome"] for line in told][:3] == ["ok", "ok", "upstream_invalid_request"]
    assert (told[0]["trace_id"], told[0]["tenant_id"], told[0]["target"]) == (trace[3:35], "acme", "up/m")
    assert (told[0]["input_tokens"], told[0]["output_tokens"]) == (3, 2)
    assert "secret" not in json.dumps(told)
    assert "unforgettable" not in json.dumps(told)
    kept = SqliteLedger(SqliteLedgerSettings(path=str(tmp_path / "ledger.db")))
    assert sum(row.calls for row in await kept.usage(UsageQuery())) == 4
    import sqlite3

    bodies = sqlite3.connect(tmp_path / "ledger.db").execute("SELECT body FROM rows WHERE kind IS NULL ORDER BY number")
    calls = [call for (body,) in bodies if (call := decode(body).call) is not None]
    assert [(call.request_id, call.trace_id) for call in calls] == [
        (line["request_id"], line.get("trace_id")) for line in told
    ]
    assert calls[0].planned == ("up/m",)


async def test_a_line_for_people_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("info", as_json=False)
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        async with gw.gateway.stream(ChatRequest(model="up/x\ny", messages=(user("hi"),))) as left:
            assert left is not None
    [line] = [line for line in capsys.readouterr().err.splitlines() if "lockgate.calls" in line]
    assert "cancelled: chat up/x?y -> up/x?y, seconds " in line


async def test_where_nobody_reads_it_no_line_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("warning", as_json=True)
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        await gw.ask(ASK)
        engine = gw.gateway._succession.current.engine
        assert engine._metrics is gw.gateway.metrics
    assert capsys.readouterr().err == ""
