"""The engine: routing, steps, attempts, and one record a call. The same for the library and the server."""

from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import structs

from lockgate_core.attempts import Attempts
from lockgate_core.caller_scope import check_scope
from lockgate_core.clock import Clock
from lockgate_core.cost import Prices, cost_of, total
from lockgate_core.keeping import KeepPolicy, Notes
from lockgate_core.labels import completed
from lockgate_core.limits.limiter import Hold, Limiter
from lockgate_core.pace import paced
from lockgate_core.priority import RANKS, USUAL, PriorityPolicy
from lockgate_core.profiles import NO_PROFILES, Profile, Profiles, under
from lockgate_core.rollout import Outcome, Rollouts
from lockgate_core.routing import Routes, Vitals, plan
from lockgate_core.shadows import Shadows
from lockgate_core.steps import fold
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.cards import Price
from lockgate_ports.context import Context, Target
from lockgate_ports.errors import LockgateError
from lockgate_ports.journal import CANCELLED, Journal
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.records import AttemptRecord, CallRecord
from lockgate_ports.steps import Answer, AnswerStream, Step
from lockgate_ports.tracing import TracesPort, passed_on
from lockgate_ports.wire import Request

_NOTHING_KEPT: Mapping[str, KeepPolicy] = {}
_NO_PRICES: Mapping[tuple[str, str], Price] = {}


