"""Messages and tools, as they stand on Converse's wire."""

from typing import Any

import pytest
from msgspec import Raw

from lockgate_ports.chat import CustomTool, FunctionTool, NativeTool, ResponseFormat, ToolChoice
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
    Video,
    assistant,
    system,
    tool,
    user,
)

NOVA, LLAMA = "amazon.nova-lite-v1:0", "meta.llama3-1-70b-instruct-v1:0"
WEATHER = FunctionTool("weather", "In a city.", Raw(b'{"type":"object","properties":{"city":{"type":"string"}}}'))
CALL = ToolCall("c1", "weather", '{"city": "Ulm", "n": 12345678901234567890}')
GUARDED = Native("bedrock-converse", "guardContent", Raw(b'{"guardContent":{"text":{"text":"x"}}}'))
CALLED = (user("Hi"), assistant(CALL), tool("c1", "sunny"))


def content(body: dict[str, Any], turn: int = 0) -> Any:
    return body["messages"][turn]["content"]


def test_two_speakers_take_turns_and_the_system_stands_apart(write: Any) -> None:
    body, _ = write(
        system("Be brief."),
        user("One."),
        Message("developer", (Text("Be kind."),)),
        user("Two."),
        assistant("Three."),
        assistant("Four."),
    )
    assert body["system"] == [{"text": "Be brief."}, {"text": "Be kind."}]
    assert body["messages"] == [
        {"role": "user", "content": [{"text": "One."}, {"text": "Two."}]},
        {"role": "assistant", "content": [{"text": "Three."}, {"text": "Four."}]},
    ]


def test_results_of_parallel_tools_go_back_in_one_message_before_the_words(write: Any) -> None:
    body, _ = write(
        user("Both?"),
        assistant(CALL, ToolCall("c2", "weather", "")),
        tool("c1", "sunny"),
        Message("tool", (ToolResult("c2", (Text("no"), Image(InlineSource("iVBORw0KGgo=", None))), is_error=True),)),
        user("So?"),
    )
    assert content(body, 1) == [
        {"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Ulm", "n": 12345678901234567890}}},
        {"toolUse": {"toolUseId": "c2", "name": "weather", "input": {}}},
    ]
    picture = {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}
    assert content(body, 2) == [
        {"toolResult": {"toolUseId": "c1", "content": [{"text": "sunny"}]}},
        {"toolResult": {"toolUseId": "c2", "content": [{"text": "no"}, picture], "status": "error"}},
        {"text": "So?"},
    ]
    assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user"]


def test_results_come_first_whatever_stood_before_them(write: Any) -> None:
    result = ToolResult("c1", (Text("sunny"),))
    for last in ((user("Wait."), Message("tool", (result,))), (Message("user", (Text("Wait."), result)),)):
        body, _ = write(user("Hi"), assistant(CALL), *last)
        assert [list(block) for block in content(body, 2)] == [["toolResult"], ["text"]]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Image(InlineSource("AA==", "image/jpg")), {"image": {"format": "jpeg", "source": {"bytes": "AA=="}}}),
        (Image(InlineSource("/9j/AA==")), {"image": {"format": "jpeg", "source": {"bytes": "/9j/AA=="}}}),
        (
            Image(UrlSource("s3://bucket/cat.webp")),
            {"image": {"format": "webp", "source": {"s3Location": {"uri": "s3://bucket/cat.webp"}}}},
        ),
        (Video(InlineSource("AA==", "video/3gpp")), {"video": {"format": "three_gp", "source": {"bytes": "AA=="}}}),
        (Audio(InlineSource("AA==", "audio/x-wav")), {"audio": {"format": "wav", "source": {"bytes": "AA=="}}}),
        (
            File(InlineSource("AA==", "application/pdf"), "Q3_report (v2).final.pdf"),
            {"document": {"format": "pdf", "name": "Q3-report (v2)-final", "source": {"bytes": "AA=="}}},
        ),
        (
            File(InlineSource("AA==", "text/plain"), "notes.md"),
            {"document": {"format": "md", "name": "notes", "source": {"bytes": "AA=="}}},
        ),
        (
            File(InlineSource("JVBERi0=")),
            {"document": {"format": "pdf", "name": "document", "source": {"bytes": "JVBERi0="}}},
        ),
        (GUARDED, {"guardContent": {"text": {"text": "x"}}}),
    ],
)
def test_each_part_has_its_block(write: Any, part: Any, block: Any) -> None:
    body, _ = write(user("See:", part))
    assert content(body) == [{"text": "See:"}, block]


