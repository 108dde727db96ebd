"""Asks a gateway through its own HTTP surface, as any client would."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from lockgate_ports.errors import UpstreamError
from lockgate_ports.sse import SseParser


class _Said(Struct, frozen=True):
    content: str | None = None
    refusal: str | None = None


class _Choice(Struct, frozen=True):
    delta: _Said = _Said()


class Usage(Struct, frozen=True):
    """As the surface reports it; None where it does not."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Error(Struct, frozen=True):
    message: str = "no reason given"


class _Chunk(Struct, frozen=True):
    """What is looked at of a chunk of a stream, or of an error answer."""

    choices: list[_Choice] = []
    usage: Usage | None = None
    error: _Error | None = None


class Told(Struct):
    """What one question told: headers of the answer, usage, seconds to the first word and in all."""

    headers: Mapping[str, str] = {}
    usage: Usage | None = None
    first: float | None = None
    total: float = 0.0


_READ = msgspec.json.Decoder(_Chunk)


async def words_of(url: str, question: Mapping[str, Any], key: str | None, told: Told) -> AsyncIterator[str]:
    """The words of the answer to `question`, a chat request without its stream fields, as they arrive; `told` is filled
    on the way. Raises UpstreamError when it fails.
    """
    body = {**question, "stream": True, "stream_options": {"include_usage": True}}
    headers = {"authorization": f"Bearer {key}"} if key else {}
    began = time.monotonic()
    done = False
    try:
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{url}/v1/chat/completions", json=body) as response,
        ):
            told.headers = response.headers
            if response.status != 200:
                error = _READ.decode(await response.read()).error or _Error()
                raise UpstreamError(error.message, kind="fatal")
            parser = SseParser()
            async for data in response.content.iter_any():
                for event in parser.feed(data):
                    if event.data == b"[DONE]":
                        done = True
                        continue
                    chunk = _READ.decode(event.data)
                    if chunk.error is not None:
                        raise UpstreamError(chunk.error.message, kind="fatal")
                    told.usage = chunk.usage or told.usage
                    for choice in chunk.choices:
                        if words := choice.delta.content or choice.delta.refusal:
                            told.first = told.first or time.monotonic() - began
                            yield words
    except (aiohttp.ClientError, OSError, msgspec.DecodeError) as error:
        raise UpstreamError(
            f"the gateway's own surface did not answer ({type(error).__name__})", kind="fatal"
        ) from error
    if not done:
        raise UpstreamError("the stream ended before the answer was complete", kind="transient")
    told.total = time.monotonic() - began
