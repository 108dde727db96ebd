"""What a call takes of limits and budgets: an estimate before it is made, and what it really used when it is over."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct, structs

from lockgate_core.clock import Clock
from lockgate_core.cost import Prices, cost_of
from lockgate_core.estimate import estimate_tokens
from lockgate_core.limits.refusing import budget_hit, refusal
from lockgate_core.limits.rooms import Rooms
from lockgate_core.limits.rules import Rule, limits_in, scopes_of, scopes_of_target
from lockgate_ports.caller import Caller
from lockgate_ports.chat import ChatRequest
from lockgate_ports.context import Target
from lockgate_ports.errors import Forbidden, LockgateError
from lockgate_ports.journal import LOST
from lockgate_ports.ledger import Audit
from lockgate_ports.limits import Claim, Grant, Limit, LimitsPort, LimitUnit, Standing
from lockgate_ports.records import AttemptRecord
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_MICRO = 1_000_000
_BYTES_A_TOKEN = 4
_CALLERS = 10_000
"""So many callers' limits are remembered."""


class Estimate(Struct, frozen=True):
    """What a call may use."""

    input_tokens: int = 0
    output_tokens: int = 0
    micro_usd: int = 0

    @property
    def amounts(self) -> Mapping[LimitUnit, int]:
        """By unit."""
        tokens = self.input_tokens + self.output_tokens
        return {"requests": 1, "in_flight": 1, "tokens": tokens, "micro_usd": self.micro_usd}


class Limiter:
    """`answer_tokens` is how long an answer is taken to be whose request does not say. `unpriced`: what becomes of a
    call under a budget when nobody knows what it will cost. `audit` is told of a budget that is hit, once in its time,
    by `clock`. `rooms` remembers how limits of targets stand, where somebody wants to know."""

    def __init__(
        self,
        store: LimitsPort,
        rules: Sequence[Rule],
        prices: Prices,
        clock: Clock,
        audit: Audit,
        *,
        answer_tokens: int = 1024,
        unpriced: Literal["allow", "refuse"] = "allow",
        rooms: Rooms | None = None,
    ) -> None:
        self._store = store
        self._prices = prices
        self._clock = clock
        self._audit = audit
        self._hit: dict[Limit, float] = {}
        """Until when a budget is known to be hit."""
        self._answer_tokens = answer_tokens
        self._unpriced = unpriced
        self._rooms = rooms
        callers = [rule for rule in rules if not rule.of_target]
        targets = [rule for rule in rules if rule.of_target]
        self.of_targets = bool(targets)

        @lru_cache(_CALLERS)
        def limits_of(caller: Caller) -> tuple[Limit, ...]:
            return limits_in(scopes_of(caller), callers, caller.limits)

        @lru_cache(_CALLERS)
        def limits_at(target: Target) -> tuple[Limit, ...]:
            return limits_in(scopes_of_target(target), targets)

        self._limits_of = limits_of
        self.limits_at = limits_at
        """Those of a provider and its model."""

    async def admit(self, request: Request[Any], caller: Caller, targets: Sequence[Target]) -> "Hold | None":
        """What the call holds while it lasts; None where no limit concerns it.

        Raises LimitReached or BudgetExceeded, and then it holds nothing.
        """
        limits = self._limits_of(caller)
        if not limits and not self.of_targets:
            return None
        hold = Hold(self, request, targets)
        if limits:
            hold.standings = (await hold.take(limits)).standings
        return hold

    async def claim(self, claims: Sequence[Claim]) -> Grant:
        """As the store does, but a refusal is raised."""
        grant = await self._store.claim(claims)
        if self._rooms is not None:
            self._rooms.saw(grant.standings, self._clock.now())
        if grant.refused is not None:
            asked = next(each.amount for each in claims if each.limit == grant.refused.limit)
            if grant.refused.limit.unit == "micro_usd":
                self._note_hit(grant.refused, asked)
            raise refusal(grant.refused, asked)
        return grant

    def _note_hit(self, standing: Standing, asked: int) -> None:
        now = self._clock.now()
        if now < self._hit.get(standing.limit, now):
            return
        if len(self._hit) >= _CALLERS:
            self._hit = {limit: until for limit, until in self._hit.items() if now < until}
        self._hit[standing.limit] = now + (standing.resets_in or 0.0)
        self._audit(budget_hit(standing, asked))

    def settle(self, grant: Grant, used: Sequence[int]) -> None:
        """As the store does."""
        self._store.settle(grant, used)
        if self._rooms is not None:
            self._rooms.settled(grant, used)

    def room(self, target: Target) -> float:
        """What is left under the limits of a target, from 0 to 1, as far as that is known."""
        return 1.0 if self._rooms is None else self._rooms.of(self.limits_at(target), self._clock.now())

    def estimate(self, request: Request[Any], targets: Sequence[Target], *, money: bool) -> Estimate:
        """What the call may use; the price of the dearest target counts. Raises Forbidden where a budget holds and no
        price is known, if that is to be refused."""
        given, answered = self._tokens(request)
        if not money:
            return Estimate(given, answered)
        usage = Usage(input_tokens=given, output_tokens=answered)
        costs = [cost_of(usage, self._prices.get((each.provider_id, each.model))).usd for each in targets]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs) and self._unpriced == "refuse":
            unknown = next(str(target) for target, cost in zip(targets, costs, strict=True) if cost is None)
            message = f"a budget holds for this call, and nobody knows what {unknown} costs; give its card a price"
            raise Forbidden(message, code="price_unknown")
        return Estimate(given, answered, _micro(max(known, default=Decimal(0))))

    def _tokens(self, request: Request[Any]) -> tuple[int, int]:
        """Of the request, and of its answer at most."""
        try:
            view = request.view
        except LockgateError:
            # Only its provider can read it.
            return len(request.body or b"") // _BYTES_A_TOKEN, self._answer_tokens
        if isinstance(view, ChatRequest):
            answer = self._answer_tokens if view.max_tokens is None else view.max_tokens
            return estimate_tokens(view), 0 if request.operation == "count_tokens" else answer * (view.n or 1)
        return len(request.body or b"") // _BYTES_A_TOKEN, 0


