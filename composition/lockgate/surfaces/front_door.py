"""The way in for every client: path, key, media type, size; then the dialect and the engine."""

import asyncio
import logging
import random
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache, partial
from time import time
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from lockgate.adapters.callers import Callers
from lockgate.redaction import redact
from lockgate.surfaces.cors import Cors
from lockgate.surfaces.guard import check_admin, check_host
from lockgate.surfaces.head import Head, ReadBody, client_key
from lockgate.surfaces.inflate import inflate
from lockgate.surfaces.labels import LabelHeader
from lockgate.surfaces.memory import Memory
from lockgate.surfaces.paths import Paths
from lockgate.surfaces.patience import SHOULD_RETRY, is_useless_again, patience
from lockgate.surfaces.rate_headers import RATES, rate_headers
from lockgate.surfaces.replies import JSON, ErrorWriter, Streamed, Whole, Write, write_plain_error
from lockgate_core.engine import Engine
from lockgate_core.priority import HEADER as PRIORITY
from lockgate_core.profiles import PREFIX
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.context import Target
from lockgate_ports.dialect import (
    ChatSurfaceDialect,
    EventWriter,
    IdentifiedDialect,
    PassedDialect,
    Surface,
    SurfaceDialect,
    WrittenAnswer,
)
from lockgate_ports.errors import LimitReached, LockgateError, UnsupportedMedia, UpstreamError
from lockgate_ports.http import Headers
from lockgate_ports.steps import Answer, AnswerStream, Served
from lockgate_ports.wire import Inbound, Request

_log = logging.getLogger("lockgate.server")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_IDS = random.Random()  # noqa: S311  ids tell calls apart; nothing hangs on their being guessed
_PROFILE = "x-lockgate-profile"
_STREAM_HEADERS: Headers = (("cache-control", "no-cache"), ("x-accel-buffering", "no"))


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

    `callers`: who may come in. `cors`: pages of other origins that may call; None: none may. `loopback`: nobody from
    elsewhere can come in, so that where no key is asked for, everybody is an operator.
    """

    def __init__(self, callers: Callers, cors: Cors | None = None, *, loopback: bool = False) -> None:
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
        request_id = _request_id(head)
        write_error: ErrorWriter = write_plain_error
        try:
            places, values = self._places.find(head.method, head.path)
            place = places[0] if len(places) == 1 else _place_of(head, places)
            write_error = place.write_error
            if not place.open:
                caller = self._admit(head)
                if not isinstance(caller, Caller):
                    caller = await caller
                if place.admin:
                    check_admin(head, caller)
                head.caller = caller
            return await place.serve(head, values, read_body, request_id)
        except LockgateError as error:
            return _error(write_error, error, request_id)
        except Exception as error:  # noqa: BLE001 - whatever happens, the client gets an answer
            return _error(write_error, _fault(error, request_id), request_id)

    def _admit(self, head: Head) -> Caller | Awaitable[Caller]:
        if self._anybody is None:
            return self._callers.of(client_key(head))
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
        self._max_body_bytes = max_body_bytes
        self._dialect = dialect
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
        _check_media(head.headers, self._media_types)
        dialect = self._dialect
        body = read_body()
        if not isinstance(body, bytes):
            body = await body
        if codings := head.headers.get("content-encoding"):
            body = await asyncio.to_thread(inflate, body, codings, self._max_body_bytes)
        inbound = Inbound(head.method, head.path, head.headers, body, head.query, values)
        request: Request[Any] = dialect.read_request(inbound)
        if profile := head.headers.get(_PROFILE):
            request = request.asking(PREFIX + profile)
        if self._memory is not None:
            request = await self._memory.recall(request, head)
        request.tag, request.asked_at = request_id.removeprefix("req_"), int(time())
        deadline = patience(head.headers, stream=request.stream)
        answer = await self._engine.answer(
            request,
            request_id=request_id,
            surface=dialect.name,
            caller=self._labels.read(head.headers, head.caller),
            deadline=deadline,
            traceparent=head.headers.get("traceparent"),
            tracestate=head.headers.get("tracestate"),
            priority=head.headers.get(PRIORITY),
        )
        if isinstance(answer, Answer):
            reply = answer.reply
            if reply.body is not None and reply.dialect == dialect.name:
                written = WrittenAnswer(reply.body)
            else:
                written = dialect.write_response(reply.view, request)
            if self._memory is not None:
                await self._memory.keep(request, head, written.body, answer.served.target)
            dropped = (*reply.dropped, *written.dropped)
            headers = _headers(request_id, answer.served, dropped, reply.request_id)
            if self._id_field is not None:
                headers = (*headers, (self._id_field, _printable(reply.request_id or request_id)))
            if reply.glance.estimated:
                headers = (*headers, ("x-lockgate-estimated", "true"))
            if answer.cost is not None and answer.cost.usd is not None:
                headers = (*headers, ("x-lockgate-cost-usd", f"{answer.cost.usd:f}"))
            if reply.headers:
                headers = _with_theirs(headers, reply.headers)
            return Whole(200, written.body, written.content_type, headers)
        if self._streams is None:
            await answer.aclose()
            raise TypeError(f"a stream was answered to a call in {dialect.name}, which has none")
        headers = _headers(request_id, answer.served, answer.dropped, answer.request_id)
        if self._id_field is not None:
            headers = (*headers, (self._id_field, _printable(answer.request_id or request_id)))
        writer = self._streams.event_writer(request)
        headers = (*headers, *_STREAM_HEADERS)
        if answer.headers:
            headers = _with_theirs(headers, answer.headers)
        watch = self._memory.watch(request, head, answer.served.target) if self._memory is not None else None
        tell = partial(_tell, answer, writer, watch, request_id)
        return Streamed(tell, answer.aclose, writer.content_type, headers, ping=writer.ping)


async def _tell(
    stream: AnswerStream,
    writer: EventWriter,
    watch: Callable[[bytes], Awaitable[None]] | None,
    request_id: str,
    write: Write,
) -> None:
    batches = aiter(stream)
    more = True
    try:
        while more:
            try:
                try:
                    piece = writer.write(await anext(batches))
                except StopAsyncIteration:
                    piece, more = writer.end(), False
                if piece and watch is not None:
                    await watch(piece)
            except LockgateError as error:
                redact.clean(error)
                piece, more = writer.fail(error), False
            except Exception as error:  # noqa: BLE001 - a fault of ours must end the stream as an error, not as a cut
                piece, more = writer.fail(_fault(error, request_id)), False
            if piece and (full := write(piece)) is not None:
                await full
    finally:
        await stream.aclose()


def _fault(error: Exception, request_id: str) -> LockgateError:
    """A fault in Lockgate or a plugin: told to the log without values, since those may hold what must not show."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    kind, fields = type(error).__qualname__, {"request_id": request_id}
    _log.error("internal error in %s: %s\n%s", request_id, kind, redact(frames), extra={"fields": fields})
    return LockgateError("an internal error; the server's log says where")


