"""Tell a whole answer as the events that a stream of it would have had; what Accumulator does, backwards."""

from collections.abc import Sequence

from msgspec import Raw

from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.events import (
    AudioDelta,
    Event,
    Finish,
    MediaDelta,
    NativeDelta,
    RefusalDelta,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageReport,
)
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    InlineSource,
    Native,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)


def unfold(answer: ChatResponse) -> Sequence[Event]:
    """Start, every part in one delta, a Finish a choice, usage. Raises TypeError for a part no answer can hold."""
    events: list[Event] = [
        Start(answer.id, answer.model, answer.created, answer.service_tier, answer.system_fingerprint)
    ]
    for choice in answer.choices:
        events += _deltas(choice)
    events += [Finish(each.finish_reason, each.index, each.native_finish_reason) for each in answer.choices]
    if answer.usage is not None:
        events.append(UsageReport(answer.usage))
    return events


def _deltas(choice: Choice) -> list[Event]:
    """The log probabilities go with the first words; a choice that has none gets an empty run of them."""
    logprobs = choice.logprobs
    events: list[Event] = []
    for place, part in enumerate(choice.parts):
        words = isinstance(part, Text | Refusal)
        events.append(delta_of(part, place, choice.index, logprobs if words else None))
        if words:
            logprobs = None
    if logprobs is not None:
        events.append(TextDelta("", len(choice.parts), choice.index, logprobs))
    return events


def delta_of(part: Part, place: int, choice: int = 0, logprobs: Raw | None = None) -> Event:
    """The part as one delta. Raises TypeError for a part no answer can hold."""
    match part:
        case Text():
            return TextDelta(part.text, place, choice, logprobs, part.annotations, part.native)
        case Refusal():
            return RefusalDelta(part.text, place, choice, logprobs)
        case Thinking():
            return ThinkingDelta(part.text, place, choice, part.signature, part.redacted, part.id, part.native)
        case ToolCall():
            return ToolCallDelta(
                place, choice, part.id, part.name, part.arguments, part.custom, part.signature, part.native
            )
        case Audio(source=InlineSource(data, media_type)):
            return AudioDelta(place, choice, data, part.transcript or "", part.id, part.expires_at, media_type)
        case Audio(source=None):
            return AudioDelta(place, choice, "", part.transcript or "", part.id, part.expires_at)
        case Image() | Audio() | Video() | File():
            return MediaDelta(part, place, choice)
        case Native():
            return NativeDelta(part.dialect, part.type, part.raw, place, choice)
        case ToolResult():
            raise TypeError("an answer holds no ToolResult")
