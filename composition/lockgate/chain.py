"""Whether a chain of fallbacks holds: its targets are made to fail in turn, at the port and in this process alone."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from lockgate.building_engine import retries
from lockgate.building_providers import assembled
from lockgate.settings import Settings, split_target
from lockgate_core.attempts import Attempts
from lockgate_core.eligibility import Eligibility
from lockgate_core.explain import Explanation
from lockgate_ports.cards import ModelCard
from lockgate_ports.context import Context, Target
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.errors import ErrorKind, LockgateError, Unsupported, UpstreamError
from lockgate_ports.journal import Journal
from lockgate_ports.metrics import Note
from lockgate_ports.model import Attempt, ReplyStream, lists_no_models
from lockgate_ports.wire import Glance, Reply, Request

_OUTAGE: tuple[ErrorKind, ...] = ("transient", "overloaded", "timeout")
"""How a target fails, as in an outage: in the first of these ways for which the route has no targets of its own."""


class _StandIn:
    """A ModelPort in the place of a provider's: fails as it is told for some of its models, answers for the others."""

    models: tuple[ModelCard, ...] = ()

    def __init__(self, provider_id: str, faults: Mapping[Target, LockgateError]) -> None:
        self._provider_id = provider_id
        self._faults = faults

    async def open(self) -> None:
        """Nothing is opened."""

    async def aclose(self) -> None:
        """Nothing is open."""

    async def chat(self, request: Request[Any], attempt: Attempt) -> Reply[Any]:
        """An answer without content, or the fault."""
        fault = self._faults.get(Target(self._provider_id, attempt.model))
        if fault is not None:
            raise fault
        return Reply(Glance())

    embed = rerank = count_tokens = pass_on = chat

    async def stream(self, request: Request[Any], attempt: Attempt) -> ReplyStream:
        """Nobody asks for it."""
        raise Unsupported("a rehearsal does not stream")

    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        """Nobody asks for it."""
        raise lists_no_models(self._provider_id)

    async def probe(self, attempt: Attempt) -> None:
        """Nobody asks for it."""
        await self.chat(None, attempt)  # type: ignore[arg-type]


class _NoWaiting:
    """A clock on which waits take no time."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> float:
        """Seconds, the skipped ones included."""
        return asyncio.get_running_loop().time() + self._skipped

    async def sleep(self, seconds: float) -> None:
        """Is over at once."""
        self._skipped += seconds

    def timeout(self, seconds: float) -> "_NoTime":
        """Nothing here takes time."""
        return _NoTime(self.now() + seconds)


class _NoTime:
    """A block that is over at once."""

    def __init__(self, due: float) -> None:
        self.due = due

    def until(self, due: float) -> None:
        self.due = due

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class Chain:
    """What routing decided for a request, and the means to see what would become of it."""

    def __init__(self, settings: Settings, egress: EgressPolicyPort, request: Request[Any], told: Explanation) -> None:
        self._settings = settings
        self._egress = egress
        self._request = request
        self._route = told.route or ""
        self._targets = [Target(*split_target(each.target)) for each in told.targets]
        self._otherwise = {
            kind: tuple(Target(*split_target(each)) for each in others) for kind, others in told.otherwise.items()
        }

    @property
    def is_one(self) -> bool:
        """Somebody stands in for the head."""
        return len(self._targets) > 1 or bool(self._otherwise)

    async def faults(self) -> list[str]:
        """What does not hold: with the first target down, with the first two, and so on, and after each class of error
        that has targets of its own. Empty when all does."""
        found: list[str] = []
        kind = next((kind for kind in _OUTAGE if kind not in self._otherwise), _OUTAGE[0])
        for down in range(len(self._targets)):
            found += await self._fault(self._targets[:down], kind, self._targets[down])
        for each, others in self._otherwise.items():
            head = self._targets[0]
            found += await self._fault([head], each, next((other for other in others if other != head), None))
        return found

    async def _fault(self, down: Sequence[Target], kind: str, meant: Target | None) -> list[str]:
        """`meant` is to answer; None: nobody is."""
        try:
            served = str(await self._answers(down, kind))
        except LockgateError as error:
            served = "nobody"
            why = f": {error.message}" if meant is not None else ""
        else:
            why = ""
        if served == ("nobody" if meant is None else str(meant)):
            return []
        failing = f"when {' and '.join(map(str, down))} {'fails' if len(down) == 1 else 'fail'} ({kind})"
        return [f"{failing if down else 'with nothing wrong'}, {served} answers, not {meant or 'nobody'}{why}"]

    async def _answers(self, down: Sequence[Target], kind: str) -> Target:
        faults = {target: _failure(kind) for target in down}
        everybody = [*self._targets, *(each for others in self._otherwise.values() for each in others)]
        asked = {target.provider_id for target in everybody}
        providers = {each: assembled(each, _StandIn(each, faults), self._settings, []) for each in asked}
        clock = _NoWaiting()
        eligibility = Eligibility(self._egress, _unnoted)
        attempts = Attempts(providers, eligibility, retries(self._settings), clock, _no_luck)
        context = Context(
            request_id="doctor",
            journal=Journal(clock.now(), _unrecorded),
            route=self._route,
            targets=tuple(self._targets),
            otherwise=self._otherwise,
        )
        return (await attempts.answer(self._request, context)).served.target


def _failure(kind: str) -> LockgateError:
    for known in get_args(ErrorKind):
        if known == kind:
            return UpstreamError("made to fail", kind=known)
    return Unsupported("made to fail")


def _unnoted(note: Note) -> None:
    """What a rehearsal is refused is nothing to count."""


def _unrecorded(journal: Journal, error: str | None) -> None:
    """A rehearsal is no call."""


def _no_luck() -> float:
    return 0.0
