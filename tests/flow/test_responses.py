"""A client of the Responses API in front of an upstream of another language: the official SDK sees one and the same
object, streamed or whole.
"""

import json
from typing import Any

import openai
import pytest
from gateway import Served, serving, settings
from upstream import CLOSE, DONE, SSE_HEAD, USAGE, completion, event, http, stream, upstream

CALLS = [
    {"id": f"c{place}", "type": "function", "function": {"name": "weather", "arguments": json.dumps({"city": city})}}
    for place, city in enumerate(("Ulm", "Bern"))
]


def piece(index: int, text: str, **call: Any) -> bytes:
    function = {"arguments": text} | ({"name": "weather"} if call else {})
    return event({"tool_calls": [{"index": index, **call, "function": function}]})


def parallel() -> list[bytes | object]:
    halves = [(call["function"]["arguments"][:5], call["function"]["arguments"][5:]) for call in CALLS]
    opened = [piece(place, "", id=f"c{place}", type="function") for place in range(2)]
    deltas = [piece(0, halves[0][0]), piece(1, halves[1][0]), piece(0, halves[0][1]), piece(1, halves[1][1])]
    return [SSE_HEAD, *opened, *deltas, event({}, "tool_calls"), USAGE, DONE, CLOSE]


def said(*deltas: dict[str, Any], finish: str = "stop") -> list[bytes | object]:
    return [SSE_HEAD, *(event(delta) for delta in deltas), event({}, finish), USAGE, DONE, CLOSE]


ANSWERS = {
    "text": (completion("héllo"), stream("hé", "llo")),
    "length": (completion("he", finish="length"), stream("h", "e", finish="length")),
    "refusal": (completion(None, refusal="I will not."), said({"refusal": "I will"}, {"refusal": " not."})),
    "reasoning": (
        completion("4", reasoning_content="Two and two."),
        said({"reasoning_content": "Two "}, {"reasoning_content": "and two."}, {"content": "4"}),
    ),
    "one call": (
        completion("See:", tool_calls=CALLS[:1], finish="tool_calls"),
        said({"content": "See:"}, {"tool_calls": [{"index": 0, **CALLS[0]}]}, finish="tool_calls"),
    ),
    "parallel calls": (completion(None, tool_calls=CALLS, finish="tool_calls"), parallel()),
}


def sdk(gw: Served) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key="x", max_retries=0)


@pytest.mark.parametrize("name", list(ANSWERS))
async def test_the_official_sdk_gets_the_same_object_from_a_stream(name: str):
    whole, streamed = ANSWERS[name]
    async with upstream() as up, serving(settings(up.url)) as gw, sdk(gw) as client:
        up.say([http(json.dumps(whole).encode())])
        plain = await client.responses.create(model="fast", input="hi")
        up.say(streamed)
        async with client.responses.stream(model="fast", input="hi") as events:
            told = [each async for each in events]
            final = await events.get_final_response() if name != "length" else told[-1].response  # type: ignore[union-attr]
        assert [each.sequence_number for each in told] == sorted({each.sequence_number for each in told})
        assert _bare(final) == _bare(plain)
        assert plain.usage is not None
        assert (plain.usage.input_tokens, plain.usage.output_tokens) == (3, 2)


def _bare(response: Any) -> dict[str, Any]:
    """Without what the SDK itself adds when it parses."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: clean(each) for name, each in value.items() if name not in ("parsed", "parsed_arguments")}
        return [clean(each) for each in value] if isinstance(value, list) else value

    return clean(response.to_dict(warnings=False))


async def test_what_is_answered_is_what_the_upstream_said():
    async with upstream() as up, serving(settings(up.url)) as gw, sdk(gw) as client:
        up.say([http(json.dumps(completion("See:", tool_calls=CALLS, reasoning_content="Hm.")).encode())])
        answer = await client.responses.create(model="fast", input="hi", instructions="Be brief.", max_output_tokens=9)
        assert [item.type for item in answer.output] == ["reasoning", "message", "function_call", "function_call"]
        assert answer.output_text == "See:"
        assert answer.status == "completed"
        last = answer.output[-1]
        assert last.type == "function_call"
        assert (last.call_id, last.name, last.arguments) == ("c1", "weather", '{"city": "Bern"}')
        assert up.seen[0].json["messages"] == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hi"},
        ]
        assert up.seen[0].json["max_tokens"] == 9


async def test_every_event_stands_in_its_order_and_nothing_follows_the_last():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say(stream("he", "llo"))
        told = await gw.ask({"model": "fast", "input": "hi", "stream": True}, path="/v1/responses")
        blocks = [block.split("\n") for block in told.body.decode().removesuffix("\n\n").split("\n\n")]
        events = [json.loads(data.removeprefix("data: ")) for _, data in blocks]
        assert [name.removeprefix("event: ") for name, _ in blocks] == [each["type"] for each in events]
        assert [each["sequence_number"] for each in events] == list(range(len(events)))
        assert [each["type"].removeprefix("response.") for each in events] == [
            *("created", "in_progress", "output_item.added", "content_part.added"),
            *("output_text.delta", "output_text.delta", "output_text.done", "content_part.done"),
            *("output_item.done", "completed"),
        ]
        assert events[6]["text"] == "hello"
        assert events[-1]["response"]["output"] == [events[8]["item"]]
        assert {each.get("item_id", events[2]["item"]["id"]) for each in events} == {events[2]["item"]["id"]}


async def test_a_stream_that_is_cut_raises_in_the_sdk():
    async with upstream() as up, serving(settings(up.url)) as gw, sdk(gw) as client:
        up.say([SSE_HEAD, event({"content": "he"}), CLOSE])
        with pytest.raises(openai.APIError, match="ended before the answer was finished"):
            async for _ in await client.responses.create(model="fast", input="hi", stream=True):
                pass


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "messages[0].content[0]"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"input": []}, "input"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"type": "function_call", "call_id": "c", "name": "f"}]}, "input[0].arguments"),
        ({"text": {"format": {"type": "json_schema", "schema": {}}}}, "text.format.name"),
    ],
)
async def test_what_cannot_be_said_is_refused_by_name(fields: dict[str, Any], param: str):
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([http(json.dumps(completion()).encode())])
        told = await gw.ask({"model": "fast", "input": "hi"} | fields, path="/v1/responses")
        assert told.status == 400
        assert told.json["error"]["param"] == param
        assert up.seen == []


async def test_a_provider_that_has_both_is_spoken_to_in_the_clients_language():
    odd = b'{ "input":"hi", "zz":1.50,"previous_response_id":"resp_1","model":"fast"}'
    body = b'{"id":"resp_2", "status":"completed","model":"m","output":[{"type":"odd","x":1.50}]}'
    async with upstream() as up:
        config = settings(up.url)
        config["providers"]["up"]["api"] = "both"
        async with serving(config) as gw:
            up.say([http(body)], [http(json.dumps(completion()).encode())])
            told = await gw.ask(odd, path="/v1/responses")
            assert told.body == body
            assert (up.seen[0].path, up.seen[0].body) == ("/v1/responses", odd.replace(b'"fast"', b'"m"'))
            await gw.ask({"model": "fast", "messages": [{"role": "user", "content": "hi"}]})
            assert up.seen[1].path == "/v1/chat/completions"
