"""Answers of the Responses API that are kept: gone on from, shown, listed and forgotten, each caller's own alone."""

import json
from pathlib import Path
from typing import Any

import openai
import pytest
from gateway import Served, serving, settings
from upstream import CLOSE, SSE_HEAD, Upstream, answer, http, stream, upstream

from lockgate.adapters.memory_answers import MemoryAnswers
from lockgate.adapters.sqlite_answers import SqliteAnswers
from lockgate_ports.errors import SettingsError
from lockgate_ports.kept import KeptAnswer, KeptAnswersPort

OWN: dict[str, Any] = {
    "id": "resp_own",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "m-1",
    "store": True,
    "output": [
        {"id": "rs_1", "type": "reasoning", "summary": []},
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "hello", "annotations": []}],
        },
    ],
}
TURNS = [
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "hello"},
    {"role": "user", "content": "two"},
]


def rows(up: Upstream, folder: Path | None = None, **more: Any) -> dict[str, Any]:
    config = settings(up.url)
    config["providers"]["own"] = {**config["providers"]["up"], "api": "both"}
    config["providers"]["first"] = {**config["providers"]["own"]}
    config["routes"] |= {"native": {"targets": ["own/m"]}, "two": {"targets": ["first/m", "own/m"]}}
    kind = {"kind": "sqlite", "path": str(folder / "kept.db")} if folder is not None else {"kind": "memory"}
    return config | {"responses": {**kind, **more}}


def sdk(gw: Served, key: str = "x") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key=key, max_retries=0)


@pytest.mark.parametrize("in_a_file", [False, True])
async def test_an_answer_is_gone_on_from_by_its_id_in_front_of_a_provider_that_knows_no_ids(
    in_a_file: bool, tmp_path: Path
):
    async with upstream() as up, serving(rows(up, tmp_path if in_a_file else None)) as gw:
        up.say([answer("hello")])
        client = sdk(gw)
        first = await client.responses.create(model="fast", input="one", instructions="Be brief.")
        second = await client.responses.create(model="fast", input="two", previous_response_id=first.id)
        third = await client.responses.create(model="fast", input="three", previous_response_id=second.id)
        assert len({first.id, second.id, third.id}) == 3
        said = [{"role": each["role"], "content": each["content"]} for each in up.seen[1].json["messages"]]
        assert said == TURNS  # instructions are not carried over
        assert [each["content"] for each in up.seen[2].json["messages"]] == ["one", "hello", "two", "hello", "three"]
        assert (await client.responses.retrieve(first.id)).output_text == "hello"


async def test_a_streamed_answer_is_kept_when_it_is_whole_and_not_before():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say(stream("hel", "lo"))
        client = sdk(gw)
        async with client.responses.stream(model="fast", input="one") as events:
            final = await events.get_final_response()
        kept = await client.responses.retrieve(final.id)
        assert (kept.id, kept.output_text) == (final.id, "hello")
        up.say([answer("hello")])
        await client.responses.create(model="fast", input="two", previous_response_id=final.id)
        assert [each["content"] for each in up.seen[-1].json["messages"]] == ["one", "hello", "two"]
        up.say(stream("hel", finish=None, done=False))
        told = await gw.ask({"model": "fast", "input": "one", "stream": True}, path="/v1/responses")
        begun = json.loads(told.body.split(b"data: ")[1].split(b"\n")[0])["response"]["id"]
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(begun)


async def test_a_provider_that_holds_the_answer_is_asked_by_its_id_in_the_clients_own_bytes():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(json.dumps(OWN).encode())])
        client = sdk(gw)
        first = await client.responses.create(model="native", input="one")
        assert first.id == "resp_own"
        body = b'{"model":"native", "previous_response_id":"resp_own","input":"two","zz":1.50}'
        await gw.ask(body, path="/v1/responses", headers={"authorization": "Bearer x"})
        assert up.seen[1].body == body.replace(b"native", b"m")
        assert (await client.responses.retrieve("resp_own")).output_text == "hello"


