"""What the tests of the dialect share: a dialect, a place to write for, and short ways to ask and to fold."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from llm_plugin_openai.dialect import OpenAIChat
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import Upstream
from lockgate_ports.events import Event
from lockgate_ports.http import Origin
from lockgate_ports.wire import Inbound, Request

Ask = Callable[..., Request[ChatRequest]]
Fold = Callable[[Iterable[Event]], ChatResponse]


@pytest.fixture
def dialect() -> OpenAIChat:
    return OpenAIChat()


@pytest.fixture
def upstream() -> Upstream:
    return Upstream(provider_id="acme", origin=Origin("https", "acme.test", 443), prefix="/v1", model="real")


@pytest.fixture
def ask(dialect: OpenAIChat) -> Ask:
    """A request of these fields; a plain user message unless `messages` says otherwise."""

    def asked(raw: bytes | None = None, headers: dict[str, str] | None = None, **fields: Any) -> Request[ChatRequest]:
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]} | fields
        sent = raw if raw is not None else json.dumps(body).encode()
        return dialect.read_request(Inbound("POST", "/v1/chat/completions", headers or {}, sent))

    return asked


@pytest.fixture
def fold() -> Fold:
    def folded(events: Iterable[Event]) -> ChatResponse:
        accumulator = Accumulator()
        for event in events:
            accumulator.add(event)
        return accumulator.response

    return folded
