"""What Cohere is asked: requests of `cohere-chat`."""

import json
from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_cohere.chat import CohereChat
from lockgate_ports.chat import ChatRequest, CustomTool, FunctionTool, Reasoning, ResponseFormat, ToolChoice
from lockgate_ports.dialect import Params, Upstream
from lockgate_ports.errors import InvalidRequest, Unsupported
from lockgate_ports.http import Origin
from lockgate_ports.parts import (
    File,
    Image,
    InlineSource,
    Message,
    Native,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
    assistant,
    system,
    user,
)

WEATHER = FunctionTool("weather", "The weather.", Raw(b'{"type":"object"}'))
CLOCK = FunctionTool("clock")


def written(*messages: Message, params: Params = "drop", stream: bool = False, **fields: Any) -> tuple[Any, Any]:
    """The body, and what was left out."""
    upstream = Upstream(
        provider_id="co",
        origin=Origin("https", "co.test", 443),
        prefix="",
        model="real",
        params=params,
        stream=stream,
    )
    view = ChatRequest(model="m", messages=messages or (user("Hi"),), **fields)
    told = CohereChat().write_request(view, upstream)
    return json.loads(told.http.body), told.dropped


def test_tuning_goes_by_coheres_words() -> None:
    body, dropped = written(temperature=0.3, top_p=0.9, top_k=40, stop=("a", "b"), max_tokens=9, seed=7, logprobs=True)
    assert (body["p"], body["k"], body["stop_sequences"], body["max_tokens"]) == (0.9, 40, ["a", "b"], 9)
    assert (body["temperature"], body["seed"], body["logprobs"], dropped) == (0.3, 7, True, ())


def test_tuning_that_cohere_lacks_is_left_out_and_named_or_refused_or_sent() -> None:
    body, dropped = written(min_p=0.1, user="u", parallel_tool_calls=False, tools=(WEATHER,))
    assert dropped == ("min_p", "user", "parallel_tool_calls")
    assert not {"min_p", "user", "parallel_tool_calls"} & body.keys()
    with pytest.raises(Unsupported, match="min_p"):
        written(min_p=0.1, params="strict")
    assert written(min_p=0.1, params="pass")[0]["min_p"] == 0.1


def test_a_named_tool_is_asked_for_by_offering_no_other() -> None:
    body, dropped = written(tools=(WEATHER, CLOCK), tool_choice=ToolChoice("named", "clock"))
    assert [tool["function"]["name"] for tool in body["tools"]] == ["clock"]
    assert (body["tool_choice"], dropped) == ("REQUIRED", ())
    body, _ = written(tools=(WEATHER, CLOCK), tool_choice=ToolChoice("auto", allowed=("weather",)))
    assert [tool["function"]["name"] for tool in body["tools"]] == ["weather"]
    assert "tool_choice" not in body


def test_whether_tools_are_called_is_said_in_coheres_words() -> None:
    for mode, word in (("auto", None), ("none", "NONE"), ("required", "REQUIRED")):
        body, _ = written(tools=(WEATHER, CLOCK), tool_choice=ToolChoice(mode))  # type: ignore[arg-type]
        assert (len(body["tools"]), body.get("tool_choice")) == (2, word)


def test_a_choice_that_no_tool_can_meet_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="'other'"):
        written(tools=(WEATHER,), tool_choice=ToolChoice("named", "other"))
    with pytest.raises(InvalidRequest, match="tools is empty"):
        written(tool_choice=ToolChoice("required"))


