"""One candidate of an answer, piece by piece or all at once, as canonical events (Gemini API reference, Candidate)."""

from collections.abc import Callable
from functools import partial

import msgspec
from msgspec import Raw

from llm_plugin_google.finish import ends, reason_of
from llm_plugin_google.logprobs import read_logprobs
from llm_plugin_google.media import media_of
from llm_plugin_google.models import NAME
from llm_plugin_google.wire import Call, Candidate, Part, raw_part
from lockgate_ports.carried import ENCODE, MEMBERS, NULL, said
from lockgate_ports.events import (
    AudioDelta,
    Event,
    Finish,
    MediaDelta,
    NativeDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
)

RawPart = Callable[[], Raw]
"""A part in its own bytes."""


class CandidateReader:
    """Words of one kind that follow each other are one part; a signature closes it.

    A signature on words has no place in the canonical `Text`: it follows as a `Thinking` without words.
    """

    def __init__(self, index: int) -> None:
        self.index = index
        self.native_reason: str | None = None
        self._part = -1
        self._kind = ""
        self._text_part = -1
        self._calls = 0

    def read(self, piece: Candidate, data: bytes, nth: int, response_id: str | None) -> list[Event]:
        """The deltas of a piece: candidate `nth` of the answer whose bytes are `data`."""
        events: list[Event] = []
        parts = (piece.content.parts if piece.content is not None else None) or ()
        for place, part in enumerate(parts):
            alone = part.function_call is None and part.inline_data is None and part.file_data is None
            if alone and part.text and not part.thought and not part.thought_signature:
                number = self._text_part = self._part if self._kind == "text" else self._open("text")
                events.append(TextDelta(part.text, number, self.index))
            else:
                events += self._read(part, partial(raw_part, data, nth, place), response_id)
        if (
            piece.logprobs_result is not None
            or piece.grounding_metadata is not NULL
            or piece.citation_metadata is not NULL
            or piece.url_context_metadata is not NULL
        ):
            events += self._beside(piece)
        if piece.finish_reason and ends(piece.finish_reason):
            self.native_reason = piece.finish_reason
        return events

    def finish(self) -> list[Finish]:
        """The end, where the provider has told one."""
        if self.native_reason is None:
            return []
        reason = reason_of(self.native_reason, calls=self._calls > 0)
        return [Finish(reason, self.index, self.native_reason)]

    def _read(self, part: Part, whole: RawPart, response_id: str | None) -> list[Event]:
        signature = part.thought_signature or None
        if part.function_call is not None:
            return [self._call(part.function_call, signature, response_id)]
        if part.inline_data is not None and (part.inline_data.mime_type or "").startswith("audio/"):
            blob = part.inline_data
            sound = AudioDelta(self._open("audio"), self.index, blob.data, media_type=blob.mime_type)
            return [sound, *self._signed(signature)]
        media = media_of(part)
        if media is not None and not part.thought and not said(part.video_metadata):
            return [MediaDelta(media, self._open(""), self.index), *self._signed(signature)]
        if part.text is not None and part.thought:
            if not part.text and signature is None:
                return []
            thought = ThinkingDelta(part.text, self._open("thought"), self.index, signature, native=NAME)
            if signature is not None:
                self._kind = ""
            return [thought]
        if part.text is not None:
            return [*self._words(part.text), *self._signed(signature)]
        raw = whole()
        names = [name for name in MEMBERS.decode(raw) if name not in ("thought", "thoughtSignature")]
        if not names:
            return self._signed(signature)
        return [NativeDelta(NAME, names[0], raw, self._open(""), self.index)]

    def _words(self, text: str) -> list[Event]:
        if not text:
            return []
        self._text_part = self._open("text")
        return [TextDelta(text, self._text_part, self.index)]

    def _signed(self, signature: str | None) -> list[Event]:
        if signature is None:
            return []
        return [ThinkingDelta("", self._open(""), self.index, signature, native=NAME)]

    def _call(self, call: Call, signature: str | None, response_id: str | None) -> Event:
        """Calls without an id get one that no other answer gives: a conversation may hold many calls."""
        made_up = "_".join(filter(None, ("call", response_id, str(self.index) if self.index else "", str(self._calls))))
        self._calls += 1
        return ToolCallDelta(
            self._open(""),
            self.index,
            call.id or made_up,
            call.name or "",
            # whole answers come with a line for each value, which nobody needs
            msgspec.json.format(bytes(call.args), indent=-1).decode() if said(call.args) else "{}",
            signature=signature,
            native=NAME if signature is not None else None,
        )

    def _beside(self, piece: Candidate) -> list[Event]:
        """What is told beside the parts: log probabilities, and where the words come from."""
        logprobs = read_logprobs(piece.logprobs_result)
        sources = {
            "groundingMetadata": piece.grounding_metadata,
            "citationMetadata": piece.citation_metadata,
            "urlContextMetadata": piece.url_context_metadata,
        }
        notes = {name: value for name, value in sources.items() if said(value) and bytes(value) != b"{}"}
        if logprobs is None and not notes:
            return []
        if self._text_part < 0:
            self._text_part = self._open("text")
        annotations = Raw(ENCODE([notes])) if notes else None
        native = NAME if notes else None
        return [TextDelta("", self._text_part, self.index, logprobs, annotations, native)]

    def _open(self, kind: str) -> int:
        """The number of the part that a delta of this kind belongs to; parts of no kind stand alone."""
        if not kind or kind != self._kind:
            self._part += 1
            self._kind = kind
        return self._part
