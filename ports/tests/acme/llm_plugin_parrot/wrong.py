"""Parrots that are wrong in one way each."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

from msgspec import structs

from llm_plugin_parrot.engine import Make, Parrot, Run, Telling
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Finish, TextDelta, UsageReport
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.model import Attempt
from lockgate_ports.parts import Message, Text
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Reply, Request


class WorksInLoop(Parrot):
    def begin(self, run: Run, view: ChatRequest) -> None:
        until = time.perf_counter() + 0.45
        while time.perf_counter() < until:
            pass
        super().begin(run, view)


class SleepsInLoop(Parrot):
    def begin(self, run: Run, view: ChatRequest) -> None:
        time.sleep(0.01)
        super().begin(run, view)


class KeepsOnWhenGivenUp(Parrot):
    def given_up(self, stream: Telling) -> None:
        """Lets it talk."""


class _Deaf(Telling):
    async def aclose(self) -> None:
        """Lets it talk."""


class KeepsOnWhenLeft(Parrot):
    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> Telling:
        return _Deaf(self, (await super().stream(request, attempt)).run)


class SwallowsCancelling(Parrot):
    async def chat(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[ChatResponse]:
        try:
            return await super().chat(request, attempt)
        except asyncio.CancelledError:
            raise self.failed("no answer in time") from None


class OneAtATime(Parrot):
    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> Telling:
        if self.room.locked():
            raise self.failed("it talks")
        return await super().stream(request, attempt)


class NoUsage(Parrot):
    def ending(self, reason: Any, usage: Usage) -> Sequence[Event]:
        return [Finish(reason)]


class ForgetsLimit(Parrot):
    def limit(self, view: ChatRequest) -> int:
        return 40


class IgnoresStop(Parrot):
    def stops(self, view: ChatRequest) -> Sequence[str]:
        return ()


class LosesWords(Parrot):
    def pieces(self, view: ChatRequest) -> Sequence[Event]:
        pieces = super().pieces(view)
        return [TextDelta("word0"), *pieces[1:]] if view.stream else pieces


class TwoFinishes(Parrot):
    def ending(self, reason: Any, usage: Usage) -> Sequence[Event]:
        return [Finish(reason), Finish(reason), UsageReport(usage)]


class ReadsBytes(Parrot):
    def read(self, request: Request[ChatRequest]) -> ChatRequest:
        if request.body is not None:
            request.body.decode("ascii").index("{")
        return request.view


class AnswersAnyModel(Parrot):
    def check(self, view: ChatRequest, attempt: Attempt) -> None:
        super().check(view, Attempt("parrot-1"))


class CutsPrompt(Parrot):
    def check(self, view: ChatRequest, attempt: Attempt) -> None:
        short = structs.replace(view, messages=(Message("user", (Text("word"),)),))
        super().check(short if all(m.text for m in view.messages) else view, attempt)


class RawError(Parrot):
    def check(self, view: ChatRequest, attempt: Attempt) -> None:
        try:
            super().check(view, attempt)
        except UpstreamError as error:
            raise RuntimeError(error.message) from None


class TalksJson(Parrot):
    def json_text(self) -> str:
        return "Here is your JSON: {}"


class ForgetsTools(Parrot):
    def card(self) -> ModelCard:
        return structs.replace(super().card(), tools=False)

    def read(self, request: Request[ChatRequest]) -> ChatRequest:
        return structs.replace(request.view, tools=())


class ForgetsPictures(Parrot):
    def check(self, view: ChatRequest, attempt: Attempt) -> None:
        words = tuple(Message(each.role, (Text(each.text),)) for each in view.messages)
        super().check(structs.replace(view, messages=words), attempt)


class OffersNothing(Parrot):
    async def embed(self, request: Request[Any], attempt: Attempt) -> Any:
        raise NotImplementedError

    rerank = count_tokens = pass_on = embed


class ListsNothing(Parrot):
    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        return ()


class AsksNetwork(Parrot):
    def begin(self, run: Run, view: ChatRequest) -> None:
        with suppress(OSError):
            socket.getaddrinfo("127.0.0.1", 1)
        super().begin(run, view)


class AsksPort(Parrot):
    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> Telling:
        with suppress(AssertionError):
            await self.http.send(HttpRequest("GET", Origin("https", "acme.test", 443), "/"))
        return await super().stream(request, attempt)


class AnswersUnopened(Parrot):
    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> Telling:
        if self.threads is None:
            await self.open()
        return await super().stream(request, attempt)


class HangsWhenClosed(Parrot):
    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> Telling:
        while self.threads is None:
            await asyncio.sleep(0.01)
        return await super().stream(request, attempt)


class _EndsWell(Telling):
    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        with suppress(UpstreamError):
            async for batch in super().__aiter__():
                yield batch


class EndsWellWhenClosed(Parrot):
    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> Telling:
        return _EndsWell(self, (await super().stream(request, attempt)).run)


class LeavesThreads(Parrot):
    async def aclose(self) -> None:
        threads, self.threads = self.threads, None
        if threads is not None:
            for run in self.runs:
                run.stopped = True
            self.kept = threads


WRONG_ENGINES: dict[str, Make] = {
    "parrot": Parrot,
    "works-in-loop": WorksInLoop,
    "sleeps-in-loop": SleepsInLoop,
    "keeps-on-when-given-up": KeepsOnWhenGivenUp,
    "keeps-on-when-left": KeepsOnWhenLeft,
    "swallows-cancelling": SwallowsCancelling,
    "one-at-a-time": OneAtATime,
    "no-usage": NoUsage,
    "forgets-limit": ForgetsLimit,
    "ignores-stop": IgnoresStop,
    "loses-words": LosesWords,
    "two-finishes": TwoFinishes,
    "reads-bytes": ReadsBytes,
    "answers-any-model": AnswersAnyModel,
    "cuts-prompt": CutsPrompt,
    "raw-error": RawError,
    "talks-json": TalksJson,
    "forgets-tools": ForgetsTools,
    "forgets-pictures": ForgetsPictures,
    "offers-nothing": OffersNothing,
    "lists-nothing": ListsNothing,
    "asks-network": AsksNetwork,
    "asks-port": AsksPort,
    "answers-unopened": AnswersUnopened,
    "hangs-when-closed": HangsWhenClosed,
    "ends-well-when-closed": EndsWellWhenClosed,
    "leaves-threads": LeavesThreads,
}
