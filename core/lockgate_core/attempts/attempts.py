"""The attempt loop: one target after the other, until one answers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lockgate_core.attempts.queue import Queue
from lockgate_core.attempts.tries import Passed, Tries
from lockgate_core.clock import Clock
from lockgate_core.eligibility import Eligibility
from lockgate_core.estimate import estimated
from lockgate_core.provider import Provider
from lockgate_core.retry import RetryPolicy
from lockgate_core.turn import Shut
from lockgate_ports.context import Context
from lockgate_ports.errors import LockgateError, NotOffered
from lockgate_ports.steps import Answer, AnswerStream
from lockgate_ports.wire import Request


class Attempts:
    """The innermost handler. `luck` gives random numbers in [0, 1)."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        eligibility: Eligibility,
        policy: RetryPolicy,
        clock: Clock,
        luck: Callable[[], float],
    ) -> None:
        self._providers = providers
        self._eligibility = eligibility
        self._policy = policy
        self._clock = clock
        self._luck = luck

    async def __call__(self, request: Request[Any], context: Context) -> Answer | AnswerStream:
        """Asks the targets in order that the egress policy allows; those that the context has for a class of error take
        over after one of that class. When none answers, raises the error of the first one that was asked, EgressDenied
        when none may be; but where a target does not count tokens, they are estimated."""
        eligible, purpose = self._eligibility.of, context.caller.purpose
        targets, denied = eligible(context.targets, purpose)
        otherwise = {kind: eligible(others, purpose)[0] for kind, others in context.otherwise.items()}
        queue = Queue(targets, otherwise)
        if denied is not None and not targets:
            queue.failed(denied)
        while queue:
            target = queue.take()
            provider = self._providers[target.provider_id]
            try:
                if context.toll is not None and (refused := await _refused(context.toll(target))) is not None:
                    queue.shut(refused)
                    continue
                return await Tries(provider, target, queue, self._policy, self._clock, self._luck).ask(request, context)
            except Passed as passed:
                if request.operation == "count_tokens" and isinstance(passed.error, NotOffered):
                    return estimated(request, context, target)
                queue.failed(passed.error)
            except Shut as closed:
                queue.shut(closed.error)
            except LockgateError as stopped:
                if not queue.takes_over(stopped):
                    raise
                queue.failed(stopped)
        raise queue.told(context.route)


async def _refused(toll: Awaitable[None]) -> LockgateError | None:
    """Why a limit of the target does not let the call through."""
    try:
        await toll
    except LockgateError as error:
        return error
    return None
