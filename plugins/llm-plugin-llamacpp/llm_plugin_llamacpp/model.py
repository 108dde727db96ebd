"""LlamaCppModel: the ModelPort of a model that runs in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import structs

from llm_plugin_llamacpp.answer import Tidy, folded
from llm_plugin_llamacpp.ask import Asked, ask
from llm_plugin_llamacpp.engine import Engine, load
from llm_plugin_llamacpp.gguf import Facts, NotGguf, read_facts
from llm_plugin_llamacpp.run import Run, status_of
from llm_plugin_llamacpp.settings import LlamaCppSettings, card_of
from llm_plugin_llamacpp.slots import Slots
from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.quirks import Quirks
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.count import TokenCount
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.embed import EmbedRequest, EmbedResponse
from lockgate_ports.errors import SettingsError, UpstreamError
from lockgate_ports.events import ReadEvent
from lockgate_ports.http import Headers, Origin
from lockgate_ports.model import Attempt, ReplyStream, offers_no
from lockgate_ports.parts import user
from lockgate_ports.payload import Payload
from lockgate_ports.replies import reply_of
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.sse import sse
from lockgate_ports.telling import event_reader
from lockgate_ports.wire import Reply, Request

# A dialect writes for a place on the network; here its body alone is used.
_NOWHERE = Origin("http", "in-process.invalid", 80)
_QUIRKS = Quirks(sampling=("top_k", "min_p", "repetition_penalty"), reasoning_field="reasoning_content")


class LlamaCppModel:
    """One GGUF file, loaded by `open` and freed by `aclose`. `locate` finds the file; it raises SettingsError."""

    def __init__(self, provider_id: str, model: str, settings: LlamaCppSettings, locate: Callable[[], Path]) -> None:
        self._provider_id = provider_id
        self._settings = settings
        self._locate = locate
        self._chat = OpenAIChat(_QUIRKS)
        self._card = card_of(model, settings.context_tokens)
        self._slots = Slots(settings.slots, settings.queue)
        self._threads = ThreadPoolExecutor(settings.slots, thread_name_prefix=f"{provider_id}-llamacpp")
        self._runs: set[Run] = set()
        self._loaded: tuple[Engine, Facts] | None = None

    @property
    def models(self) -> tuple[ModelCard, ...]:
        """The one model; its context is known for certain once it is open."""
        return (self._card,)

    async def open(self) -> None:
        """Loads the weights. Raises SettingsError saying which file is missing or damaged, and what to do."""
        engine, facts, context = await asyncio.get_running_loop().run_in_executor(self._threads, self._load)
        self._loaded = engine, facts
        self._card = card_of(self._card.id, context)

    async def chat(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[ChatResponse]:
        """One whole answer; a cancelled call stops generating."""
        dialect = self._chat
        run, asked, dropped = await self._start(request, attempt, stream=False)
        events: list[bytes] = []
        try:
            while news := await run.news():
                events += news
        except asyncio.CancelledError:
            run.stop()
            raise
        tidy = Tidy(asked)
        passed = tidy.pass_on(events)
        self._check(run, tidy)
        body = folded([*passed, *tidy.last()])
        if request.relay_reply and request.dialect == dialect.name:
            return Reply(
                dialect.glance(body),
                dialect=dialect.name,
                body=body,
                read=lambda: dialect.read_response(body),
                dropped=dropped,
            )
        return reply_of(dialect.read_response(body), dropped)

    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> ReplyStream:
        """Returns when the engine has taken the prompt in hand; closing or cancelling stops generating."""
        run, asked, dropped = await self._start(request, attempt, stream=True)
        tidy = Tidy(asked)
        try:
            first = await run.news()
        except asyncio.CancelledError:
            run.stop()
            raise
        if not first:
            self._check(run, tidy)
        relay = request.relay_reply and request.dialect == self._chat.name
        reader = event_reader(self._chat, relay=relay, tell=request.tell_reply)
        return _Stream(run, tidy, first, reader, dropped, self._check)

    async def embed(self, request: Request[EmbedRequest], attempt: Attempt) -> Reply[EmbedResponse]:
        """Raises Unsupported: an engine that was loaded to chat makes no vectors."""
        raise offers_no(request.operation, self._provider_id)

    async def rerank(self, request: Request[RerankRequest], attempt: Attempt) -> Reply[RerankResponse]:
        """Raises Unsupported."""
        raise offers_no(request.operation, self._provider_id)

    async def count_tokens(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[TokenCount]:
        """Raises Unsupported."""
        raise offers_no(request.operation, self._provider_id)

    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        """The one model: there is nobody else to ask."""
        return self.models

    async def pass_on(self, request: Request[Payload], attempt: Attempt) -> Reply[Payload]:
        """Raises Unsupported."""
        raise offers_no(request.operation, self._provider_id)

    async def probe(self, attempt: Attempt) -> None:
        """Generates one token."""
        view = ChatRequest(model=attempt.model, messages=(user("ping"),), max_tokens=1)
        await self.chat(Request(operation="chat", model=attempt.model, stream=False, view=view), attempt)

    async def aclose(self) -> None:
        """Stops what is being generated and frees the engine; calls in flight or in line fail as `transient`."""
        loaded, self._loaded = self._loaded, None
        for run in self._runs:
            run.stop()
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        if loaded is not None:
            await asyncio.get_running_loop().run_in_executor(None, loaded[0].close)

    def _load(self) -> tuple[Engine, Facts, int]:
        path = self._locate()
        try:
            facts = read_facts(path)
            # Beyond what it was trained for the engine reserves memory and then does not use it.
            context = min(self._settings.context_tokens, facts.context_tokens or self._settings.context_tokens)
            settings = structs.replace(self._settings, context_tokens=context)
            return load(path, self._card.id, settings), facts, context
        except (NotGguf, OSError) as error:
            raise SettingsError(f"{self._provider_id}: cannot read {path}: {error}; fetch the file again") from error

    async def _start(
        self, request: Request[ChatRequest], attempt: Attempt, *, stream: bool
    ) -> tuple[Run, Asked, tuple[str, ...]]:
        self._engine()
        if attempt.model != self._card.id:
            raise UpstreamError(
                f"{self._provider_id} has one model, {self._card.id!r}, and not {attempt.model!r}",
                kind="not_found",
                provider_id=self._provider_id,
                sent=False,
            )
        written = self._write(request, attempt, stream=stream)
        asked = ask(bytes(written.http.body), self._engine()[1])
        await self._slots.take()
        try:
            run = Run(self._engine()[0], asked.body, self._over)
            self._threads.submit(run.work)
        except BaseException:
            self._slots.give_back()
            raise
        self._runs.add(run)
        return run, asked, written.dropped

    def _write(self, request: Request[ChatRequest], attempt: Attempt, *, stream: bool) -> Written:
        upstream = Upstream(
            provider_id=self._provider_id,
            origin=_NOWHERE,
            prefix="",
            model=attempt.model,
            stream=stream,
            purpose=attempt.purpose,
        )
        if request.body is not None and request.dialect == self._chat.name:
            return self._chat.relay_request(request.body, request.headers, upstream, request.wire)
        return self._chat.write_request(request.view, upstream)

    def _engine(self) -> tuple[Engine, Facts]:
        if self._loaded is None:
            raise UpstreamError(
                f"{self._provider_id}: the model is not loaded: the gateway is closing, or open() was not awaited",
                kind="transient",
                provider_id=self._provider_id,
                sent=False,
            )
        return self._loaded

    def _over(self, run: Run) -> None:
        self._runs.discard(run)
        self._slots.give_back()

    def _check(self, run: Run, tidy: Tidy) -> None:
        """Raises UpstreamError when the answer is an error, or not all of one."""
        if run.refused is not None:
            error = self._chat.read_error(status_of(run.refused), {}, run.refused)
            error.provider_id = self._provider_id
            error.message = f"{self._provider_id}: {error.message}"
            error.args = (error.message,)
            raise error
        if run.stopped or not tidy.complete:
            raise UpstreamError(
                f"{self._provider_id}: the engine stopped before the answer was complete",
                kind="transient",
                provider_id=self._provider_id,
            )


class _Stream:
    """The events of one run, as they come."""

    def __init__(
        self,
        run: Run,
        tidy: Tidy,
        first: list[bytes],
        reader: EventReader,
        dropped: tuple[str, ...],
        check: Callable[[Run, Tidy], None],
    ) -> None:
        self._run = run
        self._tidy = tidy
        self._first = first
        self._reader = reader
        self._check = check
        self.dropped = dropped
        self.request_id: str | None = None
        self.headers: Headers = ()

    async def __aiter__(self) -> AsyncIterator[Sequence[ReadEvent]]:
        news, self._first = self._first, []
        try:
            while news:
                yield self._read(self._tidy.pass_on(news))
                news = await self._run.news()
            self._check(self._run, self._tidy)
            yield self._read([*self._tidy.last(), b"[DONE]"])
            yield self._reader.end()
        finally:
            self._run.stop()

    async def aclose(self) -> None:
        self._run.stop()

    def _read(self, events: list[bytes]) -> Sequence[ReadEvent]:
        return self._reader.feed(b"".join(map(sse, events)))
