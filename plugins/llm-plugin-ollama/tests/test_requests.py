"""What Ollama is asked."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_ollama.chat import OllamaChat
from llm_plugin_ollama.embeddings import OllamaEmbeddings
from lockgate_ports.chat import ChatRequest, FunctionTool, Reasoning, ResponseFormat, ToolChoice
from lockgate_ports.dialect import Params, Upstream
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import InvalidRequest, Unsupported
from lockgate_ports.http import Origin
from lockgate_ports.parts import (
    Audio,
    Image,
    InlineSource,
    Message,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
    assistant,
    user,
)

WEATHER, CLOCK = FunctionTool("weather", "The weather.", Raw(b'{"type":"object"}')), FunctionTool("clock")


def upstream(params: Params = "drop", *, stream: bool = False) -> Upstream:
    origin = Origin("http", "ol.test", 11434)
    return Upstream(provider_id="ol", origin=origin, prefix="", model="real", params=params, stream=stream)


def written(
    *messages: Message,
    options: Mapping[str, Any] | None = None,
    params: Params = "drop",
    stream: bool = False,
    **fields: Any,
) -> tuple[Any, tuple[str, ...]]:
    view = ChatRequest(model="m", messages=messages or (user("Hi"),), **fields)
    told = OllamaChat(options or {}, "5m").write_request(view, upstream(params, stream=stream))
    return json.loads(told.http.body), told.dropped


def test_tuning_stands_among_the_options_by_ollamas_words() -> None:
    body, dropped = written(max_tokens=9, temperature=0.5, top_k=4, repetition_penalty=1.1, stop=("a",), seed=7)
    expected = {"num_predict": 9, "temperature": 0.5, "top_k": 4, "repeat_penalty": 1.1, "stop": ["a"], "seed": 7}
    assert (body["options"], dropped) == (expected, ())


def test_the_callers_options_go_before_the_settings() -> None:
    extra = {"options": Raw(b'{"num_ctx":1,"mirostat":2}'), "keep_alive": Raw(b'"1h"'), "zz": Raw(b"1")}
    body, dropped = written(options={"num_ctx": 8192, "num_gpu": 3}, temperature=0.5, extra=extra, native="other")
    assert body["options"] == {"num_ctx": 1, "num_gpu": 3, "mirostat": 2, "temperature": 0.5}
    assert (body["keep_alive"], dropped) == ("1h", ("zz",))
    assert written()[0]["keep_alive"] == "5m"
    with pytest.raises(InvalidRequest, match="options must be an object"):
        written(extra={"options": Raw(b"[]")}, native="other")


def test_whether_to_stream_is_always_said() -> None:
    assert written()[0]["stream"] is False
    assert written(stream=True)[0]["stream"] is True
    relayed = OllamaChat().relay_request(b'{"model":"m","messages":[]}', (), upstream())
    assert json.loads(relayed.http.body)["stream"] is False


def test_the_form_of_the_answer_is_a_schema_or_any_json() -> None:
    schema = ResponseFormat("json_schema", Raw(b'{"type":"object"}'), name="x")
    assert written(response_format=schema)[0]["format"] == {"type": "object"}
    assert written(response_format=ResponseFormat("json_object"))[0]["format"] == "json"
    assert "format" not in written(response_format=ResponseFormat("text"))[0]


@pytest.mark.parametrize(
    ("reasoning", "think", "dropped"),
    [
        (Reasoning(enabled=True), True, ()),
        (Reasoning(enabled=False), False, ()),
        (Reasoning(effort="none"), False, ()),
        (Reasoning(effort="low"), "low", ()),
        (Reasoning(effort="minimal"), True, ("reasoning.effort",)),
        (Reasoning(budget_tokens=100), True, ("reasoning.budget_tokens",)),
    ],
)
def test_reasoning_becomes_think(reasoning: Reasoning, think: Any, dropped: Any) -> None:
    body, left = written(reasoning=reasoning)
    assert (body["think"], left) == (think, dropped)


def test_what_must_not_be_called_is_not_offered() -> None:
    assert "tools" not in written(tools=(WEATHER, CLOCK), tool_choice=ToolChoice("none"))[0]
    body, dropped = written(tools=(WEATHER, CLOCK), tool_choice=ToolChoice("named", "clock"))
    assert [tool["function"]["name"] for tool in body["tools"]] == ["clock"]
    assert dropped == ("tool_choice",)
    body, dropped = written(tools=(WEATHER, CLOCK), tool_choice=ToolChoice("required"))
    assert (len(body["tools"]), dropped) == (2, ("tool_choice",))
    assert written(tools=(WEATHER,), tool_choice=ToolChoice("auto"))[1] == ()
    with pytest.raises(InvalidRequest, match="'other'"):
        written(tools=(WEATHER,), tool_choice=ToolChoice("named", "other"))
    with pytest.raises(Unsupported, match="tool_choice"):
        written(tools=(WEATHER,), tool_choice=ToolChoice("required"), params="strict")


def test_a_call_and_its_answer_go_back_with_the_tools_name() -> None:
    turn = assistant(Thinking("Hm."), ToolCall("c1", "weather", '{"city": "Ulm"}'))
    body, _ = written(user("?"), turn, Message("tool", (ToolResult("c1", (Text("15 °C"),)),)))
    assert body["messages"][1] == {
        "role": "assistant",
        "content": "",
        "thinking": "Hm.",
        "tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": {"city": "Ulm"}}}],
    }
    answer = {"role": "tool", "content": "15 °C", "tool_call_id": "c1", "tool_name": "weather"}
    assert body["messages"][2] == answer


def test_pictures_stand_beside_the_words() -> None:
    message = written(user("?", Image(InlineSource("QUJD", "image/png"))))[0]["messages"][0]
    assert message == {"role": "user", "content": "?", "images": ["QUJD"]}


@pytest.mark.parametrize(
    ("part", "says"), [(Image(UrlSource("https://x.test/a")), "send its bytes"), (Audio(InlineSource("QQ==")), "audio")]
)
def test_content_that_ollama_cannot_be_told_is_refused_by_its_path(part: Part, says: str) -> None:
    with pytest.raises(Unsupported, match=says) as caught:
        written(user("?", part))
    assert caught.value.param == "messages[0].content[1]"


def test_arguments_that_are_no_object_are_refused() -> None:
    with pytest.raises(Unsupported, match="no JSON object"):
        written(assistant(ToolCall("c1", "weather", "[1]")), user("?"))


def test_what_would_change_the_answer_is_refused() -> None:
    with pytest.raises(Unsupported) as caught:
        written(n=2)
    assert caught.value.param == "n"


def test_tuning_that_ollama_lacks_is_left_out_and_named() -> None:
    body, dropped = written(user="u", verbosity="low", parallel_tool_calls=False, tools=(CLOCK,))
    assert dropped == ("verbosity", "user", "parallel_tool_calls")
    assert "user" not in body


def test_what_another_vendor_signed_is_left_out() -> None:
    body, dropped = written(assistant(Thinking("Hm.", "sig", native="other"), "Ja"), user("?"))
    assert ("thinking" in body["messages"][0], dropped) == (False, ("thinking",))


def test_embeddings_take_texts_alone() -> None:
    def embed(*inputs: Any, **fields: Any) -> tuple[Any, tuple[str, ...]]:
        view = EmbedRequest(model="m", inputs=inputs, **fields)
        told = OllamaEmbeddings({"num_ctx": 8}, None).write_request(view, upstream())
        return json.loads(told.http.body), told.dropped

    body, dropped = embed("a", dimensions=64, truncate=False, input_type="query")
    assert body == {"model": "real", "input": ["a"], "dimensions": 64, "truncate": False, "options": {"num_ctx": 8}}
    assert dropped == ("input_type",)
    with pytest.raises(Unsupported):
        embed("a", (1, 2))
