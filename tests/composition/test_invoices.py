"""Invoices worked out by hand: what providers' usage comes to, whole and streamed, read and handed through unread."""

from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest
from invoices import INVOICES, price

from lockgate.adapters import builtins
from lockgate.plugins import Plugins, discover
from lockgate_core.cost import cost_of
from lockgate_core.stream_rules import StreamRules
from lockgate_ports.cards import Price
from lockgate_ports.chat import ChatRequest
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.hooks import BuildContext
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.parts import user
from lockgate_ports.rerank import RerankRequest
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

SETTINGS: dict[str, dict[str, Any]] = {
    "openai-compatible": {"base_url": "https://up.test/v1"},
    "bedrock": {"region": "us-east-1", "auth": "bearer"},
    "ollama": {"base_url": "https://up.test"},
}
DIALECTS = {
    "openai": "openai-chat",
    "openai-compatible": "openai-chat",
    "anthropic": "anthropic-messages",
    "google": "gemini",
}


@cache
def plugins() -> Plugins:
    return discover(builtins=[builtins])


def provider(kind: str, http: ScriptedHttp, **settings: Any) -> ModelPort:
    factory = plugins().models[kind]
    given = msgspec.convert(SETTINGS.get(kind, {}) | settings, factory.settings)
    return factory.build(given, BuildContext("up", http))


def asked(case: str, kind: str, *, stream: bool, relayed: bool) -> Request[ChatRequest]:
    view = ChatRequest(model="m", messages=(user("Hi"),), stream=stream)
    request = Request(operation="chat", model="m", stream=stream, view=view)
    if relayed:
        request.dialect = "openai-responses" if case.startswith("responses") else DIALECTS[kind]
        request.body = b'{"model":"m","messages":[],"input":"Hi"}'
        request.relay_reply = True
    return request


def port_for(case: str, kind: str, body: bytes, content_type: str) -> ModelPort:
    http = ScriptedHttp(Exchange(headers=(("content-type", content_type),), chunks=(body,)))
    return provider(kind, http, **({"api": "responses"} if case.startswith("responses") else {}))


def exact(usage: Usage | None, case: str) -> Decimal | None:
    _, _, given, expected = INVOICES[case]
    cost = cost_of(usage, given)
    assert cost.usd == Decimal(expected)
    assert cost.basis == ("reported" if usage is not None and usage.reported_cost is not None else "priced")
    return cost.usd


ATTEMPT = Attempt("m", Secret("key", "env:KEY"))
each_case = pytest.mark.parametrize("case", INVOICES)


@each_case
async def test_a_whole_answer_costs_what_the_invoice_says(case: str) -> None:
    kind, (body, _), _, _ = INVOICES[case]
    reply = await port_for(case, kind, body, "application/json").chat(
        asked(case, kind, stream=False, relayed=False), ATTEMPT
    )
    exact(reply.glance.usage, case)
    exact(reply.view.usage, case)


@each_case
async def test_a_stream_costs_the_same(case: str) -> None:
    kind, (_, stream), _, _ = INVOICES[case]
    await streamed(case, kind, stream, relayed=False)


@pytest.mark.parametrize("case", [case for case, (kind, *_) in INVOICES.items() if kind in DIALECTS])
async def test_bytes_that_go_through_unread_cost_the_same(case: str) -> None:
    kind, (body, stream), _, _ = INVOICES[case]
    reply = await port_for(case, kind, body, "application/json").chat(
        asked(case, kind, stream=False, relayed=True), ATTEMPT
    )
    assert reply.body == body
    exact(reply.glance.usage, case)
    await streamed(case, kind, stream, relayed=True)


async def streamed(case: str, kind: str, stream: bytes, *, relayed: bool) -> None:
    content_type = {"bedrock": "application/vnd.amazon.eventstream", "ollama": "application/x-ndjson"}
    port = port_for(case, kind, stream, content_type.get(kind, "text/event-stream"))
    rules = StreamRules()
    answer = await port.stream(asked(case, kind, stream=True, relayed=relayed), ATTEMPT)
    async for batch in answer:
        rules.take(batch)
    assert rules.complete
    exact(rules.usage, case)


EMBEDDED = {"data": [{"index": 0, "embedding": [0.5]}], "model": "m"}
OTHER_INVOICES: dict[str, tuple[str, dict[str, Any], Price, str]] = {
    # 8 * 0.02
    "embeddings": (
        "openai",
        EMBEDDED | {"usage": {"prompt_tokens": 8, "total_tokens": 8}},
        price(input="0.02"),
        "1.6E-7",
    ),
    # 12 * 0.06
    "embeddings by the total": ("voyage", EMBEDDED | {"usage": {"total_tokens": 12}}, price(input="0.06"), "7.2E-7"),
    # two searches of 100 documents each
    "rerank by the search": (
        "cohere",
        {"id": "r", "results": [{"index": 0, "relevance_score": 0.5}], "meta": {"billed_units": {"search_units": 2}}},
        price(request="0.002"),
        "0.004",
    ),
    # 100 * 0.05
    "rerank by tokens": (
        "voyage",
        {"data": [{"index": 0, "relevance_score": 0.5}], "model": "m", "usage": {"total_tokens": 100}},
        price(input="0.05"),
        "0.000005",
    ),
}


@pytest.mark.parametrize("case", OTHER_INVOICES)
async def test_other_operations_cost_what_the_invoice_says(case: str) -> None:
    kind, body, given, expected = OTHER_INVOICES[case]
    port = provider(kind, ScriptedHttp(Exchange(chunks=(msgspec.json.encode(body),))))
    if case.startswith("rerank"):
        ranking = RerankRequest(model="m", query="?", documents=("one",))
        usage = (
            await port.rerank(Request(operation="rerank", model="m", stream=False, view=ranking), ATTEMPT)
        ).glance.usage
    else:
        inputs = EmbedRequest(model="m", inputs=("one",))
        request = Request(operation="embeddings", model="m", stream=False, view=inputs)
        usage = (await port.embed(request, ATTEMPT)).glance.usage
    assert cost_of(usage, given).usd == Decimal(expected)


def test_there_are_invoices_enough() -> None:
    assert len(INVOICES) >= 40
    assert {kind for kind, *_ in INVOICES.values()} >= {"openai", "anthropic", "google", "bedrock", "cohere", "ollama"}
