"""How calls and their copies compare: one pair, and what was seen of all. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct, field, structs

from lockgate_ports.chat import ChatResponse, FinishReason
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import Event, Finish, RefusalDelta, Relayed, TextDelta, ToolCallDelta
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Reply


class Impression:
    """What an answer was like. What cannot be told is None: how long, and which tools are called, where a stream goes
    through in the provider's own bytes."""

    __slots__ = ("characters", "finish", "tools")

    def __init__(self) -> None:
        self.finish: FinishReason | None = None
        self.characters: int | None = None
        self.tools: list[str] | None = None

    def take(self, batch: Sequence[Event]) -> None:
        """Takes note of a piece of a stream."""
        for event in batch:
            match event:
                case TextDelta(text) | RefusalDelta(text):
                    self.characters = (self.characters or 0) + len(text)
                case ToolCallDelta(name=str(name)):
                    self.tools = [*(self.tools or ()), name]
                case Finish():
                    self._finished(event.reason)
                case Relayed(finishes=finishes):
                    for each in finishes:
                        self._finished(each.reason)
                case _:
                    pass

    def whole(self, reply: Reply[Any]) -> None:
        """Takes note of a whole answer."""
        for reason in reply.glance.finish_reasons:
            self._finished(reason)
        try:
            view = reply.view
        except LockgateError:
            return  # only its client can read it
        if isinstance(view, ChatResponse):
            self.characters = sum(len(choice.text) for choice in view.choices)
            self.tools = [call.name for choice in view.choices for call in choice.tool_calls]

    def _finished(self, reason: FinishReason | None) -> None:
        self.finish = self.finish or reason


class Side(Struct, frozen=True):
    """A call, or its copy, once it is over."""

    error: str | None
    seconds: float
    usage: Usage | None
    usd: Decimal | None
    impression: Impression


def differences(real: Side, copy: Side) -> tuple[str, ...]:
    """In which of `status`, `finish_reason`, `tool_calls` they differ; what is not known of one of them does not count.

    Two answers never have the same words, so these are not compared."""
    if real.error != copy.error:
        return ("status",)
    found: list[str] = []
    one, other = real.impression, copy.impression
    if None not in (one.finish, other.finish) and one.finish != other.finish:
        found.append("finish_reason")
    if one.tools is not None and other.tools is not None and sorted(one.tools) != sorted(other.tools):
        found.append("tool_calls")
    return tuple(found)


class Sums(Struct):
    """What one side took, summed over the pairs of which both were answered. Seconds, US dollars; `priced` pairs have a
    cost."""

    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    characters: int = 0
    usd: Decimal = Decimal(0)
    priced: int = 0

    def add(self, side: Side) -> None:
        """Takes note of one."""
        self.seconds += side.seconds
        self.characters += side.impression.characters or 0
        if side.usage is not None:
            self.input_tokens += side.usage.input_tokens or 0
            self.output_tokens += side.usage.output_tokens or 0
        if side.usd is not None:
            self.usd += side.usd
            self.priced += 1


class ShadowReport(Struct, kw_only=True):
    """How a target does as the shadow of a route."""

    route: str
    target: str
    compared: int = 0
    same: int = 0
    """So many of them differ in nothing."""
    answered: int = 0
    """Both were answered: these are in the sums."""
    skipped: int = 0
    """Copies that were not sent, for want of room."""
    differ: dict[str, int] = field(default_factory=dict[str, int])
    """How many differ in what."""
    calls: Sums = field(default_factory=Sums)
    copies: Sums = field(default_factory=Sums)

    def add(self, real: Side, copy: Side) -> tuple[str, ...]:
        """Takes note of a pair, and says in what it differs."""
        found = differences(real, copy)
        self.compared += 1
        self.same += not found
        for word in found:
            self.differ[word] = self.differ.get(word, 0) + 1
        if real.error is None and copy.error is None:
            self.answered += 1
            self.calls.add(real)
            self.copies.add(copy)
        return found


def added(one: ShadowReport, other: ShadowReport) -> ShadowReport:
    """What two processes saw."""
    counts = {name: getattr(one, name) + getattr(other, name) for name in ("compared", "same", "answered", "skipped")}
    differ = {word: one.differ.get(word, 0) + other.differ.get(word, 0) for word in {**one.differ, **other.differ}}
    return ShadowReport(
        route=one.route,
        target=one.target,
        differ=differ,
        calls=_sum(one.calls, other.calls),
        copies=_sum(one.copies, other.copies),
        **counts,
    )


def _sum(one: Sums, other: Sums) -> Sums:
    return Sums(*(a + b for a, b in zip(structs.astuple(one), structs.astuple(other), strict=True)))
