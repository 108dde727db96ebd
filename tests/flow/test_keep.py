"""Prompts and answers that a route keeps: beside the row of their call, by its rules, for its time, nowhere else."""

import asyncio
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from gateway import Served, Told, serving, settings
from upstream import CLOSE, DONE, HANG, SSE_HEAD, answer, event, stream, upstream

from lockgate import open_gateway
from lockgate.adapters import sqlite_contents
from lockgate.adapters.sqlite_ledger import SqliteLedger, SqliteLedgerSettings
from lockgate.cli.root import root
from lockgate.loading import load
from lockgate.settings import SettingsFaults
from lockgate_core.blotting import NAMED, Blotted, redaction
from lockgate_ports import ledger_queue
from lockgate_ports.chat import ChatRequest
from lockgate_ports.ledger import AuditQuery, Content
from lockgate_ports.parts import user
from lockgate_ports.records import CallRecord

KEY = {"authorization": "Bearer sk-client"}
ASK = {"model": "fast", "messages": [{"role": "user", "content": "who is ann@acme.example?"}]}
CLAUDE = {**ASK, "max_tokens": 20}
BOTH = {"prompts": True, "answers": True}


def keeping(url: str, folder: Path, keep: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    route: dict[str, Any] = {"targets": ["up/m"], **({} if keep is None else {"keep": keep}), **more}
    ledger = {"kind": "sqlite", "path": str(folder / "ledger.db"), "durability": "before_answer"}
    server = {"admin_credential_refs": ["env:CLIENT_KEY"]}
    return settings(url, routes={"fast": route, "other": {"targets": ["up/m"]}}, ledger=ledger, server=server)


async def kept(gw: Served, told: Told) -> dict[str, Any]:
    page = await gw.get(f"/admin/content/{told.headers['x-request-id']}", headers=KEY)
    assert page.status == 200, page.body
    [row] = page.json["rows"]
    assert row["intact"]
    return row


def words(row: dict[str, Any]) -> str:
    """Of the answer, in whichever form it is kept."""
    [choice] = row["answer"]["choices"]
    if "message" in choice:
        return choice["message"]["content"]
    return "".join(part.get("text", "") for part in choice["parts"])


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("path", "body"), [("/v1/chat/completions", ASK), ("/v1/messages", CLAUDE)])
async def test_what_is_kept_is_what_was_said_and_the_client_gets_the_same_bytes(
    tmp_path: Path, path: str, body: dict[str, Any], streamed: bool
):
    said = stream("It is ", "ann@ac", "me.example", ".") if streamed else [answer("It is ann@acme.example.")]
    body = {**body, "stream": streamed}
    async with upstream() as up:
        up.say(said)
        async with serving(keeping(up.url, tmp_path, {**BOTH, "redact": ["email"]})) as gw:
            told = await gw.ask(body, path=path, headers=KEY)
            plain = await gw.ask({**body, "model": "other"}, path=path, headers=KEY)
            assert (told.status, plain.status) == (200, 200)
            row = await kept(gw, told)
            assert row["prompt"]["messages"][0]["content"] == "who is [email]?"
            assert words(row) == "It is [email]."
            missing = await gw.get(f"/admin/content/{plain.headers['x-request-id']}", headers=KEY)
            assert missing.status == 404
        if path == "/v1/chat/completions":
            assert told.body == plain.body, "in its own dialect every byte is the provider's"
        assert b"ann@acme.example" not in (tmp_path / "ledger.db").read_bytes() + _wal(tmp_path)


def _wal(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("ledger.db-*"))


async def test_without_keep_nothing_of_a_prompt_or_an_answer_is_in_the_ledger(tmp_path: Path):
    async with upstream() as up:
        up.say([answer("unforgettable words")])
        async with serving(keeping(up.url, tmp_path)) as gw:
            told = await gw.ask(ASK, headers=KEY)
            assert told.status == 200
        data = (tmp_path / "ledger.db").read_bytes() + _wal(tmp_path)
        assert b"unforgettable" not in data
        assert b"ann@acme" not in data
        store = sqlite3.connect(tmp_path / "ledger.db")
        assert store.execute("SELECT count(*) FROM contents").fetchone() == (0,)


async def test_with_keep_it_is_in_no_row_no_metric_and_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(0)
    async with upstream() as up:
        up.say([answer("unforgettable words")])
        async with serving(keeping(up.url, tmp_path, BOTH)) as gw:
            told = await gw.ask(ASK, headers=KEY)
            assert words(await kept(gw, told)) == "unforgettable words"
            assert b"unforgettable" not in (await gw.get("/metrics", headers=KEY)).body
            assert gw.gateway.ledger is not None
            assert (await gw.gateway.ledger.verify()).fault is None
        store = sqlite3.connect(tmp_path / "ledger.db")
        bodies = b"".join(body for (body,) in store.execute("SELECT body FROM rows"))
        assert b"unforgettable" not in bodies
        assert b"unforgettable" not in caplog.text.encode()


