"""A stream's frames, read into canonical events (Amazon Bedrock API reference, ConverseStream, response syntax)."""

from collections.abc import Sequence

import msgspec

from llm_plugin_bedrock.answer_wire import EVENT, Delta, Reasoning, WireEvent
from llm_plugin_bedrock.error_in import error_in_stream
from llm_plugin_bedrock.event_stream import Frame, FrameParser
from llm_plugin_bedrock.finish import reason_of
from llm_plugin_bedrock.names import DIALECT
from llm_plugin_bedrock.stream_blocks import OpenBlock, opened
from llm_plugin_bedrock.usage import usage_of
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import said
from lockgate_ports.errors import UpstreamError, clip
from lockgate_ports.events import Event, Failure, Finish, Start, TextDelta, ThinkingDelta, UsageReport


class ConverseReader:
    """By the grammar of `events.py`. Parts are numbered in order of appearance; a block is a part of its own."""

    def __init__(self) -> None:
        self._frames = FrameParser()
        self._started = False
        self._over = False
        self._calls = False
        self._numbers: dict[tuple[int, str], int] = {}
        self._open: dict[int, OpenBlock] = {}

    def feed(self, data: bytes) -> Sequence[Event]:
        """The events that `data` completes; a damaged frame ends the stream with a Failure."""
        events: list[Event] = []
        if self._over:
            return events
        try:
            for frame in self._frames.feed(data):
                events += self.read(frame)
                if self._over:
                    break
        except UpstreamError as error:
            events += self._fail(error)
        return events

    def end(self) -> Sequence[Event]:
        """Nothing: a frame that is not complete says nothing, and the end comes with messageStop."""
        return ()

    def read(self, frame: Frame) -> list[Event]:
        """The events of one frame."""
        headers = frame.headers
        kind = headers.get(":message-type", "event")
        if kind != "event":
            code = headers.get(":exception-type") or headers.get(":error-code") or ""
            return self._fail(error_in_stream(code, headers.get(":error-message"), frame.payload))
        name = headers.get(":event-type", "")
        if name.endswith("Exception"):
            return self._fail(error_in_stream(name, None, frame.payload))
        try:
            wire = EVENT.decode(frame.payload)
            events = self._event(name, wire)
        except BROKEN as error:
            shown = clip(str(error), 120)
            return self._fail(UpstreamError(f"sent a {name or 'nameless'} event of no use: {shown}", kind="transient"))
        if events and not self._started:
            self._started = True
            if not isinstance(events[0], Start):
                events.insert(0, Start())
        return events

    def _event(self, name: str, wire: WireEvent) -> list[Event]:
        match name:
            case "messageStart":
                return [] if self._started else [Start()]
            case "contentBlockStart":
                return self._begin(wire)
            case "contentBlockDelta":
                return self._more(wire)
            case "contentBlockStop":
                block = self._open.pop(wire.contentBlockIndex, None)
                return block.close() if block is not None else []
            case "messageStop":
                held = [event for block in self._open.values() for event in block.close()]
                self._open.clear()
                return [*held, Finish(reason_of(wire.stopReason, calls=self._calls), 0, wire.stopReason)]
            case "metadata":
                usage = usage_of(wire.usage, wire.serviceTier)
                return [UsageReport(usage)] if usage is not None else []
            case _:
                return []  # a kind of event that is younger than this reader

    def _begin(self, wire: WireEvent) -> list[Event]:
        if wire.start is None:
            return []
        block = opened(wire.start, self._number(wire.contentBlockIndex, "opened"))
        if block is None:
            return []
        self._open[wire.contentBlockIndex] = block
        self._calls = self._calls or block.calls
        return block.begin()

    def _more(self, wire: WireEvent) -> list[Event]:
        delta = wire.delta
        if delta is None:
            return []
        index = wire.contentBlockIndex
        if delta.text:
            return [TextDelta(delta.text, self._number(index, "text"))]
        if delta.reasoningContent is not None:
            return self._thought(delta.reasoningContent, index)
        if said(delta.citation):
            note = msgspec.Raw(b"[" + bytes(delta.citation) + b"]")
            return [TextDelta("", self._number(index, "text"), annotations=note, native=DIALECT)]
        return self._inside(delta, index)

    def _inside(self, delta: Delta, index: int) -> list[Event]:
        block = self._open.get(index)
        if block is not None:
            return block.more(delta)
        if delta.toolUse is not None:
            return self._fail(UpstreamError("streamed input for a tool that it had not named", kind="transient"))
        return []

    def _thought(self, reasoning: Reasoning, index: int) -> list[Event]:
        if not (reasoning.text or reasoning.signature or reasoning.redactedContent):
            return []
        part = self._number(index, "thinking")
        return [
            ThinkingDelta(
                reasoning.text or "",
                part,
                signature=reasoning.signature,
                redacted=reasoning.redactedContent,
                native=DIALECT,
            )
        ]

    def _number(self, index: int, kind: str) -> int:
        return self._numbers.setdefault((index, kind), len(self._numbers))

    def _fail(self, error: UpstreamError) -> list[Event]:
        self._over = True
        return [Failure(error)]
