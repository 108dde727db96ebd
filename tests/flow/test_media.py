"""Pictures that a model draws reach every client in the form of its dialect, or it is told that they are missing."""

import json
from typing import Any

import pytest
from gateway import Served, serving, settings
from upstream import CLOSE, DONE, SSE_HEAD, USAGE, Upstream, completion, event, http, upstream

from lockgate import ChatRequest
from lockgate_ports.parts import Image, InlineSource, user

PNG = "iVBORw0KGgoAAAANSUhEUg=="
DATA_URL = f"data:image/png;base64,{PNG}"
PICTURE = {"type": "image_url", "image_url": {"url": DATA_URL}}

PARTS = [{"text": "Here:"}, {"inlineData": {"mimeType": "image/png", "data": PNG}}]
COUNTED = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}


def events(*told: dict[str, Any]) -> list[bytes | object]:
    return [SSE_HEAD, *(b"data: " + json.dumps(each).encode() + b"\n\n" for each in told), CLOSE]


def chunk(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts), "role": "model"}, "index": 0, **more}]}


PROVIDERS = {
    "form-a": (
        [http(json.dumps(chunk(*PARTS, finishReason="STOP") | {"usageMetadata": COUNTED}).encode())],
        events(chunk(PARTS[0]), chunk(PARTS[1]), chunk(finishReason="STOP") | {"usageMetadata": COUNTED}),
    ),
    "form-b": (
        [http(json.dumps(completion("Here:", images=[PICTURE])).encode())],
        [SSE_HEAD, event({"content": "Here:"}), event({"images": [PICTURE]}), event({}, "stop"), USAGE, DONE, CLOSE],
    ),
}


def rows(up: Upstream) -> dict[str, Any]:
    """A provider for each form."""
    own = {"credential_ref": "env:UP_KEY", "private_addresses": ["127.0.0.0/8"]}
    config = settings(up.url)
    config["providers"] |= {
        "form-a": {"kind": "google", "base_url": up.url, **own},
        "form-b": {"kind": "openai-compatible", "base_url": up.url, **own},
    }
    return config


ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "openai-chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Draw"}]}),
    "openai-responses": ("/v1/responses", {"input": "Draw"}),
    "anthropic-messages": ("/v1/messages", {"max_tokens": 9, "messages": [{"role": "user", "content": "Draw"}]}),
    "gemini": ("", {"contents": [{"role": "user", "parts": [{"text": "Draw"}]}]}),
}


async def ask(gw: Served, dialect: str, provider: str, *, stream: bool) -> Any:
    path, body = ASKED[dialect]
    if dialect == "gemini":
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return await gw.ask(body, path=f"/v1beta/models/{provider}/m:{verb}")
    return await gw.ask(body | {"model": f"{provider}/m"} | ({"stream": True} if stream else {}), path=path)


def pictures(dialect: str, answer: Any) -> list[Any]:
    """What a whole answer shows of them."""
    match dialect:
        case "openai-chat":
            return [each["image_url"]["url"] for each in answer["choices"][0]["message"].get("images", ())]
        case "openai-responses":
            return [each["result"] for each in answer["output"] if each["type"] == "image_generation_call"]
        case "gemini":
            parts = answer["candidates"][0]["content"]["parts"]
            return [part["inlineData"]["data"] for part in parts if "inlineData" in part]
        case _:
            return []


def streamed(dialect: str, told: list[Any]) -> list[Any]:
    """What a stream shows of them."""
    match dialect:
        case "openai-chat":
            deltas = [choice["delta"] for each in told for choice in each["choices"]]
            return [image["image_url"]["url"] for delta in deltas for image in delta.get("images", ())]
        case "openai-responses":
            whole = [each["response"] for each in told if each["type"] == "response.completed"]
            done = [each["item"] for each in told if each["type"] == "response.output_item.done"]
            assert done == whole[0]["output"]
            return pictures(dialect, whole[0])
        case "gemini":
            return [data for each in told if each["candidates"] for data in pictures(dialect, each)]
        case _:
            return []


SHOWN = {"openai-chat": [DATA_URL], "openai-responses": [PNG], "gemini": [PNG], "anthropic-messages": []}
NOTE = "[image (image/png) left out: anthropic-messages has no form for it]"


@pytest.mark.parametrize("dialect", list(ASKED))
@pytest.mark.parametrize("provider", list(PROVIDERS))
async def test_a_picture_reaches_every_client_whole_and_streamed(provider: str, dialect: str):
    whole, stream = PROVIDERS[provider]
    async with upstream() as up, serving(rows(up)) as gw:
        up.say(whole)
        told = await ask(gw, dialect, provider, stream=False)
        assert told.status == 200, told.body
        assert pictures(dialect, told.json) == SHOWN[dialect]
        up.say(stream)
        spoken = await ask(gw, dialect, provider, stream=True)
        lines = [line.removeprefix(b"data: ") for line in spoken.body.splitlines() if line.startswith(b"data: {")]
        assert streamed(dialect, [json.loads(line) for line in lines]) == SHOWN[dialect]
        if dialect == "anthropic-messages":
            words = [block["text"] for block in told.json["content"]]
            assert words == ["Here:", NOTE]
            assert told.headers["x-lockgate-dropped"] == "answer.image"
            assert NOTE.encode() in spoken.body
            assert b": x-lockgate-dropped: answer.image\n\n" in spoken.body
        else:
            assert "x-lockgate-dropped" not in told.headers
            assert b"x-lockgate-dropped" not in spoken.body


@pytest.mark.parametrize("provider", list(PROVIDERS))
async def test_an_embedder_gets_the_same_picture_from_a_stream(provider: str):
    whole, stream = PROVIDERS[provider]
    request = ChatRequest(model=f"{provider}/m", messages=(user("Draw"),))
    async with upstream() as up, serving(rows(up)) as gw:
        up.say(whole)
        plain = await gw.gateway.chat(request)
        up.say(stream)
        async with gw.gateway.stream(request) as told:
            async for _ in told:
                pass
        assert plain.response.choices[0].media == (Image(InlineSource(PNG, "image/png")),)
        assert told.response.choices == plain.response.choices


async def test_a_picture_goes_back_to_its_maker_in_the_next_turn():
    whole, _ = PROVIDERS["form-a"]
    async with upstream() as up, serving(rows(up)) as gw:
        up.say(whole)
        first = (await ask(gw, "openai-chat", "form-a", stream=False)).json["choices"][0]["message"]
        up.say(whole)
        turns = [{"role": "user", "content": "Draw"}, first, {"role": "user", "content": "Bluer"}]
        told = await gw.ask({"model": "form-a/m", "messages": turns})
        assert told.status == 200, told.body
        assert up.seen[1].json["contents"][1] == {"role": "model", "parts": PARTS}
