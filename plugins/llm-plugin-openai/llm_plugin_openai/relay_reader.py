"""A stream for a client of this very dialect: events go on as they came, and are only glanced at."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.answer_wire import GroqExtras
from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.finish import native_word, reason_of
from llm_plugin_openai.relay_likeness import Likeness, has_form
from llm_plugin_openai.relay_mending import finish_chunk, mended, usage_chunk
from llm_plugin_openai.usage import read_usage
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import NULL, said
from lockgate_ports.events import Event, Failure, Finish, ReadEvent, Relayed, Skipped
from lockgate_ports.sse import SseEvent, SseParser
from lockgate_ports.sse_relay import odd
from lockgate_ports.usage import Usage


class _Function(Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class _Audio(Struct, gc=False):
    data: str | None = None
    transcript: str | None = None


class _Delta(Struct, gc=False):
    content: str | list[Raw] | None = None
    tool_calls: list[Raw] | None = None
    reasoning_content: str | None = None
    reasoning: Any = None
    thinking: Any = None
    reasoning_details: list[Raw] | None = None
    refusal: str | None = None
    function_call: _Function | None = None
    audio: _Audio | None = None
    images: list[Raw] | None = None


class _Choice(Struct, gc=False):
    index: int | None = None
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: Any = None
    error: Raw = NULL


class _Chunk(Struct, gc=False):
    id: Any = None
    choices: list[_Choice] | None = None
    usage: Raw = NULL
    error: Raw = NULL
    service_tier: Any = None
    x_groq: GroqExtras | None = None


_CHUNK = msgspec.json.Decoder(_Chunk)
_SHORT = 16 * 1024
_UNLIKE = 8


class RelayReader:
    """One `Relayed` an event, of one id, with one end a choice and one usage, whatever the server repeats.

    Usage that comes before the end of a choice is kept until no later one can come. `[DONE]` stands for the end of
    every choice that has not said so itself. Events that are like one before them are not read, and a run of them is
    one `Relayed`.
    """

    def __init__(self) -> None:
        self._sse = SseParser()
        self._calling: set[int] = set()
        self._open: set[int] = set()
        self._finished: set[int] = set()
        self._over = False
        self._id: str | None = None
        self._last = b""
        self._kept = b""
        self._told_usage = False
        self._like: Likeness | None = None
        self._unlike = 0

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        sse = self._sse
        if sse.held and self._like is not None and len(sse.held) <= _SHORT:
            data = sse.give_back() + data
        events: list[ReadEvent] = []
        at, size = 0, len(data)
        while at < size:
            if (like := self._like) is not None and not sse.held and (end := like.run(data, at)) > at:
                events.append(Relayed(data[at:end], True))
                self._unlike = 0
            else:
                # One by one: the next may be like this one. Where none ever is, all at once.
                end = data.find(b"\n\n", at) + 2 if self._unlike < _UNLIKE else size
                end = end if end > 1 else size
                events += self._take(sse.feed(data[at:end]))
                self._unlike += 1
            at = end
        return events

    def end(self) -> Sequence[ReadEvent]:
        """The event that lacked only its blank line, and usage that was kept."""
        events = self._take(self._sse.end())
        if not self._over and self._open <= self._finished:
            events += self._keepsake()
        return events

    def _take(self, arrived: list[SseEvent]) -> list[ReadEvent]:
        events: list[ReadEvent] = []
        for each in arrived:
            if self._over:
                break
            if each.data.startswith(b"[DONE]"):
                events += self._done()
            else:
                events.append(self._read(each))
        return events

    def _read(self, event: SseEvent) -> ReadEvent:
        data = event.data
        try:
            chunk = _CHUNK.decode(data)
            if not data.isascii() and utf8_fault(data) is not None:
                return Skipped()
        except msgspec.ValidationError:
            return self._fail(data) if event.event == "error" else odd(event)
        except BROKEN:
            return self._fail(data) if event.event == "error" else Skipped()
        if event.event == "error" or said(chunk.error):
            return self._fail(data)
        content = False
        finishes: tuple[Finish, ...] = ()
        again: tuple[int, ...] = ()
        for choice in chunk.choices or ():
            if said(choice.error):
                return self._fail(bytes(choice.error))
            index = choice.index or 0
            if index not in self._open:
                self._open.add(index)
            delta = choice.delta or choice.message
            if delta is not None and (delta.content or self._says(delta, index)):
                content = True
            if choice.finish_reason:
                if index in self._finished:
                    again += (index,)
                else:
                    finishes += self._finish(index, native_word(choice.finish_reason))
        usage = read_usage(chunk.usage, chunk.service_tier) if said(chunk.usage) else None
        if chunk.choices:
            self._last = data
            if self._id is None and isinstance(chunk.id, str):
                self._id = chunk.id or None
        formed = self._mended(event, chunk, again, usage)
        raw = event.raw if formed is None else formed
        counted = usage or _side(chunk)
        plain = content and formed is None and not finishes and counted is None and self._id is not None
        self._like = Likeness(raw) if plain and has_form(raw, data) else None
        return Relayed(raw, content, finishes, counted, not (chunk.choices or counted is None))

    def _mended(self, event: SseEvent, chunk: _Chunk, again: tuple[int, ...], usage: Usage | None) -> bytes | None:
        """The event without what would be there twice; None where nothing would."""
        other = self._id if isinstance(chunk.id, str) and chunk.id != self._id else None
        shown = True
        if usage is not None:
            shown = not self._told_usage and bool(self._open) and self._open <= self._finished
            if shown:
                self._told_usage = True
                self._kept = b""
            elif not self._told_usage:
                self._kept = event.data
        if shown and other is None and not again:
            return None
        return mended(event.data, chunk_id=other, usage=shown, ended=again)

    def _says(self, delta: _Delta, index: int) -> bool:
        function, audio = delta.function_call, delta.audio
        if delta.tool_calls or (function is not None and (function.name or function.arguments)):
            self._calling.add(index)
            return True
        return bool(
            delta.reasoning_content
            or delta.reasoning
            or delta.refusal
            or delta.reasoning_details
            or delta.thinking
            or delta.images
            or (audio is not None and (audio.data or audio.transcript))
        )

    def _finish(self, index: int, word: str | None) -> tuple[Finish, ...]:
        self._finished.add(index)
        return (Finish(reason_of(word, calls=index in self._calling), index, word),)

    def _done(self) -> list[Event]:
        self._over = True
        self._like = None
        events: list[Event] = []
        left = sorted(self._open - self._finished)
        if left:
            words = {index: "tool_calls" if index in self._calling else "stop" for index in left}
            finishes = tuple(finish for index in left for finish in self._finish(index, None))
            events.append(Relayed(finish_chunk(self._last, words), finishes=finishes))
        return events + self._keepsake()

    def _keepsake(self) -> list[Event]:
        """Usage that was kept, in a chunk of its own."""
        kept, self._kept = self._kept, b""
        return [Relayed(usage_chunk(kept, self._id), usage_only=True)] if kept else []

    def _fail(self, data: bytes) -> Failure:
        self._over = True
        self._like = None
        return Failure(error_inside(data))


def _side(chunk: _Chunk) -> Usage | None:
    groq = chunk.x_groq
    return read_usage(groq.usage, chunk.service_tier) if groq is not None and said(groq.usage) else None
