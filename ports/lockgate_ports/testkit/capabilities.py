"""What a provider can do, seen in its contract: what goes out when it is asked for a thing, and what comes back."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any

from msgspec import Raw, structs

from lockgate_ports.chat import ChatRequest, Reasoning, ResponseFormat
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import CallerError, LockgateError
from lockgate_ports.events import UsageReport
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.parts import CacheHint, File, Image, InlineSource, Message, Part, Text
from lockgate_ports.rerank import RerankRequest
from lockgate_ports.testkit.contract import ProviderContract
from lockgate_ports.testkit.engine import SHORT
from lockgate_ports.testkit.engine_answers import SEEING, WITH_TOOL
from lockgate_ports.testkit.engine_contract import EngineContract, engine_of
from lockgate_ports.testkit.operation_contract import EmbeddingsContract, RerankContract
from lockgate_ports.testkit.operation_provider import OperationProvider
from lockgate_ports.testkit.provider import QUESTION, WITH_TOOLS, Provider, error_page, factory_of
from lockgate_ports.wire import Operation, Request

HttpContract = type[ProviderContract | EmbeddingsContract | RerankContract]
Contract = type[ProviderContract | EmbeddingsContract | RerankContract | EngineContract]
COLUMNS = (
    *("chat", "stream", "stream usage", "tools", "parallel tools", "images", "files", "schema", "reasoning"),
    *("cache", "cached tokens", "token count", "embeddings", "rerank", "model list"),
)
"""What is looked for, in the order in which it is shown."""

Seen = dict[str, str]
"""By column: `yes`, or a word that says how; a column that is not there was not seen."""

_SEEN_BY_NAME = b"seen_by_its_name"
_SCHEMA = ResponseFormat(
    "json_schema",
    schema=Raw(
        b'{"type":"object","properties":{"%b":{"type":"string"}},"required":["%b"],"additionalProperties":false}'
        % (_SEEN_BY_NAME, _SEEN_BY_NAME)
    ),
    name="answer",
)
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_PAPER = "JVBERi0xLjQKJSVFT0YK"
_FILE = File(InlineSource(_PAPER, "application/pdf"), "a.pdf")


async def seen_in(contracts: Iterable[Contract]) -> dict[str, Seen]:
    """What each kind can do, by all of its contracts together."""
    kinds: dict[str, Seen] = {}
    for contract in contracts:
        if issubclass(contract, EngineContract):
            seen = await _engine(contract)
        else:
            seen = await (_chat(contract) if issubclass(contract, ProviderContract) else _operation(contract))
        known = kinds.setdefault(contract.kind, {})
        known |= {column: how for column, how in seen.items() if column not in known}
    return kinds


def markdown(kinds: Mapping[str, Seen]) -> list[str]:
    """A table, a line a kind."""
    rows = [[f"`{kind}`", *(seen.get(name, "") for name in COLUMNS)] for kind, seen in kinds.items()]
    head = ["kind", *COLUMNS]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def contracts_in(module: ModuleType) -> list[Contract]:
    """The contract classes that a module defines."""
    ready = (ProviderContract, EmbeddingsContract, RerankContract, EngineContract)
    found = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, ready)]
    return [each for each in found if each not in ready]


async def _engine(contract: type[EngineContract]) -> Seen:
    """By answers of one token: what an engine does not take it refuses, or names as left out."""
    engine = engine_of(contract)
    asked = {
        "chat": SHORT,
        "tools": WITH_TOOL,
        "images": SEEING,
        "files": structs.replace(SHORT, messages=_with(_FILE).messages),
        "schema": structs.replace(SHORT, response_format=_SCHEMA),
        "reasoning": structs.replace(SHORT, reasoning=Reasoning(enabled=True)),
    }
    seen: Seen = {}
    await engine.open()
    try:
        for column, view in asked.items():
            with suppress(LockgateError):
                reply = await engine.chat(structs.replace(view, max_tokens=1))
                if not any(name.startswith((column, "response_format")) for name in reply.dropped):
                    seen[column] = "native" if column == "schema" else "yes"
        told = any(isinstance(event, UsageReport) for event in await engine.events())
        seen |= {"stream": "yes", **({"stream usage": "yes"} if told else {})}
        for column, call in _FURTHER.items():
            with suppress(CallerError):
                await call(engine.port, engine.attempt)
                seen[column] = "yes"
    finally:
        await engine.aclose()
    return seen


async def _operation(contract: type[EmbeddingsContract | RerankContract]) -> Seen:
    factory = factory_of(contract.plugin, contract.kind)
    provider = OperationProvider(contract.operation, factory, contract.settings, contract.model, contract.samples)
    await provider.ask(provider.answered(contract.samples.answer))
    return {contract.operation: "yes"}


async def _chat(contract: type[ProviderContract]) -> Seen:
    def made() -> Provider:
        return Provider(factory_of(contract.plugin, contract.kind), contract.settings, contract.model, contract.samples)

    seen = {"chat": "yes", **await _streamed(made()), **await _tools(made())}
    seen |= await _accepted(made, "images", _with(Image(InlineSource(_PIXEL, "image/png"))), _PIXEL.encode())
    seen |= await _accepted(made, "files", _with(_FILE), _PAPER.encode())
    seen |= await _accepted(made, "cache", _with(Text("Vorher.", cache=CacheHint())), b"cache")
    seen |= await _schema(made())
    seen |= await _reasoning(made())
    usages = [sample.usage for sample in contract.samples.answers.values() if sample.usage is not None]
    if any(usage.cache_read_tokens is not None for usage in usages):
        seen["cached tokens"] = "yes"
    return {**seen, **await _further(made)}


async def _streamed(provider: Provider) -> Seen:
    events, _ = await provider.stream(provider.streamed(provider.samples.text.stream))
    told = any(isinstance(event, UsageReport) for event in events)
    return {"stream": "yes", **({"stream usage": "yes"} if told else {})}


async def _tools(provider: Provider) -> Seen:
    try:
        await provider.chat(provider.plain(provider.samples.tool_call), view=WITH_TOOLS)
        reply = await provider.chat(provider.plain(provider.samples.parallel_tools), view=WITH_TOOLS)
    except CallerError:
        return {}
    several = any(len(choice.tool_calls) > 1 for choice in reply.view.choices)
    return {"tools": "yes", **({"parallel tools": "yes"} if several else {})}


async def _accepted(made: Callable[[], Provider], column: str, view: ChatRequest, trace: bytes) -> Seen:
    """Whether what is asked for leaves, and leaves a trace in the request."""
    provider = made()
    try:
        await provider.chat(provider.plain(provider.samples.text), view=view)
    except CallerError:
        return {}
    return {column: "yes"} if trace in bytes(provider.http.requests[0].body) else {}


async def _schema(provider: Provider) -> Seen:
    view = structs.replace(QUESTION, response_format=_SCHEMA)
    # A tool in the schema's place would have to be called, and this answer calls none.
    with suppress(LockgateError):
        await provider.chat(provider.plain(provider.samples.text), view=view)
    if not provider.http.requests or _SEEN_BY_NAME not in bytes(provider.http.requests[0].body):
        return {}
    return {"schema": "by a tool" if provider.samples.read_back(provider.http.requests[0]).tools else "native"}


async def _reasoning(provider: Provider) -> Seen:
    for form in (Reasoning(effort="high"), Reasoning(budget_tokens=2048), Reasoning(enabled=True)):
        view = structs.replace(QUESTION, reasoning=form, max_tokens=4096)
        with suppress(CallerError):
            reply = await provider.chat(provider.plain(provider.samples.text), view=view)
            if not any(name.startswith(("reasoning", "thinking")) for name in reply.dropped):
                return {"reasoning": "yes"}
    return {}


async def _further(made: Callable[[], Provider]) -> Seen:
    """Operations that are there when somebody is asked for them at all."""
    seen: Seen = {}
    for column, call in _FURTHER.items():
        provider = made()
        provider.http.script.append(error_page(503))
        try:
            await call(provider.port, provider.attempt)
        except CallerError:
            continue
        except LockgateError:
            seen[column] = "yes"
    return seen


def _call(operation: Operation, view: Any, attempt: Attempt) -> Request[Any]:
    view = structs.replace(view, model=attempt.model)
    return Request(operation=operation, model=attempt.model, stream=False, view=view)


_EMBED = EmbedRequest(model="asked", inputs=("a",))
_RERANK = RerankRequest(model="asked", query="a", documents=("a",))
_FURTHER: Mapping[str, Callable[[ModelPort, Attempt], Awaitable[Any]]] = {
    "token count": lambda port, attempt: port.count_tokens(_call("count_tokens", QUESTION, attempt), attempt),
    "embeddings": lambda port, attempt: port.embed(_call("embeddings", _EMBED, attempt), attempt),
    "rerank": lambda port, attempt: port.rerank(_call("rerank", _RERANK, attempt), attempt),
    "model list": lambda port, attempt: port.discover(attempt),
}


def _with(part: Part) -> ChatRequest:
    return structs.replace(QUESTION, messages=(Message("user", (part, Text("Und?"))),))
