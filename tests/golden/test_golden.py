"""Every surface in front of every language: what the provider is sent and the client told, as files that can be read.

`make golden` writes the files in snapshots/ anew; look at what has changed before it is committed.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from gateway import CANARY, Served, Told
from msgspec import structs
from world import LANGUAGES, World, world

from lockgate_ports.testkit import Refused, Sample

HERE = Path(__file__).parent
PATHS = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
    "gemini": "/v1beta/models/MODEL:generateContent",
}
TOLD = (
    *("x-lockgate-dropped", "x-lockgate-error", "retry-after", "x-should-retry"),
    *("request-id", "x-lockgate-upstream-request-id"),
)
"""Header fields that are part of an answer."""
SENT = ("authorization", "x-api-key", "x-goog-api-key", "anthropic-version", "anthropic-beta", "accept", "content-type")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("surface", PATHS)
async def test_what_is_sent_and_told_is_what_was_reviewed(surface: str, language: str) -> None:
    samples = LANGUAGES[language]
    async with world() as (upstream, gateway):
        pieces = [await _request(upstream, gateway, surface, language)]
        pieces.append(await _streamed(upstream, gateway, surface, language))
        answers = {"words": samples.text, "two calls": samples.parallel_tools, "thoughts": _thinking(language)}
        for name, sample in answers.items():
            told = await _ask(upstream, gateway, surface, language, sample)
            pieces.append(f"{_title(f'{name}, whole')}{_head(told)}{_pretty(told.body)}")
            told = await _ask(upstream, gateway, surface, language, sample, stream=True)
            pieces.append(f"{_title(f'{name}, streamed')}{_head(told)}{told.body.decode()}")
        upstream.say(_cut(samples.text))
        told = await _ask(upstream, gateway, surface, language, None, stream=True)
        pieces.append(f"{_title('the stream breaks off')}{_head(told)}{told.body.decode()}")
        for refused in (samples.rate_limited, samples.invalid_key):
            told = await _ask(upstream, gateway, surface, language, refused)
            pieces.append(f"{_title(f'the provider says {refused.status}')}{_head(told)}{_pretty(told.body)}")
    found = _masked("\n".join(piece.rstrip() + "\n" for piece in pieces).replace("\r\n", "\n"))
    path = HERE / "snapshots" / f"{surface}--{language}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(found)
    assert path.read_text() == found


def _cut(sample: Sample) -> Sample:
    """It ends before its second words, or in a frame that holds them."""
    second = sample.stream.find("東京".encode())
    return structs.replace(sample, stream=sample.stream[: sample.stream.rfind(b"\n", 0, second) + 1 or second])


def _thinking(language: str) -> Sample:
    samples = LANGUAGES[language]
    return next(sample for sample in samples.more if sample.choices[0].thinking)


async def _request(upstream: World, gateway: Served, surface: str, language: str) -> str:
    body = (HERE / "requests" / f"{surface}.json").read_text().replace("MODEL", language)
    upstream.say(LANGUAGES[language].text)
    told = await gateway.ask(body.encode(), path=PATHS[surface].replace("MODEL", language))
    if not upstream.sent:
        return f"{_title('refused')}{_head(told)}{_pretty(told.body)}"
    sent = upstream.sent.pop()
    shown = "".join(f"{name}: {sent.headers[name]}\n" for name in SENT if name in sent.headers)
    how = f"{sent.method} {sent.target}\n{shown.replace(CANARY, 'KEY')}"
    head = _head(told)
    return f"{_title('the provider is sent')}{how}{_pretty(sent.body)}\n" + (
        f"\n{_title('the client is told')}{head}" if head else ""
    )


async def _streamed(upstream: World, gateway: Served, surface: str, language: str) -> str:
    """What differs where a stream is asked for."""
    await _ask(upstream, gateway, surface, language, LANGUAGES[language].text, stream=True)
    sent = upstream.sent.pop()
    upstream.sent.clear()
    asked = {name: value for name, value in json.loads(sent.body).items() if name.startswith("stream")}
    head = f"{_title('for a stream, it is sent')}{sent.method} {sent.target}\naccept: {sent.headers['accept']}\n"
    return head + (_pretty(json.dumps(asked).encode()) if asked else "")


async def _ask(
    upstream: World,
    gateway: Served,
    surface: str,
    language: str,
    said: Sample | Refused | None,
    *,
    stream: bool = False,
) -> Told:
    if said is not None:
        upstream.say(said)
    path = PATHS[surface].replace("MODEL", language)
    body: dict[str, Any] = {"model": language, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 99}
    match surface:
        case "openai-responses":
            body = {"model": language, "input": "Hi"}
        case "gemini":
            body = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
            path = path.replace(":generateContent", ":streamGenerateContent?alt=sse") if stream else path
        case "openai-chat" if stream:
            body["stream_options"] = {"include_usage": True}
        case _:
            pass
    return await gateway.ask(body | ({"stream": True} if stream and surface != "gemini" else {}), path=path)


def _title(words: str) -> str:
    return f"=== {words}\n"


def _head(told: Told) -> str:
    status = f"{told.status}\n" if told.status != 200 else ""
    kind = told.headers["content-type"]
    status += f"content-type: {kind}\n" if kind != "application/json" else ""
    return status + "".join(f"{name}: {told.headers[name]}\n" for name in TOLD if name in told.headers)


def _pretty(body: bytes) -> str:
    return _lines(json.loads(body), "")


def _lines(value: Any, indent: str) -> str:
    """JSON in which whatever fits stands on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(flat) < 118:
        return flat
    deeper = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(deeper + _lines(each, deeper) for each in value) + f"\n{indent}]"
    members = (f"{deeper}{json.dumps(name)}: {_lines(each, deeper)}" for name, each in value.items())
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


def _masked(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r'("created(?:_at)?": ?)(?:17[89]|1[89]\d|[2-9]\d\d)\d{7}', r"\1NOW", text)
    return re.sub(r"(req_|chatcmpl-|msg_|resp_|fc_|rs_)[0-9a-f]{24}", r"\1TAG", text)
