"""Text completions: clients of the older API in front of providers that chat, and of servers that have it too."""

import json
from typing import Any

import openai
import pytest
from gateway import Served, serving, settings
from upstream import CLOSE, DONE, SSE_HEAD, USAGE, Upstream, answer, completion, event, http, stream, upstream

ODD = b'{ "zz":1.50,"model":"own/m","prompt":[[1,2],[3]],"suffix":"}","best_of":3,"echo":true,"logprobs":2}'
OWN = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "m-1",
    "choices": [{"index": 0, "text": "hello", "logprobs": None, "finish_reason": "length"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
LOGPROBS = {
    "content": [
        {
            "token": "he",
            "logprob": -0.5,
            "bytes": None,
            "top_logprobs": [{"token": "he", "logprob": -0.5, "bytes": None}],
        },
        {"token": "llo", "logprob": -1.0, "bytes": None, "top_logprobs": []},
    ]
}


def rows(up: Upstream) -> dict[str, Any]:
    config = settings(up.url)
    config["providers"]["own"] = {**config["providers"]["up"], "completions": True}
    own = {"credential_ref": "env:UP_KEY", "private_addresses": ["127.0.0.0/8"]}
    config["providers"]["a"] = {"kind": "anthropic", "base_url": up.url.removesuffix("/v1"), **own}
    return config


def sdk(gw: Served) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key="x", max_retries=0)


def piece(text: str, finish: str | None = None, **more: Any) -> bytes:
    choices = [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish}]
    return b"data: " + json.dumps(OWN | {"choices": choices, "usage": None} | more).encode() + b"\n\n"


USED = piece("", choices=[], usage=OWN["usage"])


async def test_a_prompt_is_a_message_to_a_provider_that_chats_streamed_or_not():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([answer("hello")], stream("he", "llo"))
        asked: dict[str, Any] = {"model": "fast", "prompt": "Say hello", "max_tokens": 9, "stop": "x", "echo": True}
        whole = await sdk(gw).completions.create(**asked)
        pieces = await sdk(gw).completions.create(**asked, stream=True, stream_options={"include_usage": True})
        told = [each async for each in pieces]
        sent = up.seen[0].json
        assert sent["messages"] == [{"role": "user", "content": "Say hello"}]
        assert (sent["max_tokens"], sent["stop"], "echo" in sent) == (9, ["x"], False)
    assert (whole.choices[0].text, whole.choices[0].finish_reason) == ("Say hellohello", "stop")
    assert "".join(each.choices[0].text for each in told if each.choices) == whole.choices[0].text
    assert told[-1].choices == []
    assert told[-1].usage == whole.usage
    assert told[-2].choices[0].finish_reason == "stop"


async def test_usage_is_told_only_to_who_asked_for_it():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say(stream("he", "llo"))
        told = await gw.ask({"model": "fast", "prompt": "hi", "stream": True}, path="/v1/completions")
        assert b"prompt_tokens" not in told.body
        assert told.events[-1] == "[DONE]"


async def test_a_provider_of_another_language_completes_too():
    said = {"type": "message", "role": "assistant", "id": "msg_1", "model": "c", "stop_reason": "max_tokens"}
    content = [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "text", "text": "hello"}]
    body = {**said, "content": content, "usage": {"input_tokens": 3, "output_tokens": 2}}
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(json.dumps(body).encode())])
        raw = await sdk(gw).completions.with_raw_response.create(model="a/claude-x", prompt=["hi"], max_tokens=5)
        told = raw.parse()
        assert (told.choices[0].text, told.choices[0].finish_reason) == ("hello", "length")
        assert "answer.thinking" in raw.headers["x-lockgate-dropped"]


