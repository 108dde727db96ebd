"""What goes to Google: the canonical view in Gemini's words, and nothing lost in silence."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_google.dialect import Gemini
from lockgate_ports.chat import (
    AudioOutput,
    ChatRequest,
    CustomTool,
    FunctionTool,
    NativeTool,
    Reasoning,
    ResponseFormat,
    ToolChoice,
)
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest, Unsupported
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    InlineSource,
    Message,
    Native,
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

Place = Callable[..., Upstream]
Write = Callable[..., tuple[dict[str, Any], tuple[str, ...]]]

_WEATHER = FunctionTool("weather", "The weather.", Raw(b'{"type":"object","properties":{"city":{"$ref":"#/$defs/c"}}}'))


def _roles(fields: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(turn["role"], [next(iter(part)) for part in turn["parts"]]) for turn in fields["contents"]]


def test_system_messages_are_one_instruction_and_one_out_of_place_is_named(write: Write) -> None:
    fields, dropped = write(messages=(system("A"), user("Hi"), Message("developer", (Text("B"),))))
    assert fields["systemInstruction"] == {"parts": [{"text": "A"}, {"text": "B"}]}
    assert fields["contents"] == [{"role": "user", "parts": [{"text": "Hi"}]}]
    assert dropped == ("messages[2].role",)


def test_a_request_of_system_messages_alone_is_refused(write: Write) -> None:
    with pytest.raises(Unsupported, match="without a message of the user"):
        write(messages=(system("A"),))


def test_results_come_back_in_one_turn_in_the_order_of_their_calls(write: Write) -> None:
    fields, _ = write(
        messages=(
            user("Hi"),
            assistant(ToolCall("a", "one", '{"x":1}'), ToolCall("b", "two", "")),
            tool("b", "[2]"),
            tool("a", '{"y": 1}'),
            user("And?"),
        )
    )
    assert _roles(fields) == [
        ("user", ["text"]),
        ("model", ["functionCall", "functionCall"]),
        ("user", ["functionResponse", "functionResponse"]),
        ("user", ["text"]),
    ]
    assert fields["contents"][1]["parts"][1] == {"functionCall": {"name": "two", "args": {}}}
    assert fields["contents"][2]["parts"] == [
        {"functionResponse": {"name": "one", "response": {"y": 1}}},
        {"functionResponse": {"name": "two", "response": {"output": "[2]"}}},
    ]


def test_the_third_generation_gets_ids_and_a_word_for_calls_without_a_signature(write: Write) -> None:
    calls = assistant(ToolCall("a", "one", "{}"), ToolCall("b", "two", "{}"))
    fields, _ = write("gemini-3-flash-preview", messages=(user("Hi"), calls, tool("a", "1"), tool("b", "2")))
    first, second = fields["contents"][1]["parts"]
    assert first["functionCall"]["id"] == "a"
    assert first["thoughtSignature"] == "skip_thought_signature_validator"
    assert "thoughtSignature" not in second
    assert [part["functionResponse"]["id"] for part in fields["contents"][2]["parts"]] == ["a", "b"]


def test_signatures_go_back_to_where_they_stood(write: Write) -> None:
    fields, dropped = write(
        "gemini-3-pro-preview",
        messages=(
            user("Hi"),
            assistant(
                Thinking("Hm", native="gemini"),
                Text("Yes"),
                Thinking("", "s1", native="gemini"),
                ToolCall("a", "one", "{}", signature="s2", native="gemini"),
            ),
        ),
    )
    assert fields["contents"][1]["parts"] == [
        {"text": "Hm", "thought": True},
        {"text": "Yes", "thoughtSignature": "s1"},
        {"functionCall": {"name": "one", "args": {}, "id": "a"}, "thoughtSignature": "s2"},
    ]
    assert dropped == ()


def test_another_models_thoughts_stay_out_and_are_named(write: Write) -> None:
    fields, dropped = write(messages=(user("Hi"), assistant(Thinking("Hm", "s", native="other"), Text("Yes"))))
    assert fields["contents"][1]["parts"] == [{"text": "Yes"}]
    assert dropped == ("thinking",)


@pytest.mark.parametrize(
    ("part", "item"),
    [
        (Image(InlineSource("iVBORw0KGgoAAA")), {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgoAAA"}}),
        (
            Image(UrlSource("https://a.test/x.jpg?size=1")),
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://a.test/x.jpg?size=1"}},
        ),
        (
            Audio(InlineSource("AA", "audio/mpeg"), "mp3"),
            {"inlineData": {"mimeType": "audio/mp3", "data": "AA"}},
        ),
        (
            Video(UrlSource("https://www.youtube.com/watch?v=1")),
            {"fileData": {"fileUri": "https://www.youtube.com/watch?v=1"}},
        ),
        (File(InlineSource("AA"), "a.pdf"), {"inlineData": {"mimeType": "application/pdf", "data": "AA"}}),
        (File(StoredSource("files/f1")), {"fileData": {"fileUri": "https://acme.test/v1beta/files/f1"}}),
        (
            Native("gemini", "executableCode", Raw(b'{"executableCode":{"code":"1"}}')),
            {"executableCode": {"code": "1"}},
        ),
    ],
)
def test_media_is_told_with_its_type(write: Write, part: Any, item: dict[str, Any]) -> None:
    fields, _ = write(messages=(Message("user", (part,)),))
    assert fields["contents"][0]["parts"] == [item]


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (Image(UrlSource("https://a.test/x")), "image by a URL whose ending"),
        (Image(UrlSource("ftp://a.test/x.png")), "image from such an address"),
        (File(StoredSource("file-abc")), "file by an id that is not Google's own"),
        (File(InlineSource("AA")), "file whose media type is not told"),
        (Native("other", "thing", Raw(b"{}")), "thing part of other"),
    ],
)
def test_media_that_cannot_be_told_is_refused_by_name(write: Write, part: Any, says: str) -> None:
    with pytest.raises(Unsupported, match=says) as caught:
        write(messages=(Message("user", (Text("Hi"), part)),))
    assert caught.value.param == "messages[0].content[1]"
    assert "acme" in caught.value.message


def test_pictures_in_a_tools_answer_go_to_models_that_see_them(write: Write) -> None:
    picture = ToolResult("a", (Text("see"), Image(InlineSource("AA", "image/png"))))
    messages = (user("Hi"), assistant(ToolCall("a", "one", "{}")), Message("tool", (picture,)))
    fields, _ = write("gemini-3-pro-preview", messages=messages)
    response = fields["contents"][2]["parts"][0]["functionResponse"]
    assert response["parts"] == [{"inlineData": {"mimeType": "image/png", "data": "AA"}}]
    with pytest.raises(Unsupported, match="tool's answer with this model"):
        write("gemini-2.5-pro", messages=messages)


def test_a_failed_tool_says_so(write: Write) -> None:
    failed = ToolResult("a", (Text("no"),), is_error=True)
    messages = (user("Hi"), assistant(ToolCall("a", "one", "{}")), Message("tool", (failed,)))
    fields, _ = write(messages=messages)
    assert fields["contents"][2]["parts"][0]["functionResponse"]["response"] == {"error": "no"}


def test_a_result_of_no_call_and_arguments_that_are_no_object_are_refused(write: Write) -> None:
    with pytest.raises(InvalidRequest, match="which no message calls"):
        write(messages=(user("Hi"), tool("zz", "1")))
    with pytest.raises(Unsupported, match=r"messages\[1\]\.content\[0\]\.arguments"):
        write(messages=(user("Hi"), assistant(ToolCall("a", "one", "[1]"))))


def test_tuning_has_its_words_and_what_has_none_is_named(write: Write) -> None:
    fields, dropped = write(
        max_tokens=5,
        temperature=0.0,
        top_p=0.5,
        top_k=3,
        n=2,
        stop=("a", "b"),
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=True,
        top_logprobs=2,
        service_tier="flex",
        user="u",
        parallel_tool_calls=False,
        tools=(_WEATHER,),
        logit_bias={"1": 2.0},
    )
    assert fields["generationConfig"] == {
        "maxOutputTokens": 5,
        "temperature": 0.0,
        "topP": 0.5,
        "topK": 3,
        "candidateCount": 2,
        "stopSequences": ["a", "b"],
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 2,
    }
    assert fields["serviceTier"] == "flex"
    assert dropped == ("parallel_tool_calls", "logit_bias", "user")
    with pytest.raises(Unsupported, match="user"):
        write(params="strict", user="u")


def test_speech_names_its_voice(write: Write) -> None:
    fields, dropped = write(modalities=("audio",), audio=AudioOutput("pcm16", Raw(b'"Kore"')))
    assert fields["generationConfig"] == {
        "responseModalities": ["AUDIO"],
        "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
    }
    assert dropped == ()
    assert write(audio=AudioOutput("mp3", Raw(b'"Kore"')))[1] == ("audio.format",)


def test_functions_and_googles_own_tools_stand_apart(write: Write) -> None:
    search = NativeTool("gemini", "googleSearch", Raw(b'{"googleSearch":{}}'))
    fields, _ = write(tools=(_WEATHER, search))
    (functions, native) = fields["tools"]
    assert functions["functionDeclarations"][0]["parametersJsonSchema"]["properties"] == {"city": {"$ref": "#/$defs/c"}}
    assert native == {"googleSearch": {}}
    with pytest.raises(Unsupported, match=r"tools\[0\]: acme takes no tool web of other"):
        write(tools=(NativeTool("other", "web", Raw(b"{}")),))
    with pytest.raises(Unsupported, match="custom tools"):
        write(tools=(CustomTool("c"),))


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("named", "weather"), {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
        (ToolChoice("required", allowed=("a", "b")), {"mode": "ANY", "allowedFunctionNames": ["a", "b"]}),
        (ToolChoice("auto", allowed=("a",)), {"mode": "VALIDATED", "allowedFunctionNames": ["a"]}),
    ],
)
def test_the_choice_among_tools_is_a_mode(write: Write, choice: ToolChoice, config: dict[str, Any]) -> None:
    fields, _ = write(tools=(_WEATHER,), tool_choice=choice)
    assert fields["toolConfig"] == {"functionCallingConfig": config}


def test_a_schema_for_the_answer_goes_whole(write: Write) -> None:
    schema = Raw(b'{"type":"object","additionalProperties":false}')
    fields, _ = write(response_format=ResponseFormat("json_schema", schema, "a"))
    assert fields["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "additionalProperties": False},
    }


@pytest.mark.parametrize(
    ("model", "reasoning", "config"),
    [
        ("gemini-2.5-flash", Reasoning("none"), {"thinkingBudget": 0}),
        ("gemini-2.5-pro", Reasoning("none"), {"thinkingBudget": 128}),
        ("gemini-2.5-flash", Reasoning("medium"), {"thinkingBudget": 8192, "includeThoughts": True}),
        ("gemini-2.5-flash", Reasoning(enabled=True), {"thinkingBudget": -1, "includeThoughts": True}),
        ("gemini-2.5-flash", Reasoning(enabled=False), {"thinkingBudget": 0}),
        ("gemini-2.5-flash", Reasoning("low", summary="none"), {"thinkingBudget": 1024}),
        ("gemini-3-flash-preview", Reasoning("minimal"), {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        ("gemini-3-pro-preview", Reasoning("medium"), {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", Reasoning("medium"), {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-flash-latest", Reasoning(budget_tokens=9), {"thinkingBudget": 9, "includeThoughts": True}),
    ],
)
def test_thinking_is_told_as_each_generation_takes_it(
    write: Write, model: str, reasoning: Reasoning, config: dict[str, Any]
) -> None:
    assert write(model, reasoning=reasoning)[0]["generationConfig"] == {"thinkingConfig": config}


def test_models_that_do_not_think_are_not_asked_to(write: Write) -> None:
    fields, dropped = write("gemini-2.0-flash", reasoning=Reasoning("high"))
    assert "generationConfig" not in fields
    assert dropped == ("reasoning",)


@pytest.mark.parametrize(
    ("model", "target"),
    [
        ("gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
        ("tunedModels/mine", "/v1beta/tunedModels/mine:streamGenerateContent?alt=sse"),
        ("a b?", "/v1beta/models/a%20b%3F:streamGenerateContent?alt=sse"),
    ],
)
def test_the_model_stands_in_the_path(place: Place, model: str, target: str) -> None:
    view = ChatRequest(model="m", messages=(user("Hi"),))
    assert Gemini().write_request(view, place(model, stream=True)).http.target == target


def test_a_model_name_cannot_leave_its_place(place: Place) -> None:
    with pytest.raises(InvalidRequest, match="no model name"):
        Gemini().relay_request(b"{}", (), place("../../v1/files"))


def test_another_dialects_own_words_are_left_out_and_named(write: Write) -> None:
    fields, dropped = write(extra={"zz": Raw(b"1")}, native="other")
    assert "zz" not in fields
    assert dropped == ("zz",)


def test_a_turn_of_the_model_that_says_nothing_is_left_out(write: Write) -> None:
    fields, _ = write(messages=(user("Q"), assistant(""), user("")))
    assert fields["contents"] == [{"role": "user", "parts": [{"text": "Q"}]}, {"role": "user", "parts": [{"text": ""}]}]