@pytest.mark.parametrize(
    ("keep", "prompt", "said"),
    [({"prompts": True}, True, False), ({"answers": True}, False, True), (BOTH, True, True)],
)
async def test_only_what_the_route_says_is_kept(tmp_path: Path, keep: dict[str, Any], prompt: bool, said: bool):
    async with upstream() as up, serving(keeping(up.url, tmp_path, keep)) as gw:
        up.say([answer("hello")])
        row = await kept(gw, await gw.ask(ASK, headers=KEY))
        assert (row["prompt"] is not None, row["answer"] is not None) == (prompt, said)


async def test_tool_calls_are_kept_and_an_escape_in_their_arguments_hides_nothing(tmp_path: Path):
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "mail", "arguments": '{"to":"ann\\u0040acme.example"}'},
    }
    async with upstream() as up, serving(keeping(up.url, tmp_path, {**BOTH, "redact": ["email"]})) as gw:
        up.say([answer("", tool_calls=[call])])
        row = await kept(gw, await gw.ask(ASK, headers=KEY))
        assert row["answer"]["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"to":"[email]"}'


async def test_a_stream_that_its_client_left_or_that_broke_is_kept_as_far_as_it_came(tmp_path: Path):
    async with upstream() as up, serving(keeping(up.url, tmp_path, BOTH)) as gw:
        up.say([SSE_HEAD, event({"role": "assistant", "content": "half a "}), CLOSE])
        told = await gw.ask({**ASK, "stream": True}, headers=KEY)
        assert words(await kept(gw, told)) == "half a "
        up.say([SSE_HEAD, event({"role": "assistant", "content": "a quarter"}), HANG])
        async with gw.client.post(
            gw.url + "/v1/chat/completions", json={**ASK, "stream": True}, headers={**KEY, "x-request-id": "left"}
        ) as left:
            await left.content.readany()
        await up.seen[-1].left.wait()
        for _ in range(100):
            page = await gw.get("/admin/content/left", headers=KEY)
            if page.status == 200:
                break
        assert words(page.json["rows"][0]) == "a quarter"


@pytest.mark.parametrize("policy", [{"policy": "continue"}, {"policy": "restart"}, {"hold_tokens": 2}])
async def test_streams_of_every_policy_are_kept_once_and_whole(tmp_path: Path, policy: dict[str, Any]):
    async with (
        upstream() as up,
        serving(keeping(up.url, tmp_path, BOTH, stream=policy, targets=["up/m", "up/n"])) as gw,
    ):
        up.say([SSE_HEAD, event({"role": "assistant", "content": "one "}), CLOSE], stream("one ", "two"))
        told = await gw.ask({**ASK, "stream": True}, headers=KEY)
        assert DONE.strip() in told.body
        assert words(await kept(gw, told)) == "one two"


async def test_a_long_prompt_or_answer_is_cut_and_pictures_are_left_out(tmp_path: Path):
    picture = "data:image/png;base64," + "iVBORw0KGgo" * 20_000
    parts = [{"type": "image_url", "image_url": {"url": picture}}, {"type": "text", "text": "x " * 2_500}]
    async with upstream() as up, serving(keeping(up.url, tmp_path, {**BOTH, "max_letters": 1_000})) as gw:
        for said in ([answer("y " * 2_500)], stream(*["y " * 25] * 100)):
            up.say(said)
            body = {"model": "fast", "messages": [{"role": "user", "content": parts}], "stream": len(said) > 1}
            row = await kept(gw, await gw.ask(body, headers=KEY))
            assert row["cut"]
            content = row["prompt"]["messages"][0]["content"]
            assert content[0]["image_url"]["url"] == f"[{len(picture)} letters of data]"
            assert 500 < len(content[1]["text"]) < 1_000
            assert 500 < len(words(row)) < 1_000
            assert len(json.dumps(row)) < 4_000


async def test_copies_for_shadow_targets_and_other_routes_are_not_kept(tmp_path: Path):
    shadow = {"targets": ["up/new"], "share": 1.0}
    async with upstream() as up, serving(keeping(up.url, tmp_path, BOTH, shadow=shadow)) as gw:
        up.say([answer("hello")])
        await kept(gw, await gw.ask(ASK, headers=KEY))
        while len(up.seen) < 2:
            await asyncio.sleep(0.01)
    store = sqlite3.connect(tmp_path / "ledger.db")
    assert store.execute("SELECT count(*) FROM contents").fetchone() == (1,)


async def test_what_embedders_ask_is_kept_as_well(tmp_path: Path):
    async with upstream() as up:
        up.say([answer("hello")], stream("hel", "lo"))
        async with open_gateway(keeping(up.url, tmp_path, BOTH), env={"UP_KEY": "k", "CLIENT_KEY": "c"}) as gateway:
            request = ChatRequest(model="fast", messages=(user("hi there"),))
            await gateway.chat(request)
            async with gateway.stream(request) as told:
                assert "".join([text async for text in told.texts()]) == "hello"
    store = sqlite3.connect(tmp_path / "ledger.db")
    rows = store.execute("SELECT prompt, answer FROM contents").fetchall()
    assert len(rows) == 2
    assert all("hi there" in prompt and "hello" in told for prompt, told in rows)


async def test_it_goes_when_its_time_is_over_and_its_row_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(SqliteLedgerSettings(path=str(path), durability="before_answer"))
    await ledger.append(_call("a"), _content("a", 0.01, "gone soon"))
    await ledger.append(_call("b"), _content("b", 100.0, "stays"))
    time.sleep(0.02)
    assert await ledger.content("a") == []
    [there] = await ledger.content("b")
    assert (there.content.prompt, there.intact, there.number) == ('"stays"', True, 2)
    ledger._pruned = 0.0
    await ledger.append(_call("c"))
    await ledger.aclose()
    assert b"gone soon" not in path.read_bytes() + _wal(tmp_path)
    assert (await ledger.verify()).rows == 3


async def test_what_waits_for_a_store_that_fails_is_bounded_and_its_rows_are_kept_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(ledger_queue, "_MOST_LETTERS", 100)
    monkeypatch.setattr(ledger_queue, "_RETRY_AFTER", 0.01)
    away, written = True, []

    async def write(entries: Any) -> None:
        if away:
            raise OSError("the disk is full")
        written.extend(entries)

    queue = ledger_queue.LedgerQueue(write, durable=False, most=1_000)
    for place in range(10):
        queue.put(_call(str(place)), _content(str(place), 100.0, "x" * 40))
    await asyncio.sleep(0.1)
    away = False
    await queue.aclose()
    queue.put(_call("later"), _content("later", 100.0, "x" * 40))
    await queue.aclose()
    assert [entry.content is not None for entry in written] == [True] * 3 + [False] * 7 + [True]
    assert [entry.call.content_sha256 is not None for entry in written] == [True] * 3 + [False] * 7 + [True]
    assert "not kept while so many wait" in caplog.text


async def test_content_that_was_changed_is_told_from_what_its_row_says(tmp_path: Path):
    ledger = SqliteLedger(SqliteLedgerSettings(path=str(tmp_path / "ledger.db"), durability="before_answer"))
    await ledger.append(_call("a", _content("a", 100.0, "true")), _content("a", 100.0, "true"))
    assert [each.intact for each in await ledger.content("a")] == [True]
    store = sqlite3.connect(tmp_path / "ledger.db")
    store.execute("UPDATE contents SET prompt = '\"false\"'")
    store.commit()
    assert [each.intact for each in await ledger.content("a")] == [False]
    await ledger.aclose()


async def test_a_ledger_from_before_gets_the_place_for_it(tmp_path: Path):
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(SqliteLedgerSettings(path=str(path), durability="before_answer"))
    await ledger.append(_call("a"))
    await ledger.aclose()
    store = sqlite3.connect(path)
    store.executescript("DROP TABLE contents; PRAGMA user_version = 1;")
    store.close()
    assert await ledger.content("a") == []
    await ledger.append(_call("b"), _content("b", 100.0, "kept"))
    assert len(await ledger.content("b")) == 1
    assert (await ledger.verify()).rows == 2
    await ledger.aclose()
    assert sqlite_contents.SCHEMA


def _content(request_id: str, seconds: float, prompt: str) -> Content:
    return Content(request_id=request_id, keep_for=seconds, prompt=json.dumps(prompt), answer=None, cut=False)


def _call(request_id: str, content: Content | None = None) -> CallRecord:
    content = content or _content(request_id, 100.0, "stays")
    return CallRecord(
        request_id=request_id,
        operation="chat",
        request_model="fast",
        surface="openai-chat",
        provider_id="up",
        response_model="m",
        stream=False,
        duration=0.1,
        first_token=None,
        attempts=(),
        usage=None,
        content_sha256=content.sha256,
        error=None,
    )


async def test_operators_read_it_and_that_they_did_is_written_down(tmp_path: Path):
    async with upstream() as up:
        config = keeping(up.url, tmp_path, BOTH)
        async with serving(config, env={"OTHER": "sk-other"}) as gw:
            up.say([answer("hello")])
            told = await gw.ask(ASK, headers=KEY)
            request_id = told.headers["x-request-id"]
            assert (await gw.get(f"/admin/content/{request_id}")).status == 401
            await kept(gw, told)
    path = tmp_path / "lockgate.yaml"
    path.write_text(f"ledger: {{kind: sqlite, path: {tmp_path / 'ledger.db'}}}\n")
    asked = ["audit", "content", "--config", str(path), request_id]
    done = await asyncio.to_thread(CliRunner().invoke, root, asked)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[0]["answer"]["choices"][0]["message"]["content"] == "hello"
    ledger = SqliteLedger(SqliteLedgerSettings(path=str(tmp_path / "ledger.db")))
    rows = await ledger.audit(AuditQuery(kinds=("content_read",)))
    assert [(row.event.actor, row.event.subject) for row in rows] == [
        ("env:CLIENT_KEY", f"request:{request_id}"),
        ("cli", f"request:{request_id}"),
    ]


@pytest.mark.parametrize(
    ("rule", "text", "left"),
    [
        ("email", "to Ann.B+x@sub.acme.example, now", "to [email], now"),
        ("card", "4111 1111 1111 1111 and 4111 1111 1111 1112", "[card] and 4111 1111 1111 1112"),
        ("iban", "DE89 3704 0044 0532 0130 00!", "[iban]!"),
        (
            "ip",
            "from 10.1.2.3. and 2001:db8::1, std::vector at 12:30:45",
            "from [ip]. and [ip], std::vector at 12:30:45",
        ),
        ("phone", "call +49 (30) 1234567 or 2026-11-20", "call [phone] or 2026-11-20"),
        ("us-ssn", "it is 078-05-1120.", "it is [us-ssn]."),
        (r"ACME-\d+", "case ACME-77 of 3", "case [redacted] of 3"),
    ],
)
def test_rules_blot_out_what_they_name_and_leave_the_rest(rule: str, text: str, left: str):
    assert redaction([rule], str)(text) == left


def test_what_a_client_gives_a_provider_to_act_in_its_name_is_not_kept():
    tools = [{"type": "mcp", "authorization": "abc", "headers": {"X-Api-Key": "def", "Cookie": "ghi"}, "token": "said"}]
    kept = Blotted(str, 10_000).text({"tools": tools, "arguments": '{"password":"jkl"}'})
    assert not [secret for secret in ("abc", "def", "ghi", "jkl") if secret in kept]
    assert "said" in kept


PIECES = ["a", "a.", "1", "1:", "1 ", "+1 ", "A", "AB12 ", "@", "a@", "a@a.", "::", "1.1.", "(", "é"]


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_keeps_a_rule_busy_for_long(piece: str):
    redact = redaction(list(NAMED), str)
    text = "x: " + piece * (200_000 // len(piece))
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 2.0


def test_nothing_is_cut_in_two_before_a_rule_has_seen_it():
    blotted = Blotted(redaction(["email"], str), 108)
    assert "ann" not in blotted.text("x" * 95 + " ann@acme.example")
    deep: Any = "ann@acme.example"
    for _ in range(200):
        deep = [deep]
    assert "ann" not in Blotted(redaction(["email"], str), 10_000).text(deep)
    assert "ann" not in Blotted(redaction(["email"], str), 10_000).text({"ann@acme.example": "\ud800"})


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("routes: {r: {targets: [up/m], keep: {prompts: true}}}", 2, "there is no ledger to keep it in"),
        ("ledger: {kind: sqlite, path: l.db}\nroutes: {r: {targets: [up/m], keep: {}}}", 3, "leave keep out"),
        (
            "ledger: {kind: sqlite, path: l.db}\nroutes: {r: {targets: [up/m], keep: {answers: true, redact: ['(']}}}",
            3,
            "no regular expression",
        ),
        (
            "ledger: {kind: sqlite, path: l.db}\nroutes: {r: {targets: [up/m], keep: {answers: true, redact: [mail]}}}",
            3,
            "'mail' is none of email",
        ),
    ],
)
def test_what_could_not_be_kept_or_redacted_is_a_fault_with_its_line(tmp_path: Path, text: str, line: int, said: str):
    path = tmp_path / "lockgate.yaml"
    path.write_text(f"providers: {{up: {{kind: openai-compatible, base_url: 'http://127.0.0.1:9/v1'}}}}\n{text}\n")
    with pytest.raises(SettingsFaults) as faults:
        load(path, environment=None, env={})
    [fault] = faults.value.faults
    assert (fault.line, said in str(fault)) == (line, True), str(fault)
