"""What the tests of the dialects share: a place to write for, and short ways to ask, to write and to fold."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from llm_plugin_google.dialect import Gemini
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import Params, Upstream, Written
from lockgate_ports.events import Event
from lockgate_ports.http import Origin
from lockgate_ports.parts import user
from lockgate_ports.wire import Inbound, Request

Ask = Callable[..., Request[ChatRequest]]
Fold = Callable[[Iterable[Event]], ChatResponse]
Write = Callable[..., tuple[dict[str, Any], tuple[str, ...]]]


Place = Callable[..., Upstream]


def _place(model: str = "gemini-2.5-flash", params: Params = "drop", *, stream: bool = False) -> Upstream:
    return Upstream(
        provider_id="acme",
        origin=Origin("https", "acme.test", 443),
        prefix="/v1beta",
        model=model,
        params=params,
        stream=stream,
    )


@pytest.fixture
def place() -> Place:
    """One model of a provider `acme`."""
    return _place


@pytest.fixture
def write() -> Write:
    """What a view says on the wire, and what it leaves out; the view is of these fields."""

    def written(
        model: str = "gemini-2.5-flash", params: Params = "drop", **fields: Any
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        asked: dict[str, Any] = {"messages": (user("Hi"),), **fields}
        view = ChatRequest(model="m", **asked)
        sent: Written = Gemini().write_request(view, _place(model, params))
        return json.loads(sent.http.body), sent.dropped

    return written


@pytest.fixture
def ask() -> Ask:
    """A client's request of these fields."""

    def asked(raw: bytes | None = None, method: str = "generateContent", **fields: Any) -> Request[ChatRequest]:
        body = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]} | fields
        sent = raw if raw is not None else json.dumps(body).encode()
        path = f"/v1beta/models/acme/m:{method}"
        return Gemini().read_request(Inbound("POST", path, {}, sent, path_values={"model": "acme/m"}))

    return asked


@pytest.fixture
def fold() -> Fold:
    def folded(events: Iterable[Event]) -> ChatResponse:
        accumulator = Accumulator()
        for event in events:
            accumulator.add(event)
        return accumulator.response

    return folded
