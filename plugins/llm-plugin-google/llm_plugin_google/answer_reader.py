"""A run of answers as canonical events: a whole answer is a run of one (Gemini API reference,
GenerateContentResponse)."""

from datetime import datetime

from llm_plugin_google.candidate_reader import CandidateReader
from llm_plugin_google.usage import merged, read_usage
from llm_plugin_google.wire import Answer, WireUsage
from lockgate_ports.events import Event, Finish, Start, UsageReport
from lockgate_ports.usage import Usage


class AnswerReader:
    """By the grammar of `events.py`. The ends are told when no more can come: older models say STOP in every chunk."""

    def __init__(self) -> None:
        self._candidates: dict[int, CandidateReader] = {}
        self._blocked: str | None = None
        self._wire_usage: WireUsage | None = None
        self._usage: Usage | None = None
        self._started = False

    @property
    def answered(self) -> bool:
        """Whether there was any choice, or a word on why there is none."""
        return bool(self._candidates) or self._blocked is not None

    def read(self, answer: Answer, data: bytes) -> list[Event]:
        """The events of one answer or chunk; `data` are its bytes."""
        events: list[Event] = []
        if not self._started:
            self._started = True
            events.append(start_of(answer))
        for place, piece in enumerate(answer.candidates or ()):
            index = piece.index or 0
            reader = self._candidates.get(index)
            if reader is None:
                reader = self._candidates[index] = CandidateReader(index)
            events += reader.read(piece, data, place, answer.response_id)
        feedback = answer.prompt_feedback
        if feedback is not None and feedback.block_reason:
            self._blocked = feedback.block_reason
        if answer.usage_metadata is not None and answer.usage_metadata != self._wire_usage:
            self._wire_usage = merged(self._wire_usage, answer.usage_metadata)
            usage = read_usage(self._wire_usage)
            if usage is not None and usage != self._usage:
                self._usage = usage
                events.append(UsageReport(usage))
        return events

    def finishes(self) -> list[Event]:
        """The ends that were told; a blocked prompt is a choice without a word, ended by a filter."""
        if self._blocked is not None and not self._candidates:
            return [Finish("content_filter", 0, self._blocked)]
        return [event for index in sorted(self._candidates) for event in self._candidates[index].finish()]


def start_of(answer: Answer) -> Start:
    """What an answer says of itself."""
    created = _seconds(answer.create_time) if answer.create_time is not None else None
    tier = answer.usage_metadata.service_tier if answer.usage_metadata is not None else None
    return Start(answer.response_id, answer.model_version, created, tier if isinstance(tier, str) else None)


def _seconds(written: str) -> int | None:
    try:
        return int(datetime.fromisoformat(written).timestamp())
    except ValueError:
        return None
