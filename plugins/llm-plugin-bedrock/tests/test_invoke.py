"""InvokeModel for chat: which way a model is asked, the bodies, and what comes out of the frames."""

import json
from typing import Any, get_args

import msgspec
import pytest

from llm_plugin_bedrock import contract
from llm_plugin_bedrock.event_stream import CONTENT_TYPE
from llm_plugin_bedrock.families import family_of
from llm_plugin_bedrock.invoke import body_of
from llm_plugin_bedrock.invoke_samples import chunk
from llm_plugin_bedrock.invoke_stream import METRICS
from llm_plugin_bedrock.kinds import BEDROCK
from llm_plugin_bedrock.samples import exception, frame
from llm_plugin_bedrock.settings import BedrockSettings, Body
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatRequest, ChatResponse, FunctionTool, Reasoning, ResponseFormat
from lockgate_ports.errors import SettingsError, Unsupported, UpstreamError
from lockgate_ports.events import Event, Failure, Relayed
from lockgate_ports.hooks import BuildContext
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.parts import Image, UrlSource, assistant, system, user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.testkit.capabilities import contracts_in
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
_NOVA = "us.amazon.nova-2-lite-v1:0"
_TITAN = "amazon.titan-text-express-v1"
_GPT = "openai.gpt-oss-120b-1:0"
_LLAMA = "meta.llama3-70b-instruct-v1:0"
_ARN = "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc"
_COUNTED = {METRICS: {"inputTokenCount": 28, "outputTokenCount": 188, "firstByteLatency": 9}}
_MESSAGE = b'{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}'
_CONVERSED = b'{"output":{"message":{"role":"assistant","content":[{"text":"x"}]}},"stopReason":"end_turn"}'
_COMPLETION = b'{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}'
_TOLD = b'{"inputTextTokenCount":5,"results":[{"tokenCount":2,"outputText":"x","completionReason":"LENGTH"}]}'
_ANSWERS = {_CLAUDE: _MESSAGE, _NOVA: _CONVERSED, _TITAN: _TOLD, _GPT: _COMPLETION, _LLAMA: _CONVERSED}


def _bedrock(http: ScriptedHttp, **settings: Any) -> ModelPort:
    given = msgspec.convert({"region": "us-east-1"} | settings, BedrockSettings)
    return BEDROCK.build(given, BuildContext("aws", http))


def _asked(*, stream: bool = False, **fields: Any) -> Request[ChatRequest]:
    view = ChatRequest(model="m", **({"messages": (user("Hi"),)} | fields))
    return Request(operation="chat", model="m", stream=stream, view=view)


def _from_claudes_client(betas: str = "", **fields: Any) -> Request[ChatRequest]:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], **fields}
    headers = (("anthropic-version", "2023-06-01"), ("anthropic-beta", betas))
    return Request(
        operation="chat",
        model="m",
        stream=False,
        dialect="anthropic-messages",
        body=json.dumps(body).encode(),
        headers=headers,
        read=lambda: _asked().view,
    )


def _attempt(model: str) -> Attempt:
    return Attempt(model, Secret("ABSK-a-bedrock-api-key"))


async def _sent(
    model: str, answer: bytes, request: Request[ChatRequest], **settings: Any
) -> tuple[str, dict[str, Any]]:
    http = ScriptedHttp(Exchange(chunks=(answer,)))
    await _bedrock(http, **settings).chat(request, _attempt(model))
    asked = http.requests[0]
    return asked.target.rpartition("/")[2], json.loads(asked.body)


async def _streamed(model: str, *frames: bytes, **settings: Any) -> tuple[list[Event], ScriptedHttp]:
    http = ScriptedHttp(Exchange(headers=(("content-type", CONTENT_TYPE),), chunks=frames))
    stream = await _bedrock(http, **settings).stream(_asked(stream=True), _attempt(model))
    return [event async for batch in stream for event in batch], http


def _fold(events: list[Event]) -> ChatResponse:
    accumulator = Accumulator()
    for event in events:
        accumulator.add(event)
    return accumulator.response


def _event(**members: Any) -> bytes:
    return chunk(json.dumps(members).encode())


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (_CLAUDE, "anthropic"),
        ("anthropic.claude-instant-v1", None),
        (_NOVA, "nova"),
        ("amazon.titan-tg1-large", "titan"),
        ("amazon.titan-embed-text-v2:0", None),
        (_GPT, "openai"),
        ("qwen.qwen3-32b-v1:0", "openai"),
        (_LLAMA, None),
        (_ARN, None),
    ],
)
def test_the_maker_tells_the_language_of_a_body(model: str, body: str | None) -> None:
    assert body_of(family_of(model)) == body


