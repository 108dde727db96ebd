"""Parrot, the right one: it says its words in a thread, one call at a time, and stops when nobody listens."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lockgate_ports.accumulate import Accumulator
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.errors import Unsupported, UpstreamError
from lockgate_ports.events import Event, Finish, Start, TextDelta, ToolCallDelta, UsageReport
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import Headers
from lockgate_ports.model import Attempt, offers_no
from lockgate_ports.parts import Text
from lockgate_ports.replies import reply_of
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Reply, Request

CONTEXT = 256
PAUSE = 0.001
CALL = '{"city": "Paris"}'


class Run:
    """What one call says, as it is said: read it with `news`."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.stopped = False

    def tell(self, event: Event | None) -> None:
        self.loop.call_soon_threadsafe(self.events.put_nowait, event)


class Parrot:
    """Wrong ones override a method each."""

    def __init__(self, context: BuildContext) -> None:
        self.name = context.name
        self.http = context.http
        self.room = asyncio.Semaphore(1)
        self.threads: ThreadPoolExecutor | None = None
        self.runs: set[Run] = set()
        self.models = (self.card(),)

    def card(self) -> ModelCard:
        return ModelCard(
            id="parrot-1",
            operations=("chat",),
            context_tokens=CONTEXT,
            inputs=("text",),
            tools=True,
            structured_output=True,
        )

    async def open(self) -> None:
        self.threads = ThreadPoolExecutor(1, thread_name_prefix="parrot")

    async def chat(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[ChatResponse]:
        whole = Accumulator()
        stream = await self.stream(request, attempt)
        try:
            async for batch in stream:
                for event in batch:
                    whole.add(event)
        finally:
            self.given_up(stream)
        return reply_of(whole.response)

    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> "Telling":
        if self.threads is None:
            raise self.failed("it is not open")
        view = self.read(request)
        self.check(view, attempt)
        await self.room.acquire()
        if self.threads is None:
            self.room.release()
            raise self.failed("it was closed")
        run = Run()
        self.runs.add(run)
        self.begin(run, view)
        return Telling(self, run)

    def begin(self, run: Run, view: ChatRequest) -> None:
        assert self.threads is not None
        self.threads.submit(self.work, run, view)

    def work(self, run: Run, view: ChatRequest) -> None:
        """In a thread."""
        told = sum(len(message.text.split()) for message in view.messages)
        said = 0
        run.tell(Start(id="p-1", model="parrot-1"))
        reason = "stop"
        for piece in self.pieces(view):
            if run.stopped:
                break
            if said == self.limit(view):
                reason = "length"
                break
            time.sleep(PAUSE)
            said += 1
            run.tell(piece)
        if view.tools:
            reason = "tool_calls"
        for event in () if run.stopped else self.ending(reason, Usage(input_tokens=told, output_tokens=said)):
            run.tell(event)
        run.tell(None)
        run.loop.call_soon_threadsafe(self.over, run)

    def pieces(self, view: ChatRequest) -> Sequence[Event]:
        if view.tools:
            first = ToolCallDelta(0, id="call-1", name=view.tools[0].name)  # type: ignore[union-attr]
            return [first, *(ToolCallDelta(0, arguments=letter) for letter in CALL)]
        if view.response_format is not None:
            return [TextDelta(letter) for letter in self.json_text()]
        words = [f"word{place} " for place in range(5000)]
        for place, word in enumerate(words[:100]):
            if any(stop in "".join(words[: place + 1]) for stop in self.stops(view)):
                cut = min("".join(words).index(stop) for stop in view.stop)
                return [TextDelta("".join(words)[:cut])]
            assert word
        return [TextDelta(word) for word in words]

    def json_text(self) -> str:
        return json.dumps({"city": "Paris"})

    def stops(self, view: ChatRequest) -> Sequence[str]:
        return view.stop

    def limit(self, view: ChatRequest) -> int:
        return view.max_tokens or CONTEXT

    def ending(self, reason: Any, usage: Usage) -> Sequence[Event]:
        return [Finish(reason), UsageReport(usage)]

    def read(self, request: Request[ChatRequest]) -> ChatRequest:
        return request.view

    def check(self, view: ChatRequest, attempt: Attempt) -> None:
        if attempt.model != "parrot-1":
            raise UpstreamError("another model", kind="not_found", provider_id=self.name, sent=False)
        if sum(len(message.text.split()) for message in view.messages) > CONTEXT:
            raise UpstreamError("too long", kind="context_length", provider_id=self.name)
        if any(not isinstance(part, Text) for message in view.messages for part in message.parts):
            raise Unsupported("parrots see no pictures", param="messages")

    def given_up(self, stream: "Telling") -> None:
        stream.run.stopped = True

    def over(self, run: Run) -> None:
        self.runs.discard(run)
        self.room.release()

    def failed(self, why: str) -> UpstreamError:
        return UpstreamError(f"{self.name}: {why}", kind="transient", provider_id=self.name, sent=False)

    async def embed(self, request: Request[Any], attempt: Attempt) -> Any:
        raise offers_no(request.operation, self.name)

    rerank = count_tokens = pass_on = embed

    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        return self.models

    async def probe(self, attempt: Attempt) -> None:
        return

    async def aclose(self) -> None:
        threads, self.threads = self.threads, None
        for run in self.runs:
            run.stopped = True
        if threads is not None:
            await asyncio.to_thread(threads.shutdown)


class Telling:
    """The ReplyStream of one run."""

    dropped: tuple[str, ...] = ()
    request_id: str | None = None
    headers: Headers = ()

    def __init__(self, engine: Parrot, run: Run) -> None:
        self.engine = engine
        self.run = run

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        while (event := await self.run.events.get()) is not None:
            yield [event]
        if self.run.stopped:
            raise self.engine.failed("it was closed")

    async def aclose(self) -> None:
        self.run.stopped = True


Make = Callable[[BuildContext], Parrot]