async def test_who_holds_the_answer_is_asked_again_whatever_stands_before_it_in_the_route():
    async with upstream() as up, serving(rows(up) | {"retry": {"max_attempts": 1}}) as gw:
        up.say([http(b"{}", 500)], [http(json.dumps(OWN).encode())])
        client = sdk(gw)
        first = await client.responses.with_raw_response.create(model="two", input="one")
        assert first.headers["x-lockgate-target"] == "own/m"
        again = await client.responses.with_raw_response.create(
            model="two", input="two", previous_response_id=first.parse().id
        )
        assert again.headers["x-lockgate-target"] == "own/m"
        assert up.seen[-1].json["previous_response_id"] == "resp_own"


async def test_another_model_is_given_the_history_without_thoughts_that_it_cannot_open():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(json.dumps(OWN).encode())])
        client = sdk(gw)
        first = await client.responses.create(model="native", input="one")
        up.say([http(json.dumps(OWN | {"id": "resp_2"}).encode())])
        await client.responses.create(model="own/other", input="two", previous_response_id=first.id)
        sent = up.seen[-1].json
        assert "previous_response_id" not in sent
        assert [item["type"] for item in sent["input"]] == ["message", "message", "message"]
        up.say([answer("hello")])
        await client.responses.create(model="fast", input="two", previous_response_id=first.id)
        assert [each["content"] for each in up.seen[-1].json["messages"]] == ["one", "hello", "two"]


async def test_each_caller_has_only_his_own():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([answer("hello")])
        mine, theirs = sdk(gw, "mine"), sdk(gw, "theirs")
        first = await mine.responses.create(model="fast", input="one")
        with pytest.raises(openai.NotFoundError):
            await theirs.responses.retrieve(first.id)
        with pytest.raises(openai.NotFoundError):
            await theirs.responses.delete(first.id)
        with pytest.raises(openai.BadRequestError) as caught:
            await theirs.responses.create(model="fast", input="two", previous_response_id=first.id)
        assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")
        assert len(up.seen) == 1
        assert (await mine.responses.retrieve(first.id)).id == first.id


async def test_what_is_not_to_be_kept_and_what_is_deleted_is_gone():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([answer("hello")])
        client = sdk(gw)
        unkept = await client.responses.create(model="fast", input="one", store=False)
        kept = await client.responses.create(model="fast", input="one")
        await client.responses.delete(kept.id)
        for name in (unkept.id, kept.id):
            with pytest.raises(openai.NotFoundError):
                await client.responses.retrieve(name)
        with pytest.raises(openai.NotFoundError):
            await client.responses.delete(kept.id)


async def test_what_an_answer_was_made_from_is_listed_page_by_page():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([answer("hello")])
        client = sdk(gw)
        first = await client.responses.create(model="fast", input=[{"role": "user", "content": "one"}])
        second = await client.responses.create(model="fast", input="two", previous_response_id=first.id)
        items = [item async for item in client.responses.input_items.list(second.id, order="asc", limit=2)]
        texts = [item.content[0].text for item in items]  # type: ignore[union-attr]
        assert texts == ["one", "hello", "two"]
        newest = await client.responses.input_items.list(second.id, limit=1)
        assert (newest.data[0].id, newest.has_more) == (items[-1].id, True)
        for wrong in ({"limit": 0}, {"order": "up"}, {"after": "nobody"}):
            with pytest.raises(openai.BadRequestError):
                await client.responses.input_items.list(second.id, **wrong)  # type: ignore[arg-type]


