"""The way in for every client: path, key, media type, size; then the dialect and the engine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from time import time
from typing import Any

from msgspec import Struct, structs

from lockgate.adapters.callers import Callers
from lockgate.redaction import redact
from lockgate.request_ids import new_request_id
from lockgate.surfaces.cors import Cors
from lockgate.surfaces.error_answers import error_answer, fault
from lockgate.surfaces.guard import check_admin, check_host
from lockgate.surfaces.head import Head, ReadBody, client_key
from lockgate.surfaces.inflate import inflate
from lockgate.surfaces.inside import Inside, Parting
from lockgate.surfaces.labels import LabelHeader
from lockgate.surfaces.lines import NO_CACHE, lines, printable, who_lines, with_theirs
from lockgate.surfaces.memory import Memory
from lockgate.surfaces.paths import Paths
from lockgate.surfaces.patience import TIMEOUTS, patience
from lockgate.surfaces.rate_headers import rate_headers
from lockgate.surfaces.replies import JSON, ErrorWriter, Streamed, Whole, Write, write_plain_error
from lockgate_core.engine import Engine
from lockgate_core.priority import HEADER as PRIORITY
from lockgate_core.profiles import PREFIX
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.dialect import (
    ChatSurfaceDialect,
    EventWriter,
    IdentifiedDialect,
    PassedDialect,
    Surface,
    SurfaceDialect,
)
from lockgate_ports.errors import LockgateError, UnsupportedMedia
from lockgate_ports.events import Event
from lockgate_ports.handing import hand
from lockgate_ports.steps import Answer, AnswerStream, Served
from lockgate_ports.wire import Inbound, Request

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_PROFILE = "x-lockgate-profile"
_WISHES = frozenset({"content-encoding", "traceparent", "tracestate", _PROFILE, PRIORITY, *TIMEOUTS})
"""Fields that make a call another than its body says."""


Serve = Callable[[Head, Mapping[str, str], ReadBody, str], Awaitable[Whole | Streamed]]
"""Answers at one surface: head, path values, body, request id. Raises LockgateError."""


class Place(Struct, frozen=True):
    """What stands at a surface, and in which envelope it speaks of errors."""

    serve: Serve
    write_error: ErrorWriter
    open: bool = False
    """Served without a key."""
    admin: bool = False
    """For callers alone who may look at and change the gateway itself."""
    marks: tuple[str, ...] = ()
    """Header fields, one of which its clients send, where several places stand at one surface."""


class FrontDoor:
    """Finds the place, asks for the key, and turns every error into an answer.

    `inside`: what a call is in, to the end of its stream. `callers`: who may come in. `cors`: pages of other origins
    that may call; None: none may. `loopback`: nobody from elsewhere can come in, so that where no key is asked for,
    everybody is an operator.
    """

    def __init__(self, inside: Inside, callers: Callers, cors: Cors | None = None, *, loopback: bool = False) -> None:
        self._inside = inside
        self._places: Paths[tuple[Place, ...]] = Paths()
        self._callers = callers
        self._anybody = None if callers.asked else Caller(admin=True) if loopback else NOBODY
        self._loopback = loopback
        self._cors = cors
        self.handle: Callable[[Head, ReadBody], Awaitable[Whole | Streamed]] = (
            self._answer if cors is None else self._shown
        )
        """The answer, whatever happens; every one carries `x-request-id`."""

    def mount(self, surface: Surface, *places: Place) -> None:
        """Serve a place at a surface, or several that tell their clients by their marks. Raises ValueError when another
        stands there."""
        self._places.add(surface, places)

    async def _shown(self, head: Head, read_body: ReadBody) -> Whole | Streamed:
        """To pages of other origins as well."""
        assert self._cors is not None  # noqa: S101  it is not asked otherwise
        return self._cors.preflight(head) or self._cors.show(head, await self._answer(head, read_body))

    async def _answer(self, head: Head, read_body: ReadBody) -> Whole | Streamed:
        headers = head.headers
        request_id = _request_id(headers.get("x-request-id"))
        write_error: ErrorWriter = write_plain_error
        streams = False
        self._inside.enter()
        try:
            places, values = self._places.find(head.method, head.path)
            place = places[0] if len(places) == 1 else _place_of(head, places)
            write_error = place.write_error
            if not place.open:
                caller = self._callers.of(client_key(head)) if self._anybody is None else self._unasked(head)
                if not isinstance(caller, Caller):
                    caller = await caller
                if place.admin:
                    check_admin(head, caller)
                head.caller = caller
            answer = await place.serve(head, values, read_body, request_id)
            if isinstance(answer, Whole):
                return answer
            streams = True
            return structs.replace(answer, close=Parting(answer.close, self._inside))
        except LockgateError as error:
            return error_answer(write_error, error, request_id)
        except Exception as error:  # noqa: BLE001 - whatever happens, the client gets an answer
            return error_answer(write_error, fault(error, request_id), request_id)
        finally:
            if not streams:
                self._inside.leave()

    def _unasked(self, head: Head) -> Caller:
        assert self._anybody is not None  # noqa: S101  keys are asked for otherwise
        if self._loopback:
            check_host(head)
        return self._anybody


def _place_of(head: Head, places: Sequence[Place]) -> Place:
    """The one whose mark the client shows, else the one for whoever shows none."""
    marked = next((place for place in places if any(mark in head.headers for mark in place.marks)), None)
    return marked or next((place for place in places if not place.marks), places[0])


class DialectPlace:
    """A dialect at its surfaces, in front of the engine."""

    def __init__(
        self,
        dialect: SurfaceDialect[Any, Any] | PassedDialect,
        engine: Engine,
        max_body_bytes: int,
        labels: LabelHeader,
        memory: Memory | None = None,
    ) -> None:
        self._labels = labels
        self._wishes = _WISHES if labels.name is None else _WISHES | {labels.name}
        self._max_body_bytes = max_body_bytes
        self._dialect = dialect
        self._name = dialect.name
        self._media_types: tuple[str, ...] = (JSON,)
        self._streams: ChatSurfaceDialect | PassedDialect | None = None
        if isinstance(dialect, PassedDialect):
            self._media_types = dialect.media_types
            self._streams = dialect
        elif isinstance(dialect, ChatSurfaceDialect):
            self._streams = dialect
        self._engine = engine
        self._memory = memory
        self._id_field = dialect.request_id_field if isinstance(dialect, IdentifiedDialect) else None

    async def serve(
        self, head: Head, values: Mapping[str, str], read_body: ReadBody, request_id: str
    ) -> Whole | Streamed:
        """One call, from client bytes to client bytes."""
        headers, dialect = head.headers, self._dialect
        if headers.get("content-type", JSON) not in self._media_types:
            _check_media(headers["content-type"], self._media_types)
        body = read_body()
        if not isinstance(body, bytes):
            body = await body
        plain = self._wishes.isdisjoint(headers)
        if not plain and (codings := headers.get("content-encoding")):
            body = await asyncio.to_thread(inflate, body, codings, self._max_body_bytes)
        request: Request[Any] = dialect.read_request(Inbound(head.method, head.path, headers, body, head.query, values))
        if not plain and (profile := headers.get(_PROFILE)):
            request = request.asking(PREFIX + profile)
        if self._memory is not None:
            request = await self._memory.recall(request, head)
        request.tag, request.asked_at = request_id.removeprefix("req_"), int(time())
        if plain:
            answer = await self._engine.answer(request, request_id=request_id, surface=self._name, caller=head.caller)
        else:
            deadline = patience(headers, stream=request.stream)
            answer = await self._engine.answer(
                request,
                request_id=request_id,
                surface=self._name,
                caller=self._labels.read(headers, head.caller),
                deadline=deadline,
                traceparent=headers.get("traceparent"),
                tracestate=headers.get("tracestate"),
                priority=headers.get(PRIORITY),
            )
        if isinstance(answer, Answer):
            told = self._whole(answer, request, request_id)
            if self._memory is not None:
                await self._memory.keep(request, head, told.body, answer.served.target)
            return told
        try:
            return self._streamed(answer, request, head, request_id)
        except BaseException:
            await answer.aclose()
            raise

    def _whole(self, answer: Answer, request: Request[Any], request_id: str) -> Whole:
        reply = answer.reply
        if reply.body is not None and reply.dialect == self._name:
            body, content_type, dropped = reply.body, JSON, reply.dropped
        else:
            written = self._dialect.write_response(reply.view, request)
            body, content_type, dropped = written.body, written.content_type, (*reply.dropped, *written.dropped)
        told = self._lines(request_id, answer.served, dropped, reply.request_id)
        if reply.glance.estimated:
            told += "x-lockgate-estimated: true\r\n"
        if answer.cost is not None and answer.cost.usd is not None:
            told += f"x-lockgate-cost-usd: {answer.cost.usd:f}\r\n"
        return Whole(200, body, content_type, with_theirs(told, reply.headers) if reply.headers else told)

    def _streamed(self, answer: AnswerStream, request: Request[Any], head: Head, request_id: str) -> Streamed:
        if self._streams is None:
            raise TypeError(f"a stream was answered to a call in {self._name}, which has none")
        writer = self._streams.event_writer(request)
        told = self._lines(request_id, answer.served, answer.dropped, answer.request_id) + NO_CACHE
        if answer.headers:
            told = with_theirs(told, answer.headers)
        watch = self._memory.watch(request, head, answer.served.target) if self._memory is not None else None
        tell = partial(_tell, answer, writer, watch, request_id)
        return Streamed(tell, answer.aclose, writer.content_type, told, ping=writer.ping)

    def _lines(self, request_id: str, served: Served, dropped: tuple[str, ...], upstream_id: str | None) -> str:
        told = f"x-request-id: {request_id}\r\n{who_lines(served.route, served.target, served.attempts)}"
        if served.standings:
            told += lines(rate_headers(served.standings))
        if dropped:
            told += f"x-lockgate-dropped: {printable(', '.join(dropped))}\r\n"
        if upstream_id is not None:
            told += f"x-lockgate-upstream-request-id: {printable(upstream_id)}\r\n"
        if self._id_field is not None:
            told += f"{self._id_field}: {printable(upstream_id or request_id)}\r\n"
        return told


async def _tell(
    stream: AnswerStream,
    writer: EventWriter,
    watch: Callable[[bytes], Awaitable[None]] | None,
    request_id: str,
    write: Write,
) -> bytes:
    def take(batch: Sequence[Event]) -> Awaitable[None] | None:
        if not (piece := writer.write(batch)):
            return None
        if watch is not None:
            return watched(piece, watch)
        full = write(piece)
        return None if full is None else sent(full)

    async def watched(piece: bytes, watch: Callable[[bytes], Awaitable[None]]) -> None:
        await watch(piece)
        if (full := write(piece)) is not None:
            await sent(full)

    async def sent(full: Awaitable[None]) -> None:
        try:
            await full
        except Exception as error:  # noqa: BLE001 - told from those of the stream, and raised again as it was
            raise _Unsent(error) from None

    try:
        try:
            await hand(aiter(stream), take)
            end = writer.end()
            if watch is not None:
                await watch(end)
            return end
        except LockgateError as error:
            redact.clean(error)
            return writer.fail(error)
        except _Unsent as unsent:
            raise unsent.error from None
        except Exception as error:  # noqa: BLE001 - a fault of ours must end the stream as an error, not as a cut
            return writer.fail(fault(error, request_id))
    finally:
        await stream.aclose()


class _Unsent(Exception):
    """The client did not get a piece: no fault of the stream."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _check_media(written: str, wanted: tuple[str, ...]) -> None:
    media = written.partition(";")[0].strip().lower()
    if media not in wanted:
        raise UnsupportedMedia(f"the body must be {' or '.join(wanted)}, not {media[:100]!r}")


def _request_id(given: str | None) -> str:
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given
    return new_request_id()