def test_each_body_is_under_contract() -> None:
    invoked = [each for each in contracts_in(contract) if "api" in each.settings or "invoke" in each.settings]
    named = [each.settings.get("invoke", {}).get(each.model, body_of(family_of(each.model))) for each in invoked]
    assert set(named) == set(get_args(Body))


@pytest.mark.parametrize(
    ("model", "settings", "operation"),
    [
        (_CLAUDE, {}, "converse"),
        (_CLAUDE, {"api": "invoke"}, "invoke"),
        (_NOVA, {"api": "invoke"}, "invoke"),
        (_TITAN, {"api": "invoke"}, "invoke"),
        (_GPT, {"api": "invoke"}, "invoke"),
        (_LLAMA, {"api": "invoke"}, "converse"),
        (_CLAUDE, {"invoke": {_CLAUDE: "anthropic"}}, "invoke"),
        (_GPT, {"invoke": {_CLAUDE: "anthropic"}}, "converse"),
    ],
)
async def test_settings_say_which_way_a_model_is_asked(model: str, settings: dict[str, Any], operation: str) -> None:
    answer = _ANSWERS[model] if operation == "invoke" else _CONVERSED
    assert (await _sent(model, answer, _asked(), **settings))[0] == operation


async def test_a_client_of_claudes_language_is_served_in_it_where_others_go_by_converse() -> None:
    operation, body = await _sent(_CLAUDE, _MESSAGE, _from_claudes_client(zz=[1.5]))
    assert operation == "invoke"
    assert body == {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
        "zz": [1.5],
        "anthropic_version": "bedrock-2023-05-31",
    }
    assert (await _sent(_LLAMA, _CONVERSED, _from_claudes_client()))[0] == "converse"
    behind = {_ARN: "anthropic.claude-sonnet-4-5-20250929-v1:0"}
    assert (await _sent(_ARN, _MESSAGE, _from_claudes_client(), behind=behind))[0] == "invoke"


async def test_betas_stand_in_the_body_alone_and_those_that_bedrock_refuses_are_named() -> None:
    http = ScriptedHttp(Exchange(chunks=(_MESSAGE,)))
    request = _from_claudes_client("claude-code-20250219,context-1m-2025-08-07")
    reply = await _bedrock(http, betas=["house-1"]).chat(request, _attempt(_CLAUDE))
    (asked,) = http.requests
    assert json.loads(asked.body)["anthropic_beta"] == ["house-1", "context-1m-2025-08-07"]
    assert not [name for name, _ in asked.headers if name.startswith("anthropic-")]
    assert reply.dropped == ("anthropic-beta.claude-code-20250219",)
    with pytest.raises(SettingsError, match="betas"):
        _bedrock(ScriptedHttp(), betas=["a,b"])


async def test_what_streams_out_of_frames_is_what_claudes_clients_know() -> None:
    told = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Gr\xc3\xbc\xc3\x9fe"}}'
    http = ScriptedHttp(Exchange(headers=(("content-type", CONTENT_TYPE),), chunks=(chunk(told),)))
    stream = await _bedrock(http).stream(_from_claudes_client(stream=True), _attempt(_CLAUDE))
    (relayed,) = [event async for batch in stream for event in batch]
    assert isinstance(relayed, Relayed)
    assert relayed.raw == b"event: content_block_delta\ndata: " + told + b"\n\n"
    assert http.requests[0].target.endswith("/invoke-with-response-stream")
    assert dict(http.requests[0].headers)["accept"] == CONTENT_TYPE
    assert "stream" not in json.loads(http.requests[0].body)


async def test_an_exception_in_a_stream_ends_it() -> None:
    events, _ = await _streamed(_NOVA, exception("throttlingException", "slow down"), _event(), api="invoke")
    (failure,) = events
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, UpstreamError)
    assert failure.error.kind == "rate_limit"


@pytest.mark.parametrize("payload", [b"{}", b'{"bytes":"%%"}', b"no JSON"])
@pytest.mark.parametrize("model", [_CLAUDE, _NOVA, _TITAN, _GPT])
async def test_a_frame_that_holds_no_event_ends_the_stream(model: str, payload: bytes) -> None:
    damaged = frame(payload, event_type="chunk", message_type="event")
    events, _ = await _streamed(model, damaged, api="invoke")
    assert [type(event) for event in events] == [Failure]


