"""A stream as canonical events (OpenAI API reference, Chat Completions, the object chat.completion.chunk)."""

from collections.abc import Sequence

import msgspec

from llm_plugin_openai.answer_wire import ANSWER, WireAnswer
from llm_plugin_openai.choice_reader import ChoiceReader
from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.finish import native_word
from llm_plugin_openai.read_response import text
from llm_plugin_openai.usage import read_usage
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import said
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, ReadEvent, Skipped, Start, UsageReport
from lockgate_ports.sse import SseEvent, SseParser
from lockgate_ports.usage import Usage


class ChunkReader:
    """By the grammar of `events.py`. The end of a choice is told when no more of it can come: at the usage chunk, at
    `[DONE]` or when the stream closes; some servers say `stop` and then go on."""

    def __init__(self, *, think_tags: bool = False) -> None:
        self._think_tags = think_tags
        self._sse = SseParser()
        self._choices: dict[int, ChoiceReader] = {}
        self._started = False
        self._over = False
        self._usage: Usage | None = None

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        return [event for each in self._sse.feed(data) for event in self._read(each)]

    def end(self) -> Sequence[ReadEvent]:
        """What is left when the stream closes; a choice without an end stays without."""
        events = [event for each in self._sse.end() for event in self._read(each)]
        if not self._over:
            events += self._finishes()
            events += [event for reader in self._unfinished() for event in reader.flush()]
        return events

    def _read(self, event: SseEvent) -> Sequence[ReadEvent]:
        data = event.data
        if self._over:
            return []
        if data.startswith(b"[DONE]"):
            return self._done()
        try:
            chunk = ANSWER.decode(data)
            if not data.isascii() and utf8_fault(data) is not None:
                return [Skipped()]
        except msgspec.ValidationError as error:
            if event.event == "error":
                return self._fail(error_inside(data))
            # not an object: no event of this language; an object of another shape may hold what must not be lost
            if not data.lstrip().startswith(b"{"):
                return [Skipped()]
            return self._fail(UpstreamError(f"sent a stream event of a wrong shape: {error}", kind="transient"))
        except BROKEN:
            return self._fail(error_inside(data)) if event.event == "error" else [Skipped()]
        if event.event == "error" or said(chunk.error):
            return self._fail(error_inside(data))
        return self._chunk(chunk)

    def _chunk(self, chunk: WireAnswer) -> list[Event]:
        events: list[Event] = []
        usage = read_usage(chunk.usage, chunk.service_tier) if said(chunk.usage) else None
        if usage is None and chunk.x_groq is not None and said(chunk.x_groq.usage):
            usage = read_usage(chunk.x_groq.usage, chunk.service_tier)
        if not self._started:
            if not chunk.choices and usage is None:
                return events  # Azure begins with the verdict on the prompt, before there is an id
            self._started = True
            events.append(_start(chunk))
        for choice in chunk.choices or ():
            if said(choice.error):
                return events + self._fail(error_inside(bytes(choice.error)))
            index = choice.index or 0
            reader = self._choices.get(index)
            if reader is None:
                reader = self._choices[index] = ChoiceReader(index, think_tags=self._think_tags)
            reader.cite(chunk)
            delta = choice.delta or choice.message
            if delta is not None and not reader.finished:
                events += reader.read(delta, choice.logprobs)
            reader.native_reason = native_word(choice.finish_reason) or reader.native_reason
        if usage is not None:
            if not chunk.choices:
                events += self._finishes()
            if usage != self._usage:
                self._usage = usage
                events.append(UsageReport(usage))
        return events

    def _finishes(self) -> list[Event]:
        return [event for reader in self._choices.values() for event in reader.finish()]

    def _unfinished(self) -> list[ChoiceReader]:
        return [reader for reader in self._choices.values() if not reader.finished]

    def _done(self) -> list[Event]:
        """`[DONE]` ends every choice, also one whose end had no reason."""
        self._over = True
        events = self._finishes()
        for reader in self._unfinished():
            events += [*reader.flush(), Finish(reader.reason, reader.index)]
        return events

    def _fail(self, error: UpstreamError) -> list[Event]:
        self._over = True
        return [Failure(error)]


def _start(chunk: WireAnswer) -> Start:
    created = int(chunk.created) if isinstance(chunk.created, int | float) else None
    return Start(text(chunk.id), text(chunk.model), created, text(chunk.service_tier), text(chunk.system_fingerprint))
