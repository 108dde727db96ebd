"""What comes back from a provider reached by HTTP: refusals, named and without a trace of the key, and streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, Self

from lockgate_ports.dialect import EventReader, PassedDialect, ProviderDialect
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure, ReadEvent
from lockgate_ports.handing import Take, hand
from lockgate_ports.http import Headers, HttpResponse
from lockgate_ports.secret import Secret
from lockgate_ports.travelling import Returning

_ERROR_LIMIT = 256 * 1024
_REQUEST_IDS = ("x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "x-debug-trace-id", "cf-ray")


async def refusal(
    dialect: ProviderDialect[Any, Any] | PassedDialect,
    response: HttpResponse,
    returning: Returning | None,
    shown: Sequence[Secret],
) -> UpstreamError:
    """What an answer that is none says, in the taxonomy."""
    status = response.status
    if 300 <= status < 400:
        return UpstreamError(
            f"answered with a redirect ({status}), which is not followed; set base_url to the final address",
            kind="fatal",
            upstream_status=status,
        )
    if not 400 <= status < 600:
        return UpstreamError(f"answered with status {status} and no answer", kind="transient", upstream_status=status)
    try:
        body = await response.read(_ERROR_LIMIT)
    except UpstreamError:
        # The status is told all the same: a cut or endless error page says no more than an empty one.
        body = b""
    error = dialect.read_error(status, response.headers, body)
    error.upstream_request_id = error.upstream_request_id or request_id_of(response, ())
    if returning is not None and error.body is not None:
        error.headers = returning.of(response.headers, shown)
    return error


def told_as(provider_id: str, error: UpstreamError, shown: Sequence[Secret]) -> UpstreamError:
    """The same error, told as this provider's and without a trace of the secrets that the call has shown."""

    def hide(text: str) -> str:
        for secret in shown:
            text = secret.redact(text)
        return text

    if not error.provider_id:
        error.provider_id = provider_id
        error.message = f"{provider_id}: {error.message}"
    error.message = hide(error.message)
    error.args = (error.message,)  # the repr shows them
    if error.upstream_message is not None:
        error.upstream_message = hide(error.upstream_message)
    if error.upstream_code is not None:
        error.upstream_code = hide(error.upstream_code)
    if error.param is not None:
        error.param = hide(error.param)
    if error.upstream_request_id is not None:
        error.upstream_request_id = hide(error.upstream_request_id)
    if error.body is not None and shown:
        error.body = hide(error.body.decode("utf-8", "replace")).encode()
    return error


class HttpStream:
    """The events of one response, as they arrive."""

    def __init__(
        self,
        response: HttpResponse,
        reader: EventReader,
        dropped: tuple[str, ...],
        provider_id: str,
        shown: Sequence[Secret],
        returning: Returning | None = None,
    ) -> None:
        self._response = response
        self._chunks = aiter(response.chunks())
        self._reader = reader
        self._ended = False
        self._provider_id = provider_id
        self._shown = shown
        self.dropped = dropped
        self.request_id = request_id_of(response, shown)
        self.headers: Headers = () if returning is None else returning.of(response.headers, shown)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sequence[ReadEvent]:
        if self._ended:
            raise StopAsyncIteration
        try:
            try:
                return self._told(self._reader.feed(await anext(self._chunks)))
            except StopAsyncIteration:
                return self._last()
        except BaseException as error:
            self._ended = True
            if isinstance(error, UpstreamError):
                raise told_as(self._provider_id, error, self._shown) from error.__cause__
            raise
        finally:
            if self._ended:
                self._response.abort()

    async def hand(self, take: Take[Sequence[ReadEvent]]) -> None:
        """All batches that are left, at once where they arrive. Raises UpstreamError, and what `take` raises."""
        if self._ended:
            return
        feed = self._reader.feed

        def arrived(chunk: bytes) -> Awaitable[object] | None:
            events = feed(chunk)
            for event in events:
                if type(event) is Failure:
                    self._told(events)
            return take(events)

        try:
            await hand(self._chunks, arrived)
            if (full := take(self._last())) is not None:
                await full
        except UpstreamError as error:
            raise told_as(self._provider_id, error, self._shown) from error.__cause__
        finally:
            self._ended = True
            self._response.abort()

    def _last(self) -> Sequence[ReadEvent]:
        self._ended = True
        return self._told(self._reader.end())

    def _told(self, events: Sequence[ReadEvent]) -> Sequence[ReadEvent]:
        for event in events:
            # by its type: `isinstance` takes four times as long to say no, for each piece of each stream
            if type(event) is Failure and isinstance(event.error, UpstreamError):
                told_as(self._provider_id, event.error, self._shown)
        return events

    async def aclose(self) -> None:
        """Drops the connection."""
        self._response.abort()


class ToldStream:
    """A whole answer, told as a stream."""

    def __init__(self, events: Sequence[ReadEvent], dropped: tuple[str, ...], request_id: str | None) -> None:
        self._events = events
        self.dropped = dropped
        self.request_id = request_id
        self.headers: Headers = ()

    async def __aiter__(self) -> AsyncIterator[Sequence[ReadEvent]]:
        yield self._events

    async def aclose(self) -> None:
        """Nothing is open."""


def media_type(response: HttpResponse) -> str:
    """The media type without its parameters, in lower case; empty where the answer names none."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def request_id_of(response: HttpResponse, shown: Sequence[Secret]) -> str | None:
    """The provider's id for the call, by whichever name it gives it; clients see it, so it shows no secret."""
    for name in _REQUEST_IDS:
        if value := response.headers.get(name):
            for secret in shown:
                if secret.reveal() in value:
                    value = secret.redact(value)
            return value
    return None
