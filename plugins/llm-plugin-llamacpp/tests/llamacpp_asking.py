"""Questions for a model, as an embedder and as a client of the openai-chat surface ask them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import llm_plugin_llamacpp
from llm_plugin_llamacpp.settings import LlamaCppSettings
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.events import Event, Relayed
from lockgate_ports.hooks import BuildContext
from lockgate_ports.model import Attempt, ModelPort, ReplyStream
from lockgate_ports.parts import user
from lockgate_ports.wire import Request

SMOLLM2 = Attempt(model="smollm2")


class NoNetwork:
    """An HttpPort that a model in process has no use for."""

    async def send(self, request: Any) -> Any:
        raise AssertionError(f"asked the network for {request}")

    async def aclose(self) -> None:
        raise AssertionError("was never opened")


def built(env: Mapping[str, str] | None = None, **settings: Any) -> ModelPort:
    """A provider `local`, not yet open."""
    context = BuildContext(name="local", http=NoNetwork(), env=env or {"XDG_CACHE_HOME": "/nowhere"})
    return llm_plugin_llamacpp.build(LlamaCppSettings(**settings), context)


async def opened(**settings: Any) -> ModelPort:
    """The same, loaded."""
    port = built(**settings)
    await port.open()
    return port


def asked(words: str = "Say hi", *, stream: bool = False, **more: Any) -> Request[ChatRequest]:
    """By an embedder; the same words get the same answer."""
    view = ChatRequest(
        model="smollm2", messages=(user(words),), stream=stream, **{"temperature": 0.0, "seed": 1, **more}
    )
    return Request(operation="chat", model="smollm2", stream=stream, view=view)


def sent(words: str = "Say hi", *, stream: bool = False, **more: Any) -> Request[ChatRequest]:
    """By a client, as bytes."""
    fields = {"model": "smollm2", "messages": [{"role": "user", "content": words}], "temperature": 0, "seed": 1}
    body = json.dumps({**fields, "stream": stream, **more}).encode()
    return Request(operation="chat", model="smollm2", stream=stream, dialect="openai-chat", body=body)


async def events_of(stream: ReplyStream) -> list[Event]:
    """All of them."""
    return [event async for batch in stream for event in batch]


async def streamed(model: ModelPort, request: Request[ChatRequest]) -> ChatResponse:
    """A stream's answer, put together."""
    whole = Accumulator()
    for event in await events_of(await model.stream(request, SMOLLM2)):
        whole.add(event)
    return whole.response


def relayed(events: Sequence[Event]) -> list[dict[str, Any]]:
    """What a client of the same dialect gets, without the closing mark."""
    raws = [event.raw for event in events if isinstance(event, Relayed)]
    data = b"".join(raws).decode().split("data: ")
    return [json.loads(each) for each in data if each.strip() and each.strip() != "[DONE]"]
