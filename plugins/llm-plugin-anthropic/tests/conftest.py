"""What the tests of the dialect share: a dialect, a place to write for, and short ways to ask, write and fold."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from msgspec import structs

from llm_plugin_anthropic.dialect import AnthropicMessages
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import Upstream
from lockgate_ports.events import Event
from lockgate_ports.http import Origin
from lockgate_ports.parts import Message, user
from lockgate_ports.wire import Inbound, Request

Ask = Callable[..., Request[ChatRequest]]
Fold = Callable[[Iterable[Event]], ChatResponse]
Write = Callable[..., dict[str, Any]]


@pytest.fixture
def dialect() -> AnthropicMessages:
    return AnthropicMessages()


@pytest.fixture
def upstream() -> Upstream:
    return Upstream(provider_id="acme", origin=Origin("https", "acme.test", 443), prefix="", model="claude-opus-5")


@pytest.fixture
def ask(dialect: AnthropicMessages) -> Ask:
    """A request of these fields; a plain user message unless `messages` says otherwise."""

    def asked(raw: bytes | None = None, headers: dict[str, str] | None = None, **fields: Any) -> Request[ChatRequest]:
        body = {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]} | fields
        sent = raw if raw is not None else json.dumps(body).encode()
        return dialect.read_request(Inbound("POST", "/v1/messages", headers or {}, sent))

    return asked


@pytest.fixture
def write(dialect: AnthropicMessages, upstream: Upstream) -> Write:
    """What a view of these fields becomes, with what was left out under `dropped`."""

    def wrote(*messages: Message, model: str = "claude-opus-5", params: Any = "drop", **fields: Any) -> dict[str, Any]:
        view = ChatRequest(model="m", messages=messages or (user("Hi"),), **fields)
        written = dialect.write_request(view, structs.replace(upstream, model=model, params=params))
        return {**json.loads(written.http.body), "dropped": written.dropped}

    return wrote


@pytest.fixture
def fold() -> Fold:
    def folded(events: Iterable[Event]) -> ChatResponse:
        accumulator = Accumulator()
        for event in events:
            accumulator.add(event)
        return accumulator.response

    return folded
