"""Every surface in front of every language: what the provider is sent and the client told, as files that can be read.

`make golden` writes the files in snapshots/ anew; look at what has changed before it is committed.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from gateway import Served, Told
from world import LANGUAGES, World, world

from lockgate_ports.testkit import Refused, Sample

HERE = Path(__file__).parent
PATHS = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
    "gemini": "/v1beta/models/MODEL:generateContent",
}
TOLD = ("x-lockgate-dropped", "x-lockgate-error", "retry-after", "x-should-retry")
"""Header fields that are part of an answer."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("surface", PATHS)
async def test_what_is_sent_and_told_is_what_was_reviewed(surface: str, language: str) -> None:
    samples = LANGUAGES[language]
    async with world() as (upstream, gateway):
        pieces = [await _request(upstream, gateway, surface, language)]
        answers = {"words": samples.text, "two calls": samples.parallel_tools, "thoughts": _thinking(language)}
        for name, sample in answers.items():
            told = await _ask(upstream, gateway, surface, language, sample)
            pieces.append(f"{_title(f'{name}, whole')}{_head(told)}{_pretty(told.body)}")
            told = await _ask(upstream, gateway, surface, language, sample, stream=True)
            pieces.append(f"{_title(f'{name}, streamed')}{_head(told)}{told.body.decode()}")
        for refused in (samples.rate_limited, samples.invalid_key):
            told = await _ask(upstream, gateway, surface, language, refused)
            pieces.append(f"{_title(f'the provider says {refused.status}')}{_head(told)}{_pretty(told.body)}")
    found = _masked("\n".join(piece.rstrip() + "\n" for piece in pieces).replace("\r\n", "\n"))
    path = HERE / "snapshots" / f"{surface}--{language}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(found)
    assert path.read_text() == found


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
    return f"{_title('the provider is sent')}{sent.method} {sent.target}\n{_head(told)}{_pretty(sent.body)}"


async def _ask(
    upstream: World, gateway: Served, surface: str, language: str, said: Sample | Refused, *, stream: bool = False
) -> Told:
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
    return re.sub(r"req_[0-9a-f]{24}", "req_0", text)
