"""The engine: routing, steps, attempts, and one record a call. The same for the library and the server."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from lockgate_core.attempts import Attempts
from lockgate_core.clock import Clock
from lockgate_core.routing import Routes, Vitals, plan
from lockgate_core.steps import fold
from lockgate_ports.context import Context
from lockgate_ports.errors import LockgateError
from lockgate_ports.http import NO_PURPOSE, Purpose
from lockgate_ports.journal import CANCELLED, Journal
from lockgate_ports.metrics import CallRecord, MetricsPort
from lockgate_ports.steps import Answer, AnswerStream, Step
from lockgate_ports.wire import Request


class Engine:
    """Answers calls. Holds nothing of a call between them."""

    def __init__(
        self,
        routes: Routes,
        vitals: Vitals,
        steps: Sequence[Step],
        attempts: Attempts,
        metrics: MetricsPort,
        clock: Clock,
    ) -> None:
        self._routes = routes
        self._vitals = vitals
        self._handler = fold(steps, attempts)
        self._metrics = metrics
        self._clock = clock

    async def answer(
        self,
        request: Request[Any],
        *,
        request_id: str,
        surface: str = "embedded",
        purpose: Purpose = NO_PURPOSE,
        deadline: float | None = None,
    ) -> Answer | AnswerStream:
        """An AnswerStream where `request.stream` is set, else an Answer. Raises LockgateError.

        `deadline` is when the caller stops waiting, in seconds from now.
        """
        now = self._clock.now()
        journal = Journal(now, lambda closed, error: self._record(request, surface, closed, error))
        context = Context(
            request_id=request_id,
            journal=journal,
            surface=surface,
            purpose=purpose,
            deadline=None if deadline is None else now + deadline,
        )
        try:
            decided = plan(request, self._routes, self._vitals, purpose=purpose)
            journal.route = decided.route
            context = structs.replace(
                context, route=decided.route, targets=decided.targets, otherwise=decided.otherwise
            )
            answer = await self._handler(request, context)
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
            journal.close()
        return answer

    def _record(self, request: Request[Any], surface: str, journal: Journal, error: str | None) -> None:
        first = journal.first_token
        self._metrics.record(
            CallRecord(
                operation=request.operation,
                request_model=request.model if journal.route is not None else "(unknown)",
                surface=surface,
                provider_id=journal.provider_id,
                response_model=journal.response_model,
                stream=request.stream,
                duration=self._clock.now() - journal.started,
                first_token=None if first is None else first - journal.started,
                attempts=tuple(journal.attempts),
                usage=journal.usage,
                error=error,
            )
        )