def test_a_tool_without_parameters_gets_the_empty_schema_that_cohere_wants() -> None:
    body, _ = written(tools=(CLOCK,))
    assert body["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {}}


def test_strict_tools_are_strict_together_or_not_at_all() -> None:
    strict = FunctionTool("a", parameters=Raw(b"{}"), strict=True)
    assert written(tools=(strict,))[0]["strict_tools"] is True
    body, dropped = written(tools=(strict, CLOCK))
    assert ("strict_tools" in body, dropped) == (False, ("tools.strict",))


def test_a_schema_goes_where_cohere_looks_for_it() -> None:
    schema = ResponseFormat("json_schema", Raw(b'{"type":"object"}'), name="x", strict=True)
    expected = {"type": "json_object", "json_schema": {"type": "object"}}
    assert written(response_format=schema)[0]["response_format"] == expected
    assert written(response_format=ResponseFormat("json_object"))[0]["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    ("reasoning", "thinking", "dropped"),
    [
        (Reasoning(budget_tokens=500), {"type": "enabled", "token_budget": 500}, ()),
        (Reasoning(effort="none"), {"type": "disabled"}, ()),
        (Reasoning(enabled=False), {"type": "disabled"}, ()),
        (Reasoning(enabled=True), {"type": "enabled"}, ()),
        (Reasoning(effort="low"), {"type": "enabled"}, ("reasoning.effort",)),
    ],
)
def test_reasoning_becomes_thinking(reasoning: Reasoning, thinking: Any, dropped: Any) -> None:
    body, left = written(reasoning=reasoning)
    assert (body["thinking"], left) == (thinking, dropped)


def test_documents_may_come_from_a_client_of_any_dialect() -> None:
    extra = {"documents": Raw(b'["d"]'), "safety_mode": Raw(b'"OFF"'), "zz": Raw(b"1")}
    body, dropped = written(extra=extra, native="other-chat")
    assert (body["documents"], body["safety_mode"], dropped) == (["d"], "OFF", ("zz",))
    assert written(extra=extra, native="cohere-chat")[0]["zz"] == 1


def test_a_plan_and_its_calls_go_back_where_they_came_from() -> None:
    turn = assistant(
        Thinking("I will look.", id="tool_plan", native="cohere-chat"), ToolCall("c1", "weather", '{"city":"Ulm"}')
    )
    body, _ = written(user("?"), turn, Message("tool", (ToolResult("c1", (Text("15 °C"),)),)))
    assert body["messages"][1] == {
        "role": "assistant",
        "tool_plan": "I will look.",
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Ulm"}'}}
        ],
    }
    assert body["messages"][2] == {"role": "tool", "tool_call_id": "c1", "content": "15 °C"}


def test_a_thought_goes_back_but_what_another_vendor_signed_does_not() -> None:
    body, dropped = written(assistant(Thinking("Hm.", native="cohere-chat"), "Ja"), user("?"))
    assert body["messages"][0]["content"] == [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Ja"}]
    assert dropped == ()
    body, dropped = written(assistant(Thinking("Hm.", "sig", native="other"), "Ja"), user("?"))
    assert (body["messages"][0]["content"], dropped) == ("Ja", ("thinking",))


def test_citations_go_back_with_their_message() -> None:
    cited = Text("Ulm.", Raw(b'[{"start":0}]'), "cohere-chat")
    assert written(assistant(cited), user("?"))[0]["messages"][0]["citations"] == [{"start": 0}]
    foreign = Text("Ulm.", Raw(b'[{"start":0}]'), "other")
    assert "citations" not in written(assistant(foreign), user("?"))[0]["messages"][0]


def test_a_tools_answer_may_hold_documents() -> None:
    document = Native("cohere-chat", "document", Raw(b'{"type":"document","document":{"data":{"a":"b"}}}'))
    body, _ = written(user("?"), Message("tool", (ToolResult("c1", (document,)),)))
    assert body["messages"][1]["content"][0]["document"] == {"data": {"a": "b"}}


def test_roles_and_pictures_are_said() -> None:
    body, _ = written(
        system("S"),
        Message("developer", (Text("D"),)),
        user("?", Image(UrlSource("https://x.test/a.png"), "low"), Image(InlineSource("QUJD", "image/png"))),
    )
    assert [message["role"] for message in body["messages"]] == ["system", "system", "user"]
    assert [item.get("image_url") for item in body["messages"][2]["content"]] == [
        None,
        {"url": "https://x.test/a.png", "detail": "low"},
        {"url": "data:image/png;base64,QUJD"},
    ]


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (File(InlineSource("QUJD", "application/pdf")), "takes no file"),
        (Image(InlineSource("QUJD")), "media type"),
        (Native("other", "audio", Raw(b"{}")), "audio part of other"),
    ],
)
def test_content_that_cohere_cannot_be_told_is_refused_by_its_path(part: Part, says: str) -> None:
    with pytest.raises(Unsupported, match=says) as caught:
        written(user("?", part))
    assert caught.value.param == "messages[0].content[1]"


def test_what_would_change_the_answer_is_refused() -> None:
    with pytest.raises(Unsupported) as caught:
        written(n=2)
    assert caught.value.param == "n"
    with pytest.raises(Unsupported):
        written(modalities=("text", "audio"))
    with pytest.raises(Unsupported, match="custom tool"):
        written(tools=(CustomTool("x"),))
    assert "n" not in written(n=1, modalities=("text",))[0]


def test_a_stream_is_asked_for_by_field_and_by_header() -> None:
    assert written(stream=True)[0]["stream"] is True
    assert "stream" not in written()[0]
