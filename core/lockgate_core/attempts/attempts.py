"""The attempt loop: one target after the other, until one answers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec import structs

from lockgate_core.attempts.delivered import Delivered, prefill_of
from lockgate_core.attempts.hedging import Hedger, race
from lockgate_core.attempts.lasting_stream import Continuation, LastingStream
from lockgate_core.attempts.queue import Queue
from lockgate_core.attempts.tries import Passed, Tries
from lockgate_core.attempts.writing_down import tell_tries
from lockgate_core.clock import Clock
from lockgate_core.eligibility import Eligibility
from lockgate_core.estimate import estimated
from lockgate_core.live_stream import LiveStream
from lockgate_core.provider import Provider
from lockgate_core.retry import RetryPolicy
from lockgate_core.terms import NO_TERMS, Terms, TermsBook
from lockgate_core.turn import Shut
from lockgate_ports.context import Context, Target
from lockgate_ports.errors import LockgateError, NotOffered, Unsupported, UpstreamError
from lockgate_ports.journal import Journal
from lockgate_ports.parts import assistant
from lockgate_ports.steps import Answer, AnswerStream
from lockgate_ports.wire import Request


class Attempts:
    """The innermost handler. `luck` gives random numbers in [0, 1); `policy` is how often a call is tried
    where `terms` and providers do not say otherwise."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        eligibility: Eligibility,
        policy: RetryPolicy,
        clock: Clock,
        luck: Callable[[], float],
        terms: TermsBook = NO_TERMS,
    ) -> None:
        self._providers = providers
        self._eligibility = eligibility
        self._policy = policy
        self._clock = clock
        self._luck = luck
        self._terms = terms
        self._hedgers = {route: Hedger(each.hedge) for route, each in terms.by_route.items() if each.hedge is not None}

    async def answer(self, request: Request[Any], context: Context) -> Answer | AnswerStream:
        """Asks the targets in order that the egress policy allows; those that the context has for a class of error take
        over after one of that class. When none answers, raises the error of the first one that was asked, EgressDenied
        when none may be; but where a target does not count tokens, they are estimated."""
        eligible, purpose, journal = self._eligibility.of, context.caller.purpose, context.journal
        targets, denied = eligible(context.targets, purpose)
        otherwise: Mapping[str, Sequence[Target]] = context.otherwise
        if otherwise:
            otherwise = {kind: eligible(others, purpose)[0] for kind, others in otherwise.items()}
        queue = Queue(targets, otherwise)
        if denied is not None and not targets:
            queue.failed(denied)
        terms = self._terms.of(context.route, journal.profile_id)
        if terms.stream == "continue" and request.stream:
            request.relay_reply = False  # what is to go on elsewhere must be understood
        hedger = self._hedgers.get(context.route) if self._hedgers else None
        if hedger is not None:
            hedger.called(self._clock.now())
        while queue.left or queue.reopen(self._limps):
            target = queue.take()
            try:
                tries = self._tries(target, queue, terms)
                if hedger is None:
                    answer = await tries.ask(request, context)
                else:
                    answer = await self._hedged(hedger, tries, target, queue, request, context, terms)
            except Passed as passed:
                if request.operation == "count_tokens" and isinstance(passed.error, NotOffered):
                    return estimated(request, context, target)
                queue.failed(passed.error)
            except Shut as closed:
                queue.shut(target, closed.error)
            except LockgateError as stopped:
                if not queue.takes_over(stopped):
                    _tell(stopped, journal)
                    raise
                queue.failed(stopped)
            else:
                self._won(answer, journal)
                if terms.stream == "continue" and isinstance(answer, LiveStream):
                    return self._lasting(answer, request, context, queue, terms)
                return answer
        error = queue.told(context.route)
        _tell(error, journal)
        raise error

    def _tries(self, target: Target, queue: Queue, terms: Terms) -> Tries:
        provider = self._providers[target.provider_id]
        policy, timeouts = (
            terms.retry_at(self._policy, provider, target.model),
            terms.timeouts_at(provider, target.model),
        )
        return Tries(provider, target, queue, policy, terms, timeouts, self._clock, self._luck)

    async def _hedged(
        self,
        hedger: Hedger,
        tries: Tries,
        target: Target,
        queue: Queue,
        request: Request[Any],
        context: Context,
        terms: Terms,
    ) -> Answer | LiveStream:
        began = self._clock.now()
        slow = hedger.slow(target, request.stream) if queue.left else None

        def second() -> Tries | None:
            if not queue.left or not hedger.may(request, self._clock.now()):
                return None
            hedger.saw(target, request.stream, self._clock.now() - began)
            return self._tries(queue.take(), queue, terms)

        def ask(each: Tries) -> Awaitable[Answer | LiveStream]:
            return each.ask(request, context)

        if slow is None:
            answer = await ask(tries)
        else:
            answer = await race(tries, slow, second, context.journal, self._clock, ask)
        if answer.served.target == target:
            hedger.saw(target, request.stream, self._clock.now() - began)
        return answer

    def _won(self, answer: Answer | LiveStream, journal: Journal) -> None:
        journal.provider_id = answer.served.target.provider_id
        if isinstance(answer, LiveStream):
            journal.response_model = answer.model
            journal.first_token = journal.first_token or self._clock.now()
        else:
            glance = answer.reply.glance
            journal.response_model = glance.model
            journal.usage = glance.usage
            journal.finish_reasons = glance.finish_reasons

    def _lasting(
        self, stream: LiveStream, request: Request[Any], context: Context, queue: Queue, terms: Terms
    ) -> LastingStream:
        # What goes on is shown as it comes: the client is waiting in the middle of a sentence.
        terms = structs.replace(terms, hold_pieces=0, hold_seconds=0.0)

        async def go_on(delivered: Delivered, error: UpstreamError) -> Continuation | None:
            queue.failed(error)
            while queue.left:
                target = queue.take()
                text = prefill_of(delivered.text)
                if text and self._takes_prefill(target):
                    try:
                        return await self._open(target, queue, _with_prefill(request, text), context, terms), True
                    except UpstreamError as refused:
                        if refused.kind != "invalid_request":
                            continue
                    except Unsupported:
                        pass
                try:
                    return await self._open(target, queue, request, context, terms), False
                except LockgateError:
                    continue
            return None

        return LastingStream(stream, go_on, context.journal)

    async def _open(
        self, target: Target, queue: Queue, request: Request[Any], context: Context, terms: Terms
    ) -> LiveStream:
        """Raises LockgateError."""
        try:
            stream = await self._tries(target, queue, terms).ask(request, context)
        except (Passed, Shut) as passed:
            raise passed.error from None
        if not isinstance(stream, LiveStream):
            raise TypeError("a stream was asked for")
        self._won(stream, context.journal)
        return stream

    def _limps(self, target: Target) -> bool:
        return self._providers[target.provider_id].breakers.of(target.model).limps

    def _takes_prefill(self, target: Target) -> bool:
        cards = self._providers[target.provider_id].port.models
        return any(card.prefill for card in cards if card.id == target.model)


def _tell(error: LockgateError, journal: Journal) -> None:
    if len(journal.attempts) > 1:
        tell_tries(error, journal.attempts)


def _with_prefill(request: Request[Any], text: str) -> Request[Any]:
    view = request.view
    asked = request.edited(structs.replace(view, messages=(*view.messages, assistant(text))))
    asked.relay_reply = False
    return asked