def test_documents_have_names_that_differ(write: Any) -> None:
    same = File(InlineSource("AA==", "text/csv"), "a.csv")
    body, _ = write(user(same, same), assistant("?"), user(same))
    names = [block["document"]["name"] for turn in (0, 2) for block in content(body, turn)]
    assert names == ["a", "a (2)", "a (3)"]


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (Image(UrlSource("https://x.test/cat.png")), "image by its URL"),
        (Image(StoredSource("file-1", "image/png")), "image by a file id"),
        (Image(InlineSource("AA==", "image/tiff")), "image of this format"),
        (File(InlineSource("AA==", "application/zip"), "a.zip"), "file of this format"),
        (Native("anthropic-messages", "web_search", Raw(b"{}")), "web_search part of anthropic-messages"),
        (CALL, "toolcall in a user message"),
    ],
)
def test_what_converse_cannot_say_is_refused_by_its_place(write: Any, part: Any, says: str) -> None:
    with pytest.raises(Unsupported, match=says) as caught:
        write(system("S"), user("Hi", part))
    assert caught.value.param == "messages[1].content[1]"


def test_blank_words_are_not_sent(write: Any) -> None:
    body, _ = write(system(" "), user("Hi", ""), assistant("", CALL), tool("c1", ""), assistant("\n"), user("?"))
    assert "system" not in body
    assert [len(each["content"]) for each in body["messages"]] == [1, 1, 2]
    assert content(body, 2)[0] == {"toolResult": {"toolUseId": "c1", "content": []}}


