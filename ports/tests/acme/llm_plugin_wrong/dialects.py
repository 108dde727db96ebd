"""Dialects that are wrong in one way each."""

import json
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
from llm_plugin_acme.dialect import AcmeChat, AcmeReader, fields
from msgspec import structs

from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, Relayed, Start, ToolCallDelta, UsageReport
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.usage import Usage


class ReaderOf:
    """An event reader whose events are tampered with."""

    def __init__(self, change: Callable[[Event], Sequence[Event]], inner: AcmeReader | None = None) -> None:
        self._inner = inner or AcmeReader(relay=False)
        self._change = change

    def feed(self, data: bytes) -> Sequence[Event]:
        return [changed for event in self._inner.feed(data) for changed in self._change(event)]

    def end(self) -> Sequence[Event]:
        return [changed for event in self._inner.end() for changed in self._change(event)]


class Tampered(AcmeChat):
    """Streams that are read in full are tampered with."""

    def __init__(self, reader: Callable[[], EventReader]) -> None:
        self._reader = reader

    def event_reader(self, *, relay: bool) -> EventReader:
        return AcmeReader(relay=True) if relay else self._reader()


def one_slot(event: Event) -> Sequence[Event]:
    return [structs.replace(event, part=1) if isinstance(event, ToolCallDelta) else event]


def no_failures(event: Event) -> Sequence[Event]:
    return [] if isinstance(event, Failure) else [event]


def _known(event: Event) -> Sequence[Event]:
    return [] if isinstance(event, Relayed) and b'"begin"' in event.raw else [event]


def two_starts(event: Event) -> Sequence[Event]:
    return [event, event] if isinstance(event, Start) else [event]


def _stops(event: Event) -> Sequence[Event]:
    return [structs.replace(event, reason="stop") if isinstance(event, Finish) else event]


class InventedFinish(ReaderOf):
    """Takes the end of the bytes for the end of the answer."""

    def __init__(self) -> None:
        super().__init__(self._seen)
        self._finished = False

    def _seen(self, event: Event) -> Sequence[Event]:
        self._finished = self._finished or isinstance(event, Finish | Failure)
        return [event]

    def end(self) -> Sequence[Event]:
        return [] if self._finished else [Finish("stop")]


class ChunkIsEvent:
    """Takes each chunk for whole events."""

    def feed(self, data: bytes) -> Sequence[Event]:
        reader = AcmeReader(relay=False)
        return [*reader.feed(data), *reader.end()]

    def end(self) -> Sequence[Event]:
        return []


class Hoarder(ReaderOf):
    """Hands nothing on until the end."""

    def __init__(self) -> None:
        super().__init__(lambda event: [event])
        self._kept: list[Event] = []

    def feed(self, data: bytes) -> Sequence[Event]:
        self._kept += super().feed(data)
        return []

    def end(self) -> Sequence[Event]:
        return self._kept


class Free(AcmeChat):
    """Usage that was not reported is 0."""

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        answer = super().read_response(body, headers)
        return structs.replace(answer, usage=answer.usage or Usage(input_tokens=0, output_tokens=0))


class Unbounded(AcmeChat):
    """Forgets the token limit."""

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        return super().write_request(structs.replace(view, max_tokens=None), upstream)


class Tidy(AcmeChat):
    """Writes a relayed request anew."""

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        told = {name: json.loads(value) for name, value in fields(body).items()} | {"model": upstream.model}
        return self._written(json.dumps(told).encode(), upstream)


class Stopper(AcmeChat):
    """Says that an answer that calls tools has stopped."""

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        answer = super().read_response(body, headers)
        return structs.replace(
            answer, choices=tuple(structs.replace(choice, finish_reason="stop") for choice in answer.choices)
        )

    def event_reader(self, *, relay: bool) -> EventReader:
        return AcmeReader(relay=True) if relay else ReaderOf(_stops)


class Credulous(AcmeChat):
    """Takes an answer without words for an answer."""

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        try:
            return super().read_response(body, headers)
        except UpstreamError as error:
            if "empty" in str(error):
                return ChatResponse(choices=())
            raise


class Unguarded(AcmeChat):
    """Lets the decoder's own error out."""

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        msgspec.json.decode(body)
        return super().read_response(body, headers)


class Picky(AcmeChat):
    """Relays what it knows alone."""

    def event_reader(self, *, relay: bool) -> EventReader:
        return ReaderOf(_known, inner=AcmeReader(relay=True)) if relay else AcmeReader(relay=False)


class Busy(AcmeChat):
    """Blocks by work, while it reads a rate limit."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        until = time.perf_counter() + (0.5 if status == 429 else 0)
        while time.perf_counter() < until:
            pass
        return super().read_error(status, headers, body)


class ZeroStream(ReaderOf):
    """Reports zeros at the end of a stream that reported nothing."""

    def __init__(self) -> None:
        super().__init__(self._seen)
        self._reported = False

    def _seen(self, event: Event) -> Sequence[Event]:
        self._reported = self._reported or isinstance(event, UsageReport)
        return [event]

    def end(self) -> Sequence[Event]:
        return [] if self._reported else [UsageReport(Usage(input_tokens=0, output_tokens=0))]
