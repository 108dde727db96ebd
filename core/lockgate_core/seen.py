"""What was seen of a stream, in tokens: for one that was cut or left, or whose provider does not count. Pure."""

from typing import Any

from msgspec import structs

from lockgate_core.estimate import estimate_tokens
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import AudioDelta, Delta, RefusalDelta, TextDelta, ThinkingDelta, ToolCallDelta
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_A_TOKEN = 4
"""Letters, on the average of English and code."""


class Seen:
    """Adds up what an answer has said so far. Of events that go through unread their lengths are known alone: what the
    shortest has too is taken for its envelope."""

    __slots__ = ("letters", "relayed", "shortest", "size")

    def __init__(self) -> None:
        self.letters = 0
        """Of what was read."""
        self.relayed = 0
        """How many events with content were not read."""
        self.size = 0
        """Bytes of these."""
        self.shortest = 1 << 62

    def said(self, event: Delta) -> None:
        """An event that was read."""
        match event:
            case TextDelta() | ThinkingDelta() | RefusalDelta():
                self.letters += len(event.text)
            case ToolCallDelta():
                self.letters += len(event.name or "") + len(event.arguments)
            case AudioDelta():
                self.letters += len(event.transcript)
            case _:
                pass

    @property
    def tokens(self) -> int:
        """At least one for each event that was not read, since none comes without."""
        if not self.relayed:
            return -(-self.letters // _A_TOKEN)
        beyond = self.size - self.relayed * self.shortest
        return max(self.relayed, beyond // _A_TOKEN)


def partial_usage(request: Request[Any], told: Usage | None, seen: Seen) -> Usage:
    """What the provider told until the end, completed by what was asked and what was seen; marked as an estimate."""
    told = told or Usage()
    return structs.replace(
        told,
        input_tokens=told.input_tokens if told.input_tokens is not None else _asked(request),
        output_tokens=max(told.output_tokens or 0, seen.tokens),
        estimated=True,
    )


def _asked(request: Request[Any]) -> int:
    try:
        view = request.view
    except LockgateError:
        return len(request.body or b"") // _A_TOKEN
    if not isinstance(view, ChatRequest):
        return len(request.body or b"") // _A_TOKEN
    return estimate_tokens(view)
