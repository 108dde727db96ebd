"""A stream for a client (OpenAI API reference, Responses, Streaming events).

created in_progress (item.added (part.added delta*)* done part.done item.done)* completed | incomplete | error
"""

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from llm_plugin_openai.responses.drawn import shows
from llm_plugin_openai.responses.error_event import error_event
from llm_plugin_openai.responses.items_out import ItemsWriter
from llm_plugin_openai.responses.open_item import Told
from llm_plugin_openai.responses.request_wire import NAME
from llm_plugin_openai.responses.response_object import echo_of, response_object, status_of, write_usage
from llm_plugin_openai.responses.state import headed
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import Delta, Event, Failure, Finish, Relayed, Start, UsageReport, is_delta
from lockgate_ports.sse import sse
from lockgate_ports.unsaid import Unsaid
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_ENCODE = msgspec.json.Encoder().encode


class EventsWriter:
    """Numbers the events; the last one holds the whole response."""

    content_type: str = "text/event-stream"
    ping: bytes = b": ping\n\n"

    def __init__(self, request: Request[ChatRequest]) -> None:
        self._request = request
        self._start: Start | None = None
        self._echo: dict[str, Any] = {}
        self._finish: Finish | None = None
        self._usage: Usage | None = None
        self._items = ItemsWriter(Start())
        self._sequence = 0
        self._relayed = False
        self._unsaid = Unsaid(NAME, shows)

    def write(self, events: Sequence[Event]) -> bytes:
        """These events on the wire."""
        out: list[bytes] = []
        for event in events:
            if is_delta(event):
                self._piece(event, out)
            elif isinstance(event, Relayed):
                self._relayed = True
                self._sequence += 1
                out.append(event.raw)
            else:
                out.append(self._other(cast("Start | UsageReport | Finish | Failure", event)))
        return out[0] if len(out) == 1 else b"".join(out)

    def end(self) -> bytes:
        """The whole response; nothing where the provider's own event has told it."""
        if self._relayed:
            return b""
        begun = self._begin(Start()) if self._start is None else b""
        reason = self._finish.reason if self._finish is not None else None
        status = status_of(reason)
        response = response_object(self._start or Start(), status, self._items.output, self._echo, reason)
        response["usage"] = write_usage(self._usage)
        return begun + self._event(f"response.{status}", {"response": response})

    def fail(self, error: LockgateError) -> bytes:
        """An error event, and no response after it."""
        event, self._sequence = error_event(error, self._sequence), self._sequence + 1
        return event

    def _other(self, event: Start | UsageReport | Finish | Failure) -> bytes:
        match event:
            case Start():
                return self._begin(event)
            case UsageReport(usage):
                self._usage = usage
                return b""
            case Failure(error):
                return self.fail(error)
            case Finish():
                if event.choice:
                    return b""
                self._finish = event
                rest = b"".join([self._delta(delta) for delta in self._unsaid.rest(0)])
                return rest + self._events(self._items.close(status_of(event.reason)))

    def _piece(self, event: Delta, out: list[bytes]) -> None:
        if event.choice:
            self._unsaid.leave_out("choices")
        elif (told := self._unsaid.delta(event)) is not None:
            out.append(self._delta(told))
        out.append(self._unsaid.comment())

    def _begin(self, start: Start) -> bytes:
        self._start = start = headed(start, self._request)
        self._items = ItemsWriter(start)
        self._echo = echo_of(self._request)
        told = {"response": response_object(start, "in_progress", [], self._echo) | {"usage": None}}
        return self._event("response.created", told) + self._event("response.in_progress", told)

    def _delta(self, event: Delta) -> bytes:
        begun = b"" if self._start is not None else self._begin(Start())
        return begun + self._events(self._items.write(event))

    def _events(self, told: Told) -> bytes:
        return b"".join(self._event(kind, fields) for kind, fields in told)

    def _event(self, kind: str, fields: dict[str, Any]) -> bytes:
        self._sequence += 1
        return sse(_ENCODE({"type": kind, "sequence_number": self._sequence - 1, **fields}), kind)