def _error(write: ErrorWriter, error: LockgateError, request_id: str) -> Whole:
    redact.clean(error)
    answer = write(error, request_id)
    headers = (*answer.headers, ("x-request-id", request_id), ("x-lockgate-error", error.code))
    if isinstance(error, LimitReached):
        headers = (*headers, *rate_headers((error.standing,)))
    if isinstance(error, UpstreamError) and error.upstream_request_id:
        headers = (*headers, ("x-lockgate-upstream-request-id", _printable(error.upstream_request_id)))
    if error.tried:
        headers = (*headers, ("x-lockgate-tried", _printable("; ".join(error.tried))))
    if is_useless_again(error) and all(name != SHOULD_RETRY for name, _ in headers):
        headers = (*headers, (SHOULD_RETRY, "false"))
    if isinstance(error, UpstreamError) and error.headers and answer.body is error.body:
        headers = _with_theirs(headers, error.headers)
    return Whole(answer.status, answer.body, answer.content_type, headers)


def _check_media(headers: Mapping[str, str], wanted: tuple[str, ...]) -> None:
    media = _media_type(headers.get("content-type", JSON))
    if media not in wanted:
        raise UnsupportedMedia(f"the body must be {' or '.join(wanted)}, not {media[:100]!r}")


@lru_cache(maxsize=256)
def _media_type(written: str) -> str:
    return written.partition(";")[0].strip().lower()


def _request_id(head: Head) -> str:
    given = head.headers.get("x-request-id")
    return given if given and _REQUEST_ID.fullmatch(given) else f"req_{_IDS.getrandbits(96):024x}"


def _headers(request_id: str, served: Served, dropped: tuple[str, ...], upstream_id: str | None) -> Headers:
    headers: Headers = (("x-request-id", request_id), *_who(served.route, served.target, served.attempts))
    if served.standings:
        headers = (*headers, *rate_headers(served.standings))
    if dropped:
        headers = (*headers, ("x-lockgate-dropped", _printable(", ".join(dropped))))
    if upstream_id is not None:
        headers = (*headers, ("x-lockgate-upstream-request-id", _printable(upstream_id)))
    return headers


def _with_theirs(headers: Headers, theirs: Headers) -> Headers:
    """What the provider says behind what the gateway says: of a name that both use the gateway's counts, and where it
    tells of its own limits, those of the provider are no news."""
    own = [name for name, _ in headers]
    if any(name.startswith(RATES) for name in own):
        theirs = tuple([field for field in theirs if not field[0].startswith(RATES)])
    return (*headers, *[field for field in theirs if field[0] not in own])


@lru_cache(maxsize=1024)
def _who(route: str, target: Target, attempts: int) -> Headers:
    return (
        ("x-lockgate-route", _printable(route)),
        ("x-lockgate-target", _printable(str(target))),
        ("x-lockgate-attempts", str(attempts)),
    )


@lru_cache(maxsize=1024)
def _printable(value: str) -> str:
    """As a header field may say it: anything but printable ASCII percent-encoded, and no longer than 500 bytes."""
    return quote(value, safe=" !#$&'()*+,/:;=?@[]<>{}|^`~\"")[:500]
