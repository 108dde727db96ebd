"""Conversations of the Responses API, and what of its state is refused by name."""

from typing import Any

import openai
import pytest
from gateway import Served, serving, settings
from upstream import Upstream, answer, stream, upstream


def rows(up: Upstream, **responses: Any) -> dict[str, Any]:
    return settings(up.url) | {"responses": responses or {"kind": "memory"}}


def sdk(gw: Served, key: str = "x") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key=key, max_retries=0)


def said(up: Upstream) -> list[tuple[str, str]]:
    return [(each["role"], each["content"]) for each in up.seen[-1].json["messages"]]


async def test_each_call_in_a_conversation_is_given_what_was_said_before() -> None:
    async with upstream() as up, serving(rows(up)) as gw:
        client = sdk(gw)
        begun = await client.conversations.create(
            items=[{"type": "message", "role": "user", "content": "zero"}], metadata={"who": "ann"}
        )
        assert (begun.id.startswith("conv_"), begun.object, begun.metadata) == (True, "conversation", {"who": "ann"})
        up.say([answer("hello")])
        first = await client.responses.create(model="fast", input="one", conversation=begun.id)
        assert first.conversation is not None
        assert first.conversation.id == begun.id
        up.say(stream("hel", "lo"))
        async with client.responses.stream(model="fast", input="two", conversation=begun.id, store=False) as events:  # type: ignore[call-arg]
            await events.get_final_response()
        up.say([answer("bye")])
        await client.responses.create(model="fast", input="three", conversation={"id": begun.id})  # type: ignore[arg-type]
        assert said(up) == [
            *[("user", "zero"), ("user", "one"), ("assistant", "hello")],
            *[("user", "two"), ("assistant", "hello"), ("user", "three")],
        ]
        items = [item async for item in client.conversations.items.list(begun.id, order="asc", limit=2)]
        texts = [item.content[0].text for item in items]  # type: ignore[union-attr]
        assert texts == ["zero", "one", "hello", "two", "hello", "three", "bye"]


async def test_items_are_added_shown_and_taken_out() -> None:
    async with upstream() as up, serving(rows(up)) as gw:
        client = sdk(gw)
        begun = await client.conversations.create()
        words: Any = [{"role": "user", "content": word} for word in ("one", "two")]
        added = await client.conversations.items.create(begun.id, items=words)
        one, two = added.data
        assert (added.first_id, added.last_id, added.has_more) == (one.id, two.id, False)
        gone = await client.conversations.items.delete(one.id, conversation_id=begun.id)
        assert gone.id == begun.id
        shown = await client.conversations.items.retrieve(two.id, conversation_id=begun.id)
        assert shown.content[0].text == "two"  # type: ignore[union-attr]
        with pytest.raises(openai.NotFoundError):
            await client.conversations.items.retrieve(one.id, conversation_id=begun.id)
        changed = await client.conversations.update(begun.id, metadata={"a": "b"})
        assert (changed.metadata, changed.created_at) == ({"a": "b"}, begun.created_at)
        ended = await client.conversations.delete(begun.id)
        assert (ended.deleted, ended.object) == (True, "conversation.deleted")
        with pytest.raises(openai.NotFoundError):
            await client.conversations.retrieve(begun.id)


async def test_a_conversation_is_its_callers_alone_and_no_answer() -> None:
    async with upstream() as up, serving(rows(up)) as gw:
        mine, theirs = sdk(gw, "mine"), sdk(gw, "theirs")
        begun = await mine.conversations.create()
        with pytest.raises(openai.NotFoundError):
            await theirs.conversations.retrieve(begun.id)
        with pytest.raises(openai.BadRequestError) as caught:
            await theirs.responses.create(model="fast", input="one", conversation=begun.id)
        assert (caught.value.code, caught.value.param) == ("conversation_not_found", "conversation")
        with pytest.raises(openai.NotFoundError):
            await mine.responses.retrieve(begun.id)
        assert not up.seen


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/conversations", {"items": []}, "items"),
        ("/v1/conversations", {"items": [{"role": "nobody", "content": "x"}]}, "items[0].role"),
        ("/v1/conversations", {"metadata": {"a": 1}}, "metadata[...]"),
        ("/v1/responses", {"model": "fast", "input": "x", "conversation": 7}, "conversation"),
        ("/v1/responses", {"model": "fast", "input": "x", "background": True}, "background"),
        (
            "/v1/responses",
            {"model": "fast", "input": "x", "conversation": "conv_1", "previous_response_id": "resp_1"},
            "conversation",
        ),
    ],
)
async def test_what_cannot_be_is_refused_by_name(path: str, body: dict[str, Any], param: str) -> None:
    async with upstream() as up, serving(rows(up)) as gw:
        told = await gw.ask(body, path=path)
        assert (told.status, told.json["error"]["param"]) == (400, param)
        assert not up.seen


async def test_an_answer_that_is_kept_cannot_be_streamed_again_nor_cancelled_and_says_so() -> None:
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([answer("hello")])
        client = sdk(gw)
        made = await client.responses.create(model="fast", input="one")
        for query, param in (
            ("stream=true", "stream"),
            ("starting_after=3", "starting_after"),
            ("include[]=x", "include"),
        ):
            told = await gw.get(f"/v1/responses/{made.id}?{query}", headers={"authorization": "Bearer x"})
            assert told.status == 400
            assert told.json["error"]["param"].startswith(param)
        with pytest.raises(openai.BadRequestError, match="in the background"):
            await client.responses.cancel(made.id)
        with pytest.raises(openai.NotFoundError):
            await client.responses.cancel("resp_none")
        assert made.model_extra is not None
        assert made.model_extra.get("store", True) is True


async def test_where_nothing_is_kept_every_place_says_so() -> None:
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer("hello")])
        made = await sdk(gw).responses.with_raw_response.create(model="fast", input="one", store=True)
        assert made.http_response.json()["store"] is False
        for told in (
            await gw.get("/v1/responses/resp_1"),
            await gw.ask({}, path="/v1/responses/resp_1/cancel"),
            await gw.ask({}, path="/v1/conversations"),
        ):
            assert told.status == 404
            assert "responses" in told.json["error"]["message"]