async def test_log_probabilities_come_in_the_older_form_streamed_or_not():
    whole = completion("hello")
    whole["choices"][0]["logprobs"] = LOGPROBS
    halves: list[Any] = [SSE_HEAD]
    for row in LOGPROBS["content"]:
        choice = {"index": 0, "delta": {"content": row["token"]}, "logprobs": {"content": [row]}}
        halves.append(event(None, choices=[choice]))
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(json.dumps(whole).encode())], [*halves, event({}, "stop"), USAGE, DONE, CLOSE])
        told = await sdk(gw).completions.create(model="fast", prompt="hi", logprobs=1)
        pieces = [each async for each in await sdk(gw).completions.create(
            model="fast", prompt="hi", logprobs=1, stream=True
        )]  # fmt: skip
        assert (up.seen[0].json["logprobs"], up.seen[0].json["top_logprobs"]) == (True, 1)
    lists = told.choices[0].logprobs
    assert lists is not None
    assert (lists.tokens, lists.token_logprobs, lists.text_offset) == (["he", "llo"], [-0.5, -1.0], [0, 2])
    assert lists.top_logprobs == [{"he": -0.5}, {}]
    offsets = [each.choices[0].logprobs.text_offset for each in pieces if each.choices and each.choices[0].logprobs]
    assert offsets == [[0], [2]]


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [[1], [2]]}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"suffix": "end"}, "suffix"),
        ({"best_of": 2}, "best_of"),
        ({"echo": True, "logprobs": 1}, "echo"),
        ({"prompt": None}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"max_tokens": "many"}, "max_tokens"),
    ],
)
async def test_what_a_chat_cannot_be_asked_is_refused_by_name(more: dict[str, Any], param: str):
    async with upstream() as up, serving(rows(up)) as gw:
        told = await gw.ask({"model": "fast", "prompt": "hi", **more}, path="/v1/completions")
        assert (told.status, told.json["error"]["param"], up.seen) == (400, param, [])


async def test_a_server_that_has_it_is_asked_in_the_clients_own_bytes():
    body = json.dumps(OWN, indent=3).encode()
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(body)])
        told = await gw.ask(ODD, path="/v1/completions")
        assert (told.status, told.body) == (200, body)
        assert (up.seen[0].path, up.seen[0].body) == ("/v1/completions", ODD.replace(b"own/m", b"m"))
        assert b'gen_ai_token_type="output"' in (await gw.get("/metrics")).body


async def test_its_stream_comes_back_as_it_went_and_without_usage_where_that_was_not_asked():
    script = [SSE_HEAD, piece("he"), piece("llo", x=1.5), piece("", "stop"), USED, DONE, CLOSE]
    async with upstream() as up, serving(rows(up)) as gw:
        up.say(script)
        told = await gw.ask({"model": "own/m", "prompt": "hi", "stream": True}, path="/v1/completions")
        assert told.body == b"".join(part for part in script[1:-1] if isinstance(part, bytes) and part != USED)
        assert up.seen[0].json["stream_options"] == {"include_usage": True}
        asked = {"model": "own/m", "prompt": "hi", "stream": True, "stream_options": {"include_usage": True}}
        assert USED in (await gw.ask(asked, path="/v1/completions")).body


async def test_its_stream_that_is_cut_or_fails_is_an_error_for_the_client():
    async with upstream() as up, serving(rows(up)) as gw:
        for script in (
            [SSE_HEAD, piece("he"), CLOSE],
            [SSE_HEAD, piece("he"), b'data: {"error":{"message":"broken"}}\n\n', CLOSE],
        ):
            up.say(script)
            pieces = await sdk(gw).completions.create(model="own/m", prompt="hi", stream=True)
            with pytest.raises(openai.APIError):
                async for _ in pieces:
                    pass


@pytest.mark.parametrize("body", [b"{}", b'{"choices":[]}', b'{"choices":[{"index":0}]}', b"nothing", b'{"error":{}}'])
async def test_what_is_no_answer_of_its_is_an_error(body: bytes):
    async with upstream() as up, serving(rows(up) | {"retry": {"max_attempts": 1}}) as gw:
        up.say([http(body)])
        assert (await gw.ask({"model": "own/m", "prompt": "hi"}, path="/v1/completions")).status >= 500
