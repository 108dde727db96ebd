"""The notebook of one call: each stage writes down what it did, and it is closed once, when the last byte is out."""

from collections.abc import Awaitable, Callable
from typing import Literal

from lockgate_ports.chat import FinishReason
from lockgate_ports.errors import LockgateError
from lockgate_ports.records import AttemptRecord, Cost, Pace
from lockgate_ports.tracing import Trace
from lockgate_ports.usage import Usage

CANCELLED = "cancelled"
LOST = "hedge_lost"
"""In place of an error: another target that was asked as well was first. What this one cost is wasted."""


class Journal:
    """Open from a call's arrival until its end. Times are seconds on the engine's monotonic clock."""

    __slots__ = (
        "_on_close",
        "arm",
        "attempts",
        "begun",
        "cost",
        "finish_reasons",
        "first_token",
        "gaps",
        "heard",
        "pace",
        "profile_id",
        "prompt_template_id",
        "prompt_version",
        "provider_id",
        "receipt",
        "response_model",
        "route",
        "started",
        "trace",
        "usage",
    )

    def __init__(self, started: float, on_close: Callable[["Journal", str | None], Awaitable[None] | None]) -> None:
        self.started = started
        self.route: str | None = None
        """None until routing has found one."""
        self.profile_id: str | None = None
        self.prompt_template_id: str | None = None
        self.prompt_version: str | None = None
        self.trace: Trace | None = None
        self.finish_reasons: tuple[FinishReason | None, ...] = ()
        self.arm: Literal["canary", "baseline"] | None = None
        """Which arm of a rollout the call is in; None where its route has none."""
        self.attempts: list[AttemptRecord] = []
        """In the order in which it was known what became of them."""
        self.begun = 0
        """How many attempts were begun: the number of the last one. Of two at the same time each has its own."""
        self.provider_id: str | None = None
        """Who answers; None until somebody does."""
        self.response_model: str | None = None
        self.first_token: float | None = None
        self.pace: Pace | None = None
        """How the pieces of a stream followed one another that brought content; of the latest, `gaps` tells."""
        self.gaps: list[float] | None = None
        """Seconds between two pieces of a stream that brought content."""
        self.usage: Usage | None = None
        self.cost: Cost | None = None
        """Known once the call is over; None also when nothing can have been charged."""
        self.receipt: Awaitable[None] | None = None
        """What must be awaited before the call may be acknowledged; None when nothing must."""
        self.heard: Callable[[Journal, str | None], None] | None = None
        """Told, once all is written down, that the call is over, and the error's code."""
        self._on_close: Callable[[Journal, str | None], Awaitable[None] | None] | None = on_close

    @property
    def closed(self) -> bool:
        """The call is over."""
        return self._on_close is None

    def close(self, error: LockgateError | str | None = None) -> None:
        """The call is over: answered (None), failed, or left by its client (CANCELLED). Only the first call counts."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            code = error.code if isinstance(error, LockgateError) else error
            self.receipt = on_close(self, code)
            if self.heard is not None:
                self.heard(self, code)