def test_own_thoughts_go_back_exactly_and_others_stay_out(write: Any) -> None:
    body, out = write(
        user("Hi"),
        assistant(
            Thinking("Mine.", "c2ln", native="bedrock-converse"),
            Thinking(redacted="b3Bh", native="bedrock-converse"),
            Thinking("Theirs.", "c2ln", native="anthropic-messages"),
            Thinking("Nobody's."),
            "Yes.",
            Refusal("No."),
        ),
    )
    assert content(body, 1) == [
        {"reasoningContent": {"reasoningText": {"text": "Mine.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "b3Bh"}},
        {"text": "Yes."},
        {"text": "No."},
    ]
    assert out.dropped == ("thinking",)


def test_cache_hints_become_cache_points(write: Any) -> None:
    messages = (
        Message("system", (Text("Long.", cache=CacheHint("1h")),)),
        Message("user", (Text("Hi", cache=CacheHint()),)),
        assistant(CALL),
        Message("tool", (ToolResult("c1", (Text("x", cache=CacheHint("2d")),)),)),
    )
    cached = FunctionTool("weather", cache=CacheHint())
    body, out = write(*messages, tools=(cached,))
    assert body["system"][1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert content(body)[1] == {"cachePoint": {"type": "default"}}
    assert content(body, 2)[1] == {"cachePoint": {"type": "default"}}
    assert body["toolConfig"]["tools"][1] == {"cachePoint": {"type": "default"}}
    assert out.dropped == ("cache_control.ttl",)
    for model, points in ((NOVA, 1), (LLAMA, 0)):
        body, out = write(*messages[:2], tools=(cached,), model=model)
        assert len(body["system"]) == 1 + points
        assert len(body["toolConfig"]["tools"]) == 1
        assert out.dropped == ("cache_control",)


def test_tools_keep_their_schema_and_get_what_bedrock_wants(write: Any) -> None:
    bare, open_ = FunctionTool("now", ""), FunctionTool("any", parameters=Raw(b'{"properties":{}}'), strict=True)
    body, _ = write(tools=(WEATHER, bare, open_))
    specs = [each["toolSpec"] for each in body["toolConfig"]["tools"]]
    assert specs[0] == {
        "name": "weather",
        "description": "In a city.",
        "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    assert specs[1] == {"name": "now", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    assert specs[2] == {"name": "any", "inputSchema": {"json": {"type": "object", "properties": {}}}, "strict": True}
    assert "toolChoice" not in body["toolConfig"]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (ToolChoice("auto"), {"auto": {}}),
        (ToolChoice("required"), {"any": {}}),
        (ToolChoice("named", "weather"), {"tool": {"name": "weather"}}),
    ],
)
def test_a_choice_of_tools_is_said(write: Any, choice: ToolChoice, said: Any) -> None:
    assert write(tools=(WEATHER,), tool_choice=choice)[0]["toolConfig"]["toolChoice"] == said


def test_allowed_tools_alone_are_offered(write: Any) -> None:
    body, _ = write(tools=(WEATHER, FunctionTool("clock")), tool_choice=ToolChoice("required", allowed=("clock",)))
    assert [each["toolSpec"]["name"] for each in body["toolConfig"]["tools"]] == ["clock"]
    assert body["toolConfig"]["toolChoice"] == {"any": {}}


@pytest.mark.parametrize("fields", [{}, {"tools": (WEATHER,), "tool_choice": ToolChoice("none")}])
def test_a_conversation_with_calls_and_no_tools_gets_a_stand_in(write: Any, fields: dict[str, Any]) -> None:
    body, _ = write(*CALLED, **fields)
    assert [each["toolSpec"]["name"] for each in body["toolConfig"]["tools"]] == ["lockgate_no_tool"]
    assert "toolConfig" not in write(**fields)[0]


def test_ids_and_names_in_foreign_letters_are_spelled_stably(write: Any) -> None:
    call, long = ToolCall("call|1:é", "geo.find", "{}"), "x" * 65
    body, _ = write(
        user("Hi"),
        assistant(call, ToolCall(long, "weather", "{}")),
        Message("tool", (ToolResult("call|1:é", ()), ToolResult(long, ()))),
        tools=(FunctionTool("geo.find"),),
    )
    used = [each["toolUse"]["toolUseId"] for each in content(body, 1)]
    assert used == [each["toolResult"]["toolUseId"] for each in content(body, 2)]
    assert all(len(each) <= 64 and each.replace("_", "").isalnum() and each.isascii() for each in used)
    assert content(body, 1)[0]["toolUse"]["name"] == body["toolConfig"]["tools"][0]["toolSpec"]["name"]
    with pytest.raises(Unsupported, match="tool name") as caught:
        write(tools=(FunctionTool(long),))
    assert caught.value.param == "tools[0].name"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"modalities": ("text", "audio")}, "modalities"),
        ({"tools": (CustomTool("x"),)}, "tools[0]"),
        ({"tools": (NativeTool("openai-responses", "web_search", Raw(b"{}")),)}, "tools[0]"),
    ],
)
def test_what_no_model_there_can_do_is_refused(write: Any, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Unsupported) as caught:
        write(**fields)
    assert caught.value.param == param


@pytest.mark.parametrize("arguments", ["[1]", "{", "free text"])
def test_arguments_that_are_no_object_are_refused(write: Any, arguments: str) -> None:
    with pytest.raises(Unsupported, match="no JSON object"):
        write(user("Hi"), assistant(ToolCall("c1", "weather", arguments)))


def test_half_a_character_is_refused(write: Any) -> None:
    with pytest.raises(InvalidRequest, match="surrogate"):
        write(user("\ud83d"))


def test_the_path_says_model_and_operation(write: Any) -> None:
    arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"
    _, out = write(model=arn)
    quoted = "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fabc"
    assert out.http.target == f"/prefix/model/{quoted}/converse"
    _, out = write(model=NOVA, stream=True)
    assert out.http.target == "/prefix/model/amazon.nova-lite-v1%3A0/converse-stream"
    assert ("accept", "application/vnd.amazon.eventstream") in out.http.headers


def test_an_answer_by_tool_stands_beside_the_callers_tools(write: Any) -> None:
    form = ResponseFormat("json_schema", Raw(b'{"type":"object"}'), "answer")
    body, _ = write(tools=(WEATHER,), response_format=form, model=NOVA)
    assert [each["toolSpec"]["name"] for each in body["toolConfig"]["tools"]] == ["weather", "lockgate_answer"]
    assert body["toolConfig"]["toolChoice"] == {"any": {}}
    body, _ = write(response_format=form, model=NOVA)
    assert body["toolConfig"]["toolChoice"] == {"tool": {"name": "lockgate_answer"}}
