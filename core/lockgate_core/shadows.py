"""Shadow traffic: copies of calls go to other targets beside the real ones, are compared, and never answered from."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import structs

from lockgate_core.clock import Clock
from lockgate_core.limits.limiter import Hold
from lockgate_core.overheard import Overheard
from lockgate_core.provider import Provider
from lockgate_core.shadow_report import Impression, ShadowReport, Side
from lockgate_ports.caller import NOBODY
from lockgate_ports.context import Context, Target
from lockgate_ports.errors import LockgateError
from lockgate_ports.journal import CANCELLED, Journal
from lockgate_ports.metrics import Note
from lockgate_ports.steps import Answer, AnswerStream, Handler
from lockgate_ports.wire import Request

SHADOW = "shadow"
"""The surface of a copy."""

Admit = Callable[[Request[Any], Target], Awaitable[Hold | None]]
"""Counts a copy against the limits of its target. Raises as they do."""
Record = Callable[[Request[Any], Context, Hold | None, Journal, str | None], Awaitable[None] | None]
"""Writes down a call that is over."""


class Shadows:
    """Sends the copies. `ask` tries a target once; `most` says how many copies each route has under way at a time.

    A copy waits for nothing: where there is no room for it, it is not sent."""

    def __init__(
        self,
        ask: Handler,
        providers: Mapping[str, Provider],
        clock: Clock,
        note: Callable[[Note], None],
        most: Mapping[str, int],
    ) -> None:
        self._ask = ask
        self._providers = providers
        self._clock = clock
        self._note = note
        self._most = most
        self._running: dict[str, set[asyncio.Task[None]]] = {route: set() for route in most}
        self._reports: dict[tuple[str, Target], ShadowReport] = {}

    @property
    def reports(self) -> tuple[ShadowReport, ...]:
        """How each shadow does."""
        return tuple(self._reports.values())

    def beside(self, inner: Handler, admit: Admit, record: Record) -> Handler:
        """`inner`, with copies beside the calls that the context has shadows for."""

        async def handle(request: Request[Any], context: Context) -> Answer | AnswerStream:
            if not context.shadow:
                return await inner(request, context)
            impression = Impression()
            over = self._heard(context.journal, impression)
            for target in context.shadow:
                self._begin(request, context, target, admit, record, over)
            answer = await inner(request, context)
            if isinstance(answer, Answer):
                over.replies.append(answer)
                return answer
            return Overheard(answer, impression.take)

        return handle

    async def aclose(self) -> None:
        """Cancels those that are under way."""
        tasks = [task for running in self._running.values() for task in running]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _heard(self, journal: Journal, impression: Impression) -> "_Over":
        over = _Over(impression)

        def heard(closed: Journal, error: str | None) -> None:
            over.tell(self._side(closed, error, impression))

        journal.heard = heard
        return over

    def _begin(
        self,
        request: Request[Any],
        context: Context,
        target: Target,
        admit: Admit,
        record: Record,
        over: "_Over",
    ) -> None:
        running = self._running[context.route]
        report = self._reports.get((context.route, target))
        if report is None:
            report = self._reports[context.route, target] = ShadowReport(route=context.route, target=str(target))
        if len(running) >= self._most[context.route] or not self._has_room(target):
            report.skipped += 1
            return
        copy = request.asking(request.model)
        copy.relay_reply = False  # nobody gets its bytes, and they are to be understood
        task = asyncio.ensure_future(self._shadow(copy, context, target, admit, record, over, report))
        over.copies.append(task)
        running.add(task)
        task.add_done_callback(running.discard)

    def _has_room(self, target: Target) -> bool:
        slots = self._providers[target.provider_id].slots
        return slots is None or slots.free(target.model)

    async def _shadow(
        self,
        request: Request[Any],
        context: Context,
        target: Target,
        admit: Admit,
        record: Record,
        over: "_Over",
        report: ShadowReport,
    ) -> None:
        copy = await self._copy(request, context, target, admit, record)
        real = await over.wait()
        found = report.add(real, copy)
        self._note(Note("shadow_compared", target.provider_id, f"{context.route}: {'+'.join(found) or 'same'}"))

    async def _copy(
        self, request: Request[Any], context: Context, target: Target, admit: Admit, record: Record
    ) -> Side:
        """Asks the target, and reads all that it says."""
        nobody = structs.replace(
            context,
            surface=SHADOW,
            caller=NOBODY,
            targets=(target,),
            otherwise={},
            shadow=(),
            deadline=None,
            standings=(),
            toll=None,
            rank=0,
        )
        hold: Hold | None = None
        journal = Journal(self._clock.now(), lambda closed, error: record(request, nobody, hold, closed, error))
        journal.route = context.route
        journal.profile_id = context.journal.profile_id
        impression = Impression()
        sides: list[Side] = []
        journal.heard = lambda closed, error: sides.append(self._side(closed, error, impression))
        try:
            hold = await admit(request, target)
            # The egress policy decides for the caller whose words these are.
            asked = structs.replace(nobody, journal=journal, caller=context.caller, toll=hold)
            answer = await self._ask(request, asked)
            if isinstance(answer, Answer):
                impression.whole(answer.reply)
            else:
                async for batch in answer:
                    impression.take(batch)
            journal.close()
            if journal.receipt is not None:
                await journal.receipt
        except LockgateError as error:
            journal.close(error)
        except Exception:  # noqa: BLE001  recorded as a fault of ours; it must not reach anybody's call
            journal.close(LockgateError.code)
        except BaseException:
            journal.close(CANCELLED)
            raise
        return sides[0]

    def _side(self, journal: Journal, error: str | None, impression: Impression) -> Side:
        usd = None if journal.cost is None else journal.cost.usd
        return Side(error, self._clock.now() - journal.started, journal.usage, usd, impression)


class _Over:
    """The end of a call, which its copies wait for; one that its client left is compared with nothing."""

    def __init__(self, impression: Impression) -> None:
        self._impression = impression
        self._told: asyncio.Future[Side] = asyncio.get_running_loop().create_future()
        self.copies: list[asyncio.Task[None]] = []
        self.replies: list[Answer] = []

    def tell(self, side: Side) -> None:
        """It is over."""
        if side.error == CANCELLED:
            for copy in self.copies:
                copy.cancel()
        if not self._told.done():
            self._told.set_result(side)

    async def wait(self) -> Side:
        """Until it is over. The answer is read only now: its client has it."""
        side = await asyncio.shield(self._told)
        while self.replies:
            self._impression.whole(self.replies.pop().reply)
        return side