class Engine:
    """Answers calls. Holds nothing of a call between them."""

    def __init__(
        self,
        routes: Routes,
        vitals: Vitals,
        rollouts: Rollouts,
        steps: Sequence[Step],
        attempts: Attempts,
        metrics: MetricsPort,
        clock: Clock,
        *,
        ledger: LedgerPort | None = None,
        prices: Prices = _NO_PRICES,
        profiles: Profiles = NO_PROFILES,
        limiter: Limiter | None = None,
        default_caller: Caller = NOBODY,
        traces: TracesPort | None = None,
        shadows: Shadows | None = None,
        priorities: PriorityPolicy = USUAL,
        keeping: Mapping[str, KeepPolicy] = _NOTHING_KEPT,
    ) -> None:
        self._routes = routes
        self._vitals = vitals
        self._rollouts = rollouts
        ask = attempts.answer
        self._handler = fold(steps, ask if shadows is None else shadows.beside(ask, self._admit_copy, self._record))
        self._metrics = metrics
        self._clock = clock
        self._ledger = ledger
        self._prices = prices
        self._profiles = profiles
        self._limiter = limiter
        self._default_caller = default_caller
        self._traces = traces
        self._priorities = priorities
        self._rank = RANKS[priorities.of(None, None, NOBODY)]
        """Of a call of which nobody says anything."""
        self._keeping = keeping

    async def answer(
        self,
        request: Request[Any],
        *,
        request_id: str,
        surface: str = "embedded",
        caller: Caller = NOBODY,
        deadline: float | None = None,
        traceparent: str | None = None,
        tracestate: str | None = None,
        priority: str | None = None,
    ) -> Answer | AnswerStream:
        """An AnswerStream where `request.stream` is set, else an Answer. Raises LockgateError.

        `deadline` is when the caller stops waiting, in seconds from now. `traceparent`, `tracestate` and `priority`: as
        it sent them.
        """
        now = self._clock.now()
        if self._default_caller is not NOBODY:
            caller = completed(caller, self._default_caller)
        hold: Hold | None = None
        notes: Notes | None = None
        context: Context | None = None
        # No inner function: what its annotations say would be worked out anew for each call.
        journal = Journal(
            now,
            lambda closed, error: self._record(
                request,
                context or Context(request_id=request_id, journal=closed, surface=surface, caller=caller),
                hold,
                closed,
                error,
                notes,
            ),
        )
        until = None if deadline is None else now + deadline
        if self._traces is not None:
            journal.trace = self._traces.begin(traceparent, tracestate)
        elif traceparent is not None:
            journal.trace = passed_on(traceparent, tracestate)
        try:
            if caller.models is not None or caller.surfaces is not None:
                check_scope(caller, request.model, surface)
            asked = request
            if (profile := self._profiles.of(request.model)) is not None:
                asked, until = self._profiled(request, profile, journal, until)
            rank = self._rank
            if priority is not None or caller.priority is not None or profile is not None:
                said = None if profile is None else profile.priority
                rank = RANKS[self._priorities.of(priority, said, caller)]
            decided = plan(asked, self._routes, self._vitals, caller=caller)
            journal.route = decided.route
            journal.arm = decided.arm
            if self._keeping and (keep := self._keeping.get(decided.route)) is not None:
                notes = Notes(keep, request)
                notes.begin(asked)
            limiter = self._limiter
            if limiter is not None:
                hold = await limiter.admit(asked, caller, decided.targets)
            context = Context(
                request_id=request_id,
                journal=journal,
                surface=surface,
                caller=caller,
                deadline=until,
                route=decided.route,
                targets=decided.targets,
                otherwise=decided.otherwise,
                standings=() if hold is None else hold.standings,
                toll=hold if limiter is not None and limiter.of_targets else None,
                shadow=decided.shadow,
                rank=rank,
            )
            answer = await self._handler(asked, context)
        except LockgateError as error:
            journal.close(error)
            raise
        except Exception:
            journal.close(LockgateError.code)
            raise
        except BaseException:
            journal.close(CANCELLED)
            raise
        if isinstance(answer, Answer):
            if notes is not None:
                notes.whole(answer.reply)
            journal.close()
            answer.cost = journal.cost
            if journal.receipt is not None:
                await journal.receipt
            return answer
        return answer if notes is None else notes.overhear(answer)

    async def _admit_copy(self, request: Request[Any], target: Target) -> Hold | None:
        """A copy of a call counts against the limits of its target, and nobody else's."""
        return None if self._limiter is None else await self._limiter.admit(request, NOBODY, (target,))

    def _record(
        self,
        request: Request[Any],
        context: Context,
        hold: Hold | None,
        journal: Journal,
        error: str | None,
        notes: Notes | None = None,
    ) -> Awaitable[None] | None:
        first = journal.first_token
        attempts = journal.attempts
        if len(attempts) > 1:  # two at the same time may have ended the other way round
            attempts.sort(key=_number)
        if journal.arm is not None and attempts:
            self._judge(journal, attempts[0], error)
        if request.operation != "count_tokens":  # which nobody charges for
            for place, attempt in enumerate(attempts):
                attempts[place] = self._priced(attempt, journal.response_model)
        cost = journal.cost = attempts[0].cost if len(attempts) == 1 else total(attempt.cost for attempt in attempts)
        if hold is not None:
            hold.settle(attempts, failed=error is not None, begun=first is not None)
        content = None if notes is None else notes.content(context.request_id)
        # By place, in the order of the fields: msgspec looks for so many names one by one, for each call.
        call = CallRecord(
            context.request_id,
            request.operation,
            request.model if journal.route is not None else "(unknown)",
            context.surface,
            context.caller,
            journal.trace.trace_id if journal.trace is not None else None,
            journal.route,
            journal.profile_id,
            journal.prompt_template_id,
            journal.prompt_version,
            () if self._ledger is None else _planned(context.targets),
            journal.arm,
            journal.provider_id,
            journal.response_model,
            journal.finish_reasons,
            request.stream,
            self._clock.now() - journal.started,
            None if first is None else first - journal.started,
            journal.pace if journal.gaps is None else paced(journal.pace, journal.gaps),
            tuple(attempts),
            journal.usage,
            cost,
            () if hold is None else tuple(limit.scope for limit in hold.exceeded),
            None if content is None else content.sha256,
            error,
        )
        self._metrics.record(call)
        if self._traces is not None and journal.trace is not None and journal.trace.sampled:
            self._traces.record(call, journal.trace)
        if self._ledger is None:
            return None
        return self._ledger.append(call) if content is None else self._ledger.append(call, content)

    def _priced(self, attempt: AttemptRecord, response_model: str | None) -> AttemptRecord:
        """With its cost, where it answered or used something."""
        if attempt.error is not None and attempt.usage is None:
            return attempt
        price = self._prices.get((attempt.provider_id, attempt.model))
        if price is None and response_model is not None:
            price = self._prices.get((attempt.provider_id, response_model))
        return structs.replace(attempt, cost=cost_of(attempt.usage, price))

    def _profiled(
        self, request: Request[Any], profile: Profile, journal: Journal, until: float | None
    ) -> tuple[Request[Any], float | None]:
        """The request as the profile has it, and until when its caller waits."""
        journal.profile_id = profile.profile_id
        journal.prompt_template_id = profile.prompt_template_id
        journal.prompt_version = profile.prompt_version
        if profile.timeout is not None:
            over = journal.started + profile.timeout
            until = over if until is None else min(over, until)
        return under(request, profile), until

    def _judge(self, journal: Journal, first: AttemptRecord, error: str | None) -> None:
        """The first attempt counts for its arm, whoever answered in the end; a call that was left says nothing."""
        if error == CANCELLED or journal.route is None or journal.arm is None:
            return
        empty = error is None and journal.usage is not None and journal.usage.output_tokens == 0
        outcome = Outcome(first.error is not None, first.duration, empty)
        self._rollouts.observe(journal.route, journal.arm, outcome, self._clock.now())


def _number(attempt: AttemptRecord) -> int:
    return attempt.number


@lru_cache(4096)
def _planned(targets: tuple[Target, ...]) -> tuple[str, ...]:
    return tuple(map(str, targets))
