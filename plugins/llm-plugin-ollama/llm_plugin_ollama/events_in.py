"""A stream as canonical events, or line by line as it came (Ollama API, Generate a chat completion)."""

from collections.abc import Sequence

import msgspec

from llm_plugin_ollama.answer_reader import AnswerReader, reason_of, usage_of
from llm_plugin_ollama.answer_wire import ANSWER, WireAnswer
from llm_plugin_ollama.error_in import ERRORS
from llm_plugin_ollama.lines import LineParser
from llm_plugin_ollama.wire import CHAT
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import said
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, ReadEvent, Relayed, Skipped


class LinesReader:
    """By the grammar of `events.py`; `relay`: one `Relayed` a line."""

    def __init__(self, *, relay: bool) -> None:
        self._lines = LineParser()
        self._answer = AnswerReader()
        self._relay = relay
        self._calling = False
        self._over = False

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for a line that is too long."""
        return [event for line in self._lines.feed(data) for event in self._read(line)]

    def end(self) -> Sequence[ReadEvent]:
        """The line that lacked only its end."""
        return [event for line in self._lines.end() for event in self._read(line)]

    def _read(self, line: bytes) -> Sequence[ReadEvent]:
        if self._over:
            return ()
        try:
            wire = ANSWER.decode(line)
            line.decode()  # what is carried unread was not looked at
        except msgspec.ValidationError as error:
            if not line.lstrip().startswith(b"{"):
                return (Skipped(),)
            return self._fail(UpstreamError(f"sent a stream event of a wrong shape: {error}", kind="transient"))
        except BROKEN:
            return (Skipped(),)
        if said(wire.error):
            return self._fail(ERRORS.inside(line, CHAT))
        self._over = bool(wire.done)
        return (self._relayed(line, wire),) if self._relay else self._answer.read(wire)

    def _relayed(self, line: bytes, wire: WireAnswer) -> Relayed:
        message = wire.message
        calls = message is not None and bool(message.tool_calls)
        self._calling = self._calling or calls
        content = calls or (message is not None and bool(message.content or message.thinking))
        if not wire.done:
            return Relayed(line, content)
        finish = Finish(reason_of(wire, calls=self._calling), 0, wire.done_reason)
        return Relayed(line, content, (finish,), usage_of(wire))

    def _fail(self, error: UpstreamError) -> Sequence[Event]:
        self._over = True
        return (Failure(error),)
