"""A stream for a client (Anthropic API reference, Messages, Streaming)."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from llm_plugin_anthropic.block_writer import BlockWriter
from llm_plugin_anthropic.error_out import error_body
from llm_plugin_anthropic.finish import written
from llm_plugin_anthropic.quirks import NAME
from llm_plugin_anthropic.usage import write_usage
from llm_plugin_anthropic.write_response import fresh_id, shows
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import Delta, Event, Failure, Finish, RefusalDelta, Relayed, Start, UsageReport, is_delta
from lockgate_ports.sse import sse
from lockgate_ports.unsaid import Unsaid
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

MESSAGE_STOP = sse(b'{"type":"message_stop"}', "message_stop")


class MessageWriter:
    """One message; of several choices the first, since a message is but one. The input tokens in `message_start` are
    those known by then, or 0; `message_delta` at the end has all counts."""

    content_type: str = "text/event-stream"
    ping: bytes = b'event: ping\ndata: {"type": "ping"}\n\n'

    def __init__(self, request: Request[ChatRequest]) -> None:
        self._request = request
        self._blocks = BlockWriter()
        self._start: Start | None = None
        self._begun = False
        self._relayed = b""
        """The last event that went on as it came."""
        self._refused = False
        self._usage: Usage | None = None
        self._finish: Finish | None = None
        self._unsaid = Unsaid(NAME, shows)

    def write(self, events: Sequence[Event]) -> bytes:
        """These events on the wire."""
        out: list[bytes] = []
        for event in events:
            if is_delta(event):
                self._delta(event, out)
            elif isinstance(event, Relayed):
                self._relayed = event.raw
                out.append(event.raw)
            else:
                self._other(cast("Start | UsageReport | Finish | Failure", event), out)
        if self._start is not None:
            out.append(self._head())
        return out[0] if len(out) == 1 else b"".join(out)

    def end(self) -> bytes:
        """The blocks still open, `message_delta` and `message_stop`."""
        if self._relayed:  # which has told the end itself, unless the provider left that out
            return b"" if b"message_stop" in self._relayed else MESSAGE_STOP
        finish = self._finish
        reason = written(
            finish.reason if finish is not None else None,
            finish.native_reason if finish is not None else None,
            refused=self._refused,
        )
        told = {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": write_usage(self._usage),
        }
        return self._head() + self._blocks.close() + sse(msgspec.json.encode(told), "message_delta") + MESSAGE_STOP

    def fail(self, error: LockgateError) -> bytes:
        """An error event, and no `message_stop`."""
        body = error_body(error)
        return sse(msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body, "error")

    def _other(self, event: Start | UsageReport | Finish | Failure, out: list[bytes]) -> None:
        match event:
            case Start():
                self._start = event
            case UsageReport(usage):
                self._usage = usage
            case Failure(error):
                out.append(self.fail(error))
            case Finish():
                if event.choice == 0:
                    self._finish = event
                    out += [self._blocks.write(note) for note in self._unsaid.rest(0)]

    def _delta(self, event: Delta, out: list[bytes]) -> None:
        if event.choice:
            self._unsaid.leave_out("choices")
        elif (told := self._unsaid.delta(event)) is not None:
            out.append(self._head())
            self._refused = self._refused or isinstance(told, RefusalDelta)
            out.append(self._blocks.write(told))
        out.append(self._unsaid.comment())

    def _head(self) -> bytes:
        """`message_start`, once: put off to the end of the first batch, which may tell usage."""
        if self._begun:
            return b""
        self._begun = True
        start = self._start or Start()
        usage = write_usage(self._usage)
        if start.service_tier is not None:
            usage["service_tier"] = start.service_tier
        message: dict[str, Any] = {
            "id": start.id or fresh_id(self._request),
            "type": "message",
            "role": "assistant",
            "model": start.model or self._request.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        return sse(msgspec.json.encode({"type": "message_start", "message": message}), "message_start")