async def test_nova_takes_its_own_words_beside_converses() -> None:
    tools = (FunctionTool("clock"),)
    asked = _asked(tools=tools, top_k=20, max_tokens=9, reasoning=Reasoning("low"), service_tier="flex")
    http = ScriptedHttp(Exchange(chunks=(_CONVERSED,)))
    reply = await _bedrock(http, api="invoke").chat(asked, _attempt(_NOVA))
    body = json.loads(http.requests[0].body)
    assert body.pop("toolConfig")["tools"][0]["toolSpec"]["name"] == "clock"
    assert body.pop("reasoningConfig") == {"type": "enabled", "maxReasoningEffort": "low"}
    assert body == {
        "schemaVersion": "messages-v1",
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "inferenceConfig": {"maxTokens": 9, "topK": 20},
    }
    assert reply.dropped == ("serviceTier",)


async def test_nova_streams_converses_events_one_a_frame() -> None:
    usage = {"inputTokens": 7, "outputTokens": 3, "cacheReadInputTokenCount": 2, "cacheWriteInputTokenCount": 0}
    events, _ = await _streamed(
        _NOVA,
        _event(messageStart={"role": "assistant"}),
        _event(contentBlockDelta={"contentBlockIndex": 0, "delta": {"text": "Grüße"}}),
        _event(contentBlockStop={"contentBlockIndex": 0}),
        _event(messageStop={"stopReason": "max_tokens"}),
        _event(metadata={"usage": usage}, **_COUNTED),
        api="invoke",
    )
    answer = _fold(events)
    assert (answer.text, answer.choices[0].finish_reason) == ("Grüße", "length")
    assert answer.usage == Usage(input_tokens=9, output_tokens=3, cache_read_tokens=2, cache_write_tokens=0)


async def test_titan_is_told_a_conversation_in_its_layout() -> None:
    asked = _asked(
        messages=(system("Be brief."), user("Hi"), assistant("Hello."), user("Why?")), max_tokens=9, seed=3, stop=("X",)
    )
    http = ScriptedHttp(Exchange(chunks=(_TOLD,)))
    reply = await _bedrock(http, api="invoke").chat(asked, _attempt(_TITAN))
    assert json.loads(http.requests[0].body) == {
        "inputText": "Be brief.\nUser: Hi\nBot: Hello.\nUser: Why?\nBot:",
        "textGenerationConfig": {"maxTokenCount": 9, "stopSequences": ["X"]},
    }
    assert reply.dropped == ("seed",)
    assert reply.view.choices[0].finish_reason == "length"
    assert reply.view.usage == Usage(input_tokens=5, output_tokens=2)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"tools": (FunctionTool("clock"),)}, "tools"),
        ({"response_format": ResponseFormat("json_object")}, "response_format"),
        ({"n": 2}, "n"),
        ({"modalities": ("audio",)}, "modalities"),
        ({"messages": (user(Image(UrlSource("https://a.test/b.png"))),)}, "messages[0].content[0]"),
    ],
)
async def test_what_titan_cannot_be_told_is_refused_by_name(fields: dict[str, Any], at: str) -> None:
    with pytest.raises(Unsupported) as caught:
        await _bedrock(ScriptedHttp(), api="invoke").chat(_asked(**fields), _attempt(_TITAN))
    assert caught.value.param == at


async def test_titan_streams_words_and_bedrock_counts_them() -> None:
    events, _ = await _streamed(
        _TITAN,
        _event(outputText="Once ", index=0.0, inputTextTokenCount=28.0),
        _event(outputText="upon", index=0.0, completionReason="FINISH", inputTextTokenCount=0, **_COUNTED),
        api="invoke",
    )
    answer = _fold(events)
    assert (answer.text, answer.choices[0].finish_reason) == ("Once upon", "stop")
    assert answer.usage == Usage(input_tokens=28, output_tokens=188)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"", b'{"message":"no"}', b'{"results":[]}'])
async def test_no_answer_of_titans_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamError, match=r"^aws: "):
        await _sent(_TITAN, body, _asked(), api="invoke")


async def test_chat_completions_tell_usage_by_bedrocks_counts() -> None:
    piece = {"id": "c1", "object": "chat.completion.chunk", "model": "gpt"}
    events, _ = await _streamed(
        _GPT,
        _event(**piece, choices=[{"index": 0, "delta": {"content": "Hi"}}]),
        _event(**piece, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}], **_COUNTED),
        api="invoke",
    )
    answer = _fold(events)
    assert (answer.id, answer.text, answer.choices[0].finish_reason) == ("c1", "Hi", "stop")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (28, 188)
