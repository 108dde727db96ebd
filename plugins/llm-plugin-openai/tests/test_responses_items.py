"""Items of a streamed response in OpenAI's own order, and what a response says again of its request."""

import json
from typing import Any

from msgspec import Raw

from llm_plugin_openai.responses.dialect import OpenAIResponses
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice, Reasoning
from lockgate_ports.dialect import Upstream
from lockgate_ports.events import Event, Finish, Start, TextDelta, ThinkingDelta, ToolCallDelta
from lockgate_ports.parts import Message, Text, Thinking, user
from lockgate_ports.wire import Inbound, Request

_DIALECT = OpenAIResponses()


def _asked(**fields: Any) -> Request[ChatRequest]:
    body = json.dumps({"model": "m", "input": "Hi"} | fields).encode()
    return _DIALECT.read_request(Inbound("POST", "/v1/responses", {}, body))


def _told(*events: Event, **fields: Any) -> list[dict[str, Any]]:
    writer = _DIALECT.event_writer(_asked(**fields))
    sent = b"".join([*(writer.write([event]) for event in events), writer.end()])
    return [json.loads(block.partition("data: ")[2]) for block in sent.decode().split("\n\n") if block]


def test_an_item_ends_before_the_next_begins() -> None:
    told = _told(
        ThinkingDelta("Hm", 0),
        TextDelta("So", 1),
        ToolCallDelta(2, id="c", name="f", arguments="{}"),
        TextDelta("!", 3),
        Finish("tool_calls"),
    )
    begun = [event["output_index"] for event in told if event["type"] == "response.output_item.added"]
    ended = [event["output_index"] for event in told if event["type"] == "response.output_item.done"]
    order = [event["type"] for event in told if event["type"].startswith("response.output_item.")]
    assert begun == ended == [0, 1, 2, 3]
    assert order == ["response.output_item.added", "response.output_item.done"] * 4
    assert [event["sequence_number"] for event in told] == list(range(len(told)))


def test_calls_that_are_told_in_turn_are_each_whole() -> None:
    told = _told(
        ToolCallDelta(0, id="a", name="f"),
        ToolCallDelta(1, id="b", name="g"),
        ToolCallDelta(1, arguments='{"y":'),
        ToolCallDelta(0, arguments='{"x":1}'),
        ToolCallDelta(1, arguments="2}"),
        TextDelta("Done", 2),
        Finish("tool_calls"),
    )
    output = told[-1]["response"]["output"]
    assert [item.get("arguments") for item in output] == ['{"x":1}', '{"y":2}', None]
    order = [event["type"].rpartition(".")[2] for event in told if event["type"].startswith("response.output_item.")]
    assert order == ["added", "done"] * 3


def test_words_after_a_free_text_call_wait_for_its_end() -> None:
    told = _told(
        ToolCallDelta(0, id="a", name="patch", arguments="{}", custom=True),
        TextDelta("Done", 1),
        ToolCallDelta(0, arguments=" more", custom=True),
        Finish("tool_calls"),
    )
    call, words = told[-1]["response"]["output"]
    assert call["input"] == "{} more"
    assert words["content"][0]["text"] == "Done"


def test_a_response_says_again_how_it_was_asked_for() -> None:
    asked: dict[str, Any] = {
        "instructions": "Be brief.",
        "metadata": {"who": "ann"},
        "parallel_tool_calls": False,
        "tool_choice": "required",
        "tools": [{"type": "function", "name": "f", "parameters": {}, "odd": 1}],
        "temperature": 0.5,
        "store": False,
    }
    told = _told(Start("x"), TextDelta("A"), Finish("stop"), **asked)
    responses = [event["response"] for event in told if "response" in event]
    whole = json.loads(_DIALECT.write_response(ChatResponse(choices=(Choice(),)), _asked(**asked)).body)
    assert len(responses) == 3
    for response in (*responses, whole):
        assert {name: response[name] for name in asked} == asked


def test_an_answer_without_an_id_is_told_by_the_call_and_its_time() -> None:
    request = _asked()
    request.tag, request.asked_at = "1234", 1_800_000_000
    whole = json.loads(_DIALECT.write_response(ChatResponse(choices=(Choice(parts=(Text("A"),)),)), request).body)
    assert (whole["id"], whole["created_at"], whole["model"]) == ("resp_1234", 1_800_000_000, "m")
    assert whole["output"][0]["id"] == "msg_1234_0"


def test_who_speaks_another_language_has_nothing_kept_and_gets_thoughts_along(upstream: Upstream) -> None:
    def sent(**fields: Any) -> dict[str, Any]:
        view = ChatRequest(model="m", messages=(user("Hi"),), **fields)
        return json.loads(_DIALECT.write_request(view, upstream).http.body)

    assert sent()["store"] is False
    assert "include" not in sent()
    assert sent(store=True, reasoning=Reasoning("low")) | {"input": 0} == {
        "model": "real",
        "input": 0,
        "store": True,
        "reasoning": {"effort": "low"},
    }
    assert sent(reasoning=Reasoning("low"))["include"] == ["reasoning.encrypted_content"]
    assert "include" not in sent(reasoning=Reasoning("none"))


def test_a_member_that_the_parts_say_as_well_is_not_missed(upstream: Upstream) -> None:
    extra = {"reasoning_content": Raw(b'"Hm"'), "odd": Raw(b"1")}
    said = Message("assistant", (Thinking("Hm"), Text("A")), None, extra, "openai-chat", ("reasoning_content",))
    view = ChatRequest(model="m", messages=(user("Hi"), said))
    assert _DIALECT.write_request(view, upstream).dropped == ("messages[1].odd", "thinking")
