"""Streams for clients of Chat Completions and of Completions, which differ in the form of their events alone."""

from collections.abc import Sequence
from typing import Protocol, cast

import msgspec

from llm_plugin_openai.error_out import error_body
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import Delta, Event, Failure, Finish, Relayed, Start, TextDelta, UsageReport, is_delta
from lockgate_ports.sse import sse
from lockgate_ports.unsaid import Unsaid
from lockgate_ports.usage import Usage

_DONE = b"data: [DONE]\n\n"


class Form(Protocol):
    """How one of the two writes what is told, as whole server-sent events."""

    @property
    def unsaid(self) -> Unsaid:
        """What the form has no place for."""
        ...

    def begin(self, start: Start) -> None:
        """Who answers."""
        ...

    def tell(self, delta: Delta) -> bytes:
        """A piece of an answer."""
        ...

    def finish(self, event: Finish) -> bytes:
        """The end of a choice."""
        ...

    def count(self, usage: Usage) -> bytes:
        """Usage, in an event of its own."""
        ...


class StreamWriter:
    """An EventWriter: usage, if wanted, in an event of its own just before `[DONE]`."""

    content_type: str = "text/event-stream"
    ping: bytes = b": ping\n\n"

    def __init__(self, form: Form, *, wants_usage: bool) -> None:
        self._form = form
        self._unsaid = form.unsaid
        self._wants_usage = wants_usage
        self._usage: Usage | None = None

    def write(self, events: Sequence[Event]) -> bytes:
        """These events on the wire."""
        out: list[bytes] = []
        for event in events:
            if type(event) is Relayed:
                if self._wants_usage or not event.usage_only:
                    out.append(event.raw)
            elif type(event) is TextDelta and event.annotations is None:  # most of them, and nothing of it is unsaid
                out.append(self._form.tell(event))
            elif is_delta(event):
                told = self._unsaid.delta(event)
                if told is not None:
                    out.append(self._form.tell(told))
                if comment := self._unsaid.comment():
                    out.append(comment)
            else:
                self._other(cast("Start | UsageReport | Finish | Failure", event), out)
        return out[0] if len(out) == 1 else b"".join(out)

    def end(self) -> bytes:
        """The usage event and `[DONE]`."""
        if self._usage is None or not self._wants_usage:
            return _DONE
        return self._form.count(self._usage) + _DONE

    def fail(self, error: LockgateError) -> bytes:
        """An error event, and no `[DONE]`."""
        body = error_body(error)
        return sse(msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body)

    def _other(self, event: Start | UsageReport | Finish | Failure, out: list[bytes]) -> None:
        match event:
            case UsageReport():  # some tell it in every chunk
                self._usage = event.usage
            case Start():
                self._form.begin(event)
            case Failure(error):
                out.append(self.fail(error))
            case Finish():
                out.append(self._form.finish(event))