async def test_where_nothing_is_kept_an_id_is_refused_unless_the_provider_has_it():
    async with upstream() as up, serving(rows(up) | {"responses": {}}) as gw:
        up.say([http(json.dumps(OWN).encode())])
        with pytest.raises(openai.BadRequestError, match="previous_response_id refers to state"):
            await sdk(gw).responses.create(model="fast", input="two", previous_response_id="resp_own")
        await sdk(gw).responses.create(model="native", input="two", previous_response_id="resp_own")
        assert up.seen[0].json["previous_response_id"] == "resp_own"
        with pytest.raises(openai.NotFoundError):
            await sdk(gw).responses.retrieve("resp_own")


async def test_a_file_outlives_the_gateway_and_is_its_owners_alone(tmp_path: Path):
    async with upstream() as up:
        up.say([answer("hello")])
        async with serving(rows(up, tmp_path)) as gw:
            first = await sdk(gw).responses.create(model="fast", input="one")
        assert (tmp_path / "kept.db").stat().st_mode & 0o077 == 0
        async with serving(rows(up, tmp_path)) as gw:
            assert (await sdk(gw).responses.retrieve(first.id)).output_text == "hello"


def kept(name: str, *, size: int = 10, at: float = 0.0, caller: str = "a") -> KeptAnswer:
    body = b'"' + b"x" * (size - 4) + b'"'
    return KeptAnswer(id=name, caller=caller, created=at, model="m", holder=None, given=b"[]", body=body)


@pytest.mark.parametrize("in_a_file", [False, True])
async def test_the_oldest_go_when_there_is_no_room_or_their_time_is_over(in_a_file: bool, tmp_path: Path):
    now = [0.0]
    store: KeptAnswersPort = (
        SqliteAnswers(str(tmp_path / "kept.db"), 35, 100.0, lambda: now[0])
        if in_a_file
        else MemoryAnswers(35, 100.0, lambda: now[0])
    )

    async def there() -> list[str]:
        return [name for name in "abcd" if await store.find("a", name) is not None]

    for at, name in enumerate("abcd"):
        now[0] = float(at)
        await store.keep(kept(name, at=now[0]))
    assert await there() == ["b", "c", "d"]
    assert await store.find("b", "d") is None
    await store.keep(kept("d", size=30, at=4.0))
    assert await there() == ["d"]
    await store.keep(kept("huge", size=100, at=5.0))
    assert await store.find("a", "huge") is None
    await store.keep(kept("d", at=6.0))
    now[0] = 107.0
    assert await there() == []
    await store.keep(kept("a", at=now[0]))
    assert (await store.forget("b", "a"), await store.forget("a", "a"), await there()) == (False, True, [])
    await store.aclose()


def test_a_file_in_no_folder_is_a_fault_of_the_settings(tmp_path: Path):
    with pytest.raises(SettingsError, match="there is no folder"):
        SqliteAnswers(str(tmp_path / "none" / "kept.db"), 1, 1.0, lambda: 0.0)


@pytest.mark.parametrize("chosen", [{"kind": "sqlite"}, {"kind": "memory", "path": "x"}, {"kind": "disk"}])
async def test_settings_that_make_no_sense_are_told(chosen: dict[str, Any]):
    config = settings("http://127.0.0.1:9/v1") | {"responses": chosen}
    with pytest.raises(SettingsError, match="responses"):
        async with serving(config):
            pass


async def test_a_relayed_stream_is_kept_as_its_last_event_tells_it():
    ending = {"type": "response.completed", "sequence_number": 1, "response": OWN}
    begun = {
        "type": "response.created",
        "sequence_number": 0,
        "response": OWN | {"status": "in_progress", "output": []},
    }
    script = [
        b"event: %s\ndata: %s\n\n" % (each["type"].encode(), json.dumps(each).encode()) for each in (begun, ending)
    ]
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([SSE_HEAD, *script, CLOSE])
        asked = {"model": "native", "input": "one", "stream": True}
        told = await gw.ask(asked, path="/v1/responses", headers={"authorization": "Bearer x"})
        assert told.body == b"".join(script)
        assert (await sdk(gw).responses.retrieve("resp_own")).output_text == "hello"