class Hold:
    """What one call has taken. `settle` it once."""

    __slots__ = ("_estimate", "_grants", "_limiter", "_request", "_targets", "standings")

    def __init__(self, limiter: Limiter, request: Request[Any], targets: Sequence[Target]) -> None:
        self._limiter = limiter
        self._request = request
        self._targets = targets
        self._estimate: dict[bool, Estimate] = {}
        self._grants: list[tuple[Grant, Target | None]] = []
        self.standings: tuple[Standing, ...] = ()
        """The limits of its caller, as they stood when it came."""

    async def enter(self, target: Target) -> None:
        """Before a target is asked. Raises LimitReached or BudgetExceeded when a limit of its provider is full."""
        if limits := self._limiter.limits_at(target):
            await self.take(limits, target)

    def leave(self, target: Target, attempts: Sequence[AttemptRecord]) -> None:
        """The target was asked in vain. What it holds is settled now: the call may go on elsewhere for long."""
        for place, (grant, of) in enumerate(self._grants):
            if of == target:
                self._settle(grant, of, attempts, failed=True, begun=False)
                self._grants[place] = structs.replace(grant, claims=(), window_ids=()), of

    async def take(self, limits: Sequence[Limit], target: Target | None = None) -> Grant:
        """Of all these limits, or of none."""
        amounts = self._amounts(limits)
        grant = await self._limiter.claim([Claim(limit, amounts[limit.unit]) for limit in limits])
        self._grants.append((grant, target))
        return grant

    @property
    def exceeded(self) -> tuple[Limit, ...]:
        """Limits in shadow mode that would have refused the call."""
        return tuple(limit for grant, _ in self._grants for limit in grant.exceeded)

    def settle(self, attempts: Sequence[AttemptRecord], *, failed: bool, begun: bool) -> None:
        """The call is over. `begun`: something of its answer was seen."""
        for grant, target in self._grants:
            if grant.claims:
                self._settle(grant, target, attempts, failed=failed, begun=begun)

    def _settle(
        self, grant: Grant, target: Target | None, attempts: Sequence[AttemptRecord], *, failed: bool, begun: bool
    ) -> None:
        # The caller made one call, however often others were asked for it; they count each time that they were.
        requests = 0 if failed and not attempts else 1
        of = attempts
        if target is not None:
            of = [each for each in attempts if (each.provider_id, each.model) == _at(target)]
            requests = len(of)
        used = self._used(of, requests, begun=begun)
        self._limiter.settle(grant, [used[claim.limit.unit] for claim in grant.claims])

    def _used(self, attempts: Sequence[AttemptRecord], requests: int, *, begun: bool) -> Mapping[LimitUnit, int]:
        tokens, micro_usd = 0, 0
        guess = self._estimate.get(True) or self._estimate.get(False) or Estimate()
        for attempt in attempts:
            usage, cost = attempt.usage, attempt.cost
            if usage is None and cost is None:
                continue  # it was not sent, or was refused: nobody charges it
            # Of who was asked in vain, since another was first, nobody knows what it used: the estimate stands.
            answered = begun or attempt.error is None or attempt.error == LOST
            if usage is not None and usage.input_tokens is not None:
                tokens += usage.input_tokens + (usage.output_tokens or 0)
            elif answered:
                tokens += guess.input_tokens + guess.output_tokens
            else:
                tokens += guess.input_tokens
            if cost is not None and cost.usd is not None:
                micro_usd += _micro(cost.usd)
            elif answered:
                micro_usd += guess.micro_usd
        return {"requests": requests, "in_flight": 0, "tokens": tokens, "micro_usd": micro_usd}

    def _amounts(self, limits: Sequence[Limit]) -> Mapping[LimitUnit, int]:
        units = {limit.unit for limit in limits}
        if not units & {"tokens", "micro_usd"}:
            return _ONE
        money = "micro_usd" in units
        if money not in self._estimate:
            self._estimate[money] = self._limiter.estimate(self._request, self._targets, money=money)
        return self._estimate[money].amounts


_ONE: Mapping[LimitUnit, int] = {"requests": 1, "in_flight": 1}


def _micro(usd: Decimal) -> int:
    """Rounded up: what costs next to nothing is not free."""
    return int((usd * _MICRO).to_integral_value(ROUND_CEILING))


def _at(target: Target) -> tuple[str, str]:
    return target.provider_id, target.model
