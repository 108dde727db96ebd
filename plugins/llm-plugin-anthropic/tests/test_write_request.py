"""From the canonical view to a request: conversations, parts and tools."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from lockgate_ports.chat import CustomTool, FunctionTool, NativeTool, ToolChoice
from lockgate_ports.errors import InvalidRequest, Unsupported
from lockgate_ports.parts import (
    Audio,
    CacheHint,
    File,
    Image,
    InlineSource,
    Message,
    Native,
    Refusal,
    StoredSource,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
    assistant,
    system,
    tool,
    user,
)

Write = Callable[..., dict[str, Any]]
_OLD = "claude-sonnet-4-5"
_SCHEMA = Raw(b'{"type":"object","properties":{"city":{"type":"string"}}}')


def test_system_and_developer_messages_at_the_beginning_are_the_system_prompt(write: Write) -> None:
    sent = write(system("Be brief."), Message("developer", (Text("In German."),)), user("Hi"))
    assert sent["system"] == [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "In German."}]
    assert sent["messages"] == [{"role": "user", "content": "Hi"}]
    assert write(system("Be brief."), user("Hi"))["system"] == "Be brief."


def test_a_system_message_in_the_middle_stays_there_where_the_model_takes_it(write: Write) -> None:
    conversation = (user("Hi"), assistant("Ho"), user("Go on."), system("In German."))
    sent = write(*conversation)
    assert sent["messages"][-1] == {"role": "system", "content": "In German."}
    assert "system" not in sent
    assert sent["dropped"] == ()


@pytest.mark.parametrize(
    ("model", "conversation"),
    [
        (_OLD, (user("Hi"), system("In German."))),
        ("claude-opus-5", (user("Hi"), assistant("Ho"), system("In German."), user("Go on."))),
    ],
)
def test_elsewhere_it_joins_the_system_prompt_and_its_place_is_named(
    write: Write, model: str, conversation: tuple[Message, ...]
) -> None:
    sent = write(*conversation, model=model)
    assert sent["system"] == "In German."
    assert all(message["role"] != "system" for message in sent["messages"])
    assert sent["dropped"] == (f"messages[{[m.role for m in conversation].index('system')}].position",)


def test_turns_of_one_speaker_are_one_turn_and_tool_results_come_first(write: Write) -> None:
    calls = assistant(Text("Wait."), ToolCall("a", "weather", '{"city":"Ulm"}'), ToolCall("b", "clock", ""))
    sent = write(user("Hi"), user("there"), calls, tool("a", "rain"), user("And?"), tool("b", "noon"))
    first, second, third = sent["messages"]
    assert first == {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}]}
    assert second["content"][1:] == [
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Ulm"}},
        {"type": "tool_use", "id": "b", "name": "clock", "input": {}},
    ]
    assert [block["type"] for block in third["content"]] == ["tool_result", "tool_result", "text"]
    assert third["content"][1] == {"type": "tool_result", "tool_use_id": "b", "content": "noon"}


def test_an_assistant_who_said_nothing_is_passed_over_and_a_prefill_ends_in_no_space(write: Write) -> None:
    sent = write(user("Hi"), assistant(""), user("Hi?"), assistant(Text("\n\n"), ToolCall("a", "f", "{}")), tool("a"))
    assert [message["role"] for message in sent["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in sent["messages"][1]["content"]] == ["tool_use"]
    assert sent["messages"][2]["content"] == [{"type": "tool_result", "tool_use_id": "a"}]
    assert write(user("Count"), assistant("One, \n"))["messages"][-1]["content"] == "One,"


def test_foreign_call_ids_are_rewritten_the_same_way_on_both_ends(write: Write) -> None:
    sent = write(user("Hi"), assistant(ToolCall("call:1/ü", "f", "{}")), tool("call:1/ü", "x"))
    (call,), (result,) = (message["content"] for message in sent["messages"][1:])
    assert call["id"] == result["tool_use_id"]
    assert call["id"].isascii()
    assert ":" not in call["id"]
    other = write(user("Hi"), assistant(ToolCall("call/1:ü", "f", "{}")))["messages"][1]["content"][0]["id"]
    assert other != call["id"]


def test_parts_have_their_blocks(write: Write) -> None:
    text = b64encode("Grüße".encode()).decode()
    message = user(
        Text("Look", cache=CacheHint("1h")),
        Image(InlineSource("aGk=", "image/png"), "auto"),
        Image(UrlSource("https://a.test/x.png")),
        File(InlineSource("aGk=", "application/pdf"), "a.pdf", CacheHint()),
        File(InlineSource(text, "text/markdown")),
        File(InlineSource("aGk="), "b.PDF"),
        File(StoredSource("file_1")),
        Native("anthropic-messages", "search_result", Raw(b'{"type":"search_result","x":1}')),
    )
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "aGk="}
    assert write(message)["messages"][0]["content"] == [
        {"type": "text", "text": "Look", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
        {"type": "image", "source": {"type": "url", "url": "https://a.test/x.png"}},
        {"type": "document", "source": pdf, "title": "a.pdf", "cache_control": {"type": "ephemeral"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}},
        {"type": "document", "source": pdf, "title": "b.PDF"},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "search_result", "x": 1},
    ]


def test_a_tool_may_answer_with_a_picture_and_with_an_error(write: Write) -> None:
    result = ToolResult("a", (Text("See"), Image(UrlSource("https://a.test/x.png"))), is_error=True)
    (block,) = write(user("Hi"), assistant(ToolCall("a", "f", "{}")), Message("tool", (result,)))["messages"][2][
        "content"
    ]
    assert block["is_error"] is True
    assert [part["type"] for part in block["content"]] == ["text", "image"]


@pytest.mark.parametrize(
    ("message", "at"),
    [
        (user("x", Audio(InlineSource("aGk=", "audio/wav"))), "messages[0].content[1]"),
        (user(Image(InlineSource("aGk="))), "messages[0].content[0]"),
        (user(Image(UrlSource("gs://a/b"))), "messages[0].content[0]"),
        (user(File(InlineSource("aGk=", "application/zip"))), "messages[0].content[0]"),
        (user(Native("openai-chat", "odd", Raw(b"{}"))), "messages[0].content[0]"),
        (system("alone"), "messages"),
    ],
)
def test_content_that_cannot_be_said_is_refused_by_name(write: Write, message: Message, at: str) -> None:
    with pytest.raises(Unsupported, match="acme") as caught:
        write(message)
    assert caught.value.param == at


@pytest.mark.parametrize("arguments", ["[1]", '{"a":', "words"])
def test_arguments_that_are_no_object_are_refused_by_name(write: Write, arguments: str) -> None:
    with pytest.raises(InvalidRequest, match="weather") as caught:
        write(user("Hi"), assistant(ToolCall("a", "weather", arguments)))
    assert caught.value.param == "messages[1].content[0]"


def test_own_thinking_goes_back_as_it_came_and_anothers_does_not(write: Write) -> None:
    own, sealed = (
        Thinking("Hm", "c2ln", native="anthropic-messages"),
        Thinking(redacted="x", native="anthropic-messages"),
    )
    sent = write(user("Hi"), assistant(own, sealed, Text("Ho"), Refusal("No.")), user("?"))
    assert sent["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "Ho"},
        {"type": "text", "text": "No."},
    ]
    for foreign in (
        Thinking("Hm"),
        Thinking("Hm", "c2ln", native="gemini"),
        Thinking(redacted="x", native="openai-chat"),
    ):
        sent = write(user("Hi"), assistant(foreign, Text("Ho")), user("?"))
        assert sent["messages"][1]["content"] == "Ho"
        assert sent["dropped"] == ("thinking",)


def test_tools_have_schemas_of_objects(write: Write) -> None:
    tools = (
        FunctionTool("a", "Does a.", _SCHEMA, cache=CacheHint()),
        FunctionTool("b"),
        FunctionTool("c", parameters=Raw(b'{"properties":{}}')),
        NativeTool("anthropic-messages", "web_search_20250305", Raw(b'{"type":"web_search_20250305","max_uses":2}')),
    )
    assert write(tools=tools)["tools"] == [
        {
            "name": "a",
            "input_schema": msgspec.json.decode(_SCHEMA),
            "description": "Does a.",
            "cache_control": {"type": "ephemeral"},
        },
        {"name": "b", "input_schema": {"type": "object", "properties": {}}},
        {"name": "c", "input_schema": {"type": "object", "properties": {}}},
        {"type": "web_search_20250305", "max_uses": 2},
    ]


@pytest.mark.parametrize(
    "odd",
    [
        FunctionTool("a", parameters=Raw(b'{"type":"string"}')),
        CustomTool("a"),
    ],
)
def test_a_tool_that_cannot_be_is_refused_by_name(write: Write, odd: FunctionTool | CustomTool) -> None:
    with pytest.raises(Unsupported) as caught:
        write(tools=(FunctionTool("fine"), odd))
    assert (caught.value.param or "").startswith("tools[1]")


def test_strict_tools_are_strict_where_model_and_schema_allow(write: Write) -> None:
    def strict(parameters: Raw, model: str = "claude-opus-5") -> tuple[object, object]:
        sent = write(model=model, tools=(FunctionTool("a", parameters=parameters, strict=True),))
        return sent["tools"][0].get("strict"), sent["dropped"]

    assert strict(_SCHEMA) == (True, ())
    assert strict(_SCHEMA, "claude-3-haiku-20240307") == (None, ("tools[0].strict",))
    assert strict(Raw(b'{"type":"object","properties":{"n":{"maximum":3}}}')) == (None, ("tools[0].strict",))


@pytest.mark.parametrize(
    ("choice", "parallel", "sent"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), None, {"type": "auto"}),
        (ToolChoice("required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("named", "a"), None, {"type": "tool", "name": "a"}),
    ],
)
def test_the_choice_among_tools(write: Write, choice: ToolChoice | None, parallel: bool | None, sent: object) -> None:
    tools = (FunctionTool("a"), FunctionTool("b"))
    assert write(tools=tools, tool_choice=choice, parallel_tool_calls=parallel).get("tool_choice") == sent
    assert "tool_choice" not in write(tool_choice=choice, parallel_tool_calls=parallel)


def test_a_choice_among_some_offers_only_those(write: Write) -> None:
    sent = write(tools=(FunctionTool("a"), FunctionTool("b")), tool_choice=ToolChoice("required", allowed=("b",)))
    assert [each["name"] for each in sent["tools"]] == ["b"]
    assert sent["tool_choice"] == {"type": "any"}
