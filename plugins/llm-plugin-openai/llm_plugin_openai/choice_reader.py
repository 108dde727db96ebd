"""One choice of an answer, delta by delta, as canonical events; a whole message is one large delta."""

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.answer_wire import LOGPROBS, WireAnswer, WireAudio, WireDelta
from llm_plugin_openai.call_reader import CallReader
from llm_plugin_openai.finish import reason_of
from llm_plugin_openai.pictures import image_of
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.reasoning import thoughts_of
from llm_plugin_openai.sources import annotations_of
from llm_plugin_openai.think_tags import Piece, ThinkTags
from lockgate_ports.carried import NULL, said
from lockgate_ports.chat import FinishReason
from lockgate_ports.events import (
    AudioDelta,
    Event,
    Finish,
    MediaDelta,
    NativeDelta,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
)


class _Words(Struct, gc=False):
    text: str = ""


class _ContentItem(Struct, gc=False):
    type: str = "text"
    text: str | None = None
    thinking: str | list[_Words] | None = None
    signature: str | None = None


_ITEM = msgspec.json.Decoder(str | _ContentItem)


class ChoiceReader:
    """Numbers the parts in order of first appearance and keeps the end until no more content can come."""

    def __init__(self, index: int, *, think_tags: bool = False) -> None:
        self.index = index
        self.native_reason: str | None = None
        self.finished = False
        self._citations = self._search_results = NULL
        self._tags = ThinkTags() if think_tags else None
        self._noted = False
        self._numbers: dict[object, int] = {}
        self._calls: CallReader | None = None

    @property
    def reason(self) -> FinishReason | None:
        """Our word for why it ended; None where the server gave none that we know."""
        return reason_of(self.native_reason, calls=self._calls is not None and self._calls.any)

    def cite(self, answer: WireAnswer) -> None:
        """Keep what the answer, or the latest chunk that says so, is drawn from."""
        if said(answer.citations):
            self._citations = answer.citations
        if said(answer.search_results):
            self._search_results = answer.search_results

    def read(self, delta: WireDelta, logprobs: Raw = NULL) -> list[Event]:
        """The events of one delta."""
        events: list[Event] = []
        self._noted = self._noted or bool(delta.annotations)
        if delta.reasoning_details or delta.reasoning_content or delta.reasoning or delta.thinking:
            self._think(delta, events)
        measured = logprobs if said(logprobs) and _measures(logprobs) else None
        content = delta.content
        if isinstance(content, str):
            notes = _array(delta.annotations)
            if self._tags is not None and content:
                content = self._told_apart(self._tags.feed(content), events)
            if content or notes is not None or (measured is not None and not delta.refusal):
                native = NAME if notes is not None else None
                events.append(TextDelta(content, self._number("text"), self.index, measured, notes, native))
                measured = None
        elif content:
            for item in content:
                self._item(item, events)
        elif delta.annotations:
            notes = _array(delta.annotations)
            events.append(TextDelta("", self._number("text"), self.index, measured, notes, NAME))
            measured = None
        if delta.refusal:
            events.append(RefusalDelta(delta.refusal, self._number("refusal"), self.index, measured))
            measured = None
        if measured is not None:
            events.append(TextDelta("", self._number("text"), self.index, measured))
        if delta.audio is not None:
            self._sound(delta.audio, events)
        if delta.function_call is not None or delta.tool_calls:
            self._call(delta, events)
        if delta.images:
            events += [self._picture(image) for image in delta.images]
        return events

    def finish(self) -> list[Event]:
        """The end of this choice, once; nothing while the server has not said why it ended."""
        if self.finished or self.native_reason is None:
            return []
        self.finished = True
        return [*self.flush(), Finish(self.reason, self.index, self.native_reason)]

    def flush(self) -> list[Event]:
        """What was held back, for a choice without an end."""
        events: list[Event] = []
        if self._tags is not None and (text := self._told_apart(self._tags.flush(), events)):
            events.append(TextDelta(text, self._number("text"), self.index))
        cited = self._citations is not NULL or self._search_results is not NULL
        if cited and not self._noted and "text" in self._numbers:
            notes = annotations_of(self._citations, self._search_results)
            if notes is not None:
                self._noted = True
                events.append(TextDelta("", self._number("text"), self.index, None, notes, NAME))
        if self._calls is not None:
            events += self._calls.flush()
        return events

    def _told_apart(self, pieces: list[Piece], events: list[Event]) -> str:
        """The text among the pieces; the thoughts become events."""
        for kind, words in pieces:
            if kind == "thought":
                events.append(ThinkingDelta(words, self._number(("thinking", "plain")), self.index, native=NAME))
        return "".join(words for kind, words in pieces if kind == "text")

    def _think(self, delta: WireDelta, events: list[Event]) -> None:
        for key, thought in thoughts_of(delta.thought, delta.reasoning_details or []):
            part = self._number(("thinking", key))
            events.append(
                ThinkingDelta(
                    thought.text, part, self.index, thought.signature, thought.redacted, thought.id, thought.native
                )
            )

    def _item(self, raw: Raw, events: list[Event]) -> None:
        try:
            item = _ITEM.decode(raw)
        except msgspec.ValidationError:
            events.append(NativeDelta(NAME, "unknown", raw, self._fresh(), self.index))
            return
        if isinstance(item, str):
            events.append(TextDelta(item, self._number("text"), self.index))
        elif item.thinking is not None:
            words = item.thinking if isinstance(item.thinking, str) else "".join(each.text for each in item.thinking)
            if words or item.signature:
                part = self._number(("thinking", "plain"))
                events.append(ThinkingDelta(words, part, self.index, item.signature or None, native=NAME))
        elif item.text is not None:
            if item.text:
                events.append(TextDelta(item.text, self._number("text"), self.index))
        elif item.type == "image_url":
            events.append(self._picture(raw))
        else:
            events.append(NativeDelta(NAME, item.type, raw, self._fresh(), self.index))

    def _picture(self, raw: Raw) -> Event:
        """One of `images`, as OpenRouter and LiteLLM send what a model has drawn."""
        image = image_of(raw)
        if image is None:
            return NativeDelta(NAME, "image_url", raw, self._fresh(), self.index)
        return MediaDelta(image, self._fresh(), self.index)

    def _call(self, delta: WireDelta, events: list[Event]) -> None:
        if self._calls is None:
            self._calls = CallReader(self.index, self._fresh)
        if delta.function_call is not None:
            self._calls.legacy(delta.function_call, events)
        for call in delta.tool_calls or ():
            self._calls.read(call, events)

    def _sound(self, audio: WireAudio, events: list[Event]) -> None:
        if audio.id or audio.data or audio.transcript or audio.expires_at:
            part = self._number("audio")
            data, transcript = audio.data or "", audio.transcript or ""
            events.append(AudioDelta(part, self.index, data, transcript, audio.id or None, audio.expires_at))

    def _number(self, key: object) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._numbers)
        return number

    def _fresh(self) -> int:
        return self._number(object())


def _array(items: list[Raw] | None) -> Raw | None:
    return Raw(msgspec.json.encode(items)) if items else None


def _measures(raw: Raw) -> bool:
    try:
        found = LOGPROBS.decode(raw)
    except msgspec.ValidationError:
        return False
    return bool(found.content or found.refusal)
