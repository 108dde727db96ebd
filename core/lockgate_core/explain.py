"""What would be done with a request, and why: the very decision of routing, with what each target brings to it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs

from lockgate_core.labels import completed
from lockgate_core.price_bounds import PriceBounds, price_bounds
from lockgate_core.priority import USUAL, PriorityPolicy
from lockgate_core.profiles import NO_PROFILES, Profiles, under
from lockgate_core.provider import Provider, Timeouts
from lockgate_core.retry import RetryPolicy
from lockgate_core.rollout import Arm
from lockgate_core.routing import NOBODY_OBJECTS, Admit, Plan, Routes, Vitals, plan
from lockgate_core.routing.need import Need, need_in
from lockgate_core.slots import SlotsNow
from lockgate_core.terms import NO_TERMS, StreamPolicy, Terms, TermsBook
from lockgate_ports.caller import NOBODY, Caller, Priority
from lockgate_ports.context import Target
from lockgate_ports.errors import LockgateError
from lockgate_ports.wire import Request


class AskedTarget(Struct, frozen=True, omit_defaults=True):
    """A target that would be asked. Times are in seconds."""

    target: str
    keys: tuple[str, ...]
    """Where its keys come from; never the keys."""
    timeouts: Timeouts
    max_attempts: int
    breaker_open_for: float = 0.0
    in_flight: int = 0
    latency: float | None = None
    slots: tuple[SlotsNow, ...] = ()
    """The places that a call needs there, and how it stands with them; none where any number may run."""
    retry: RetryPolicy | None = None
    """How often it is tried, and how long is waited in between."""
    said_by: Mapping[str, str] = {}
    """Which part of the settings says what (`timeouts.idle`, `retry.max_attempts`, `stream`); else `default`."""
    price: PriceBounds | None = None
    """US dollars for one attempt."""


class PassedOver(Struct, frozen=True):
    """A candidate that would not be asked. `why` is a word for what stands in `reason`."""

    target: str
    why: str
    reason: str


class Explanation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What would be done. `error` and `code` stand where the request would be refused before anybody is asked."""

    model: str
    profile: str | None = None
    """The profile that was asked for."""
    timeout: float | None = None
    """Its bound for the whole call, in seconds."""
    priority: Priority | None = None
    """Where it waits for a place, who goes first."""
    stream: StreamPolicy | None = None
    """What becomes of a stream that fails."""
    route: str | None = None
    targets: tuple[AskedTarget, ...] = ()
    """In the order in which they would be asked."""
    otherwise: Mapping[str, tuple[str, ...]] = {}
    """Who takes over after an error of a class."""
    dropped: tuple[PassedOver, ...] = ()
    retry: RetryPolicy
    """What holds for targets that have none of their own."""
    arm: Arm | None = None
    """Which arm of the route's rollout the caller is in."""
    shadow: tuple[str, ...] = ()
    """Who would get a copy, and not be answered from."""
    needs: Need | None = None
    """What the request asks of a model."""
    error: str | None = None
    code: str | None = None


Origins = Callable[[Target, str, str | None], Mapping[str, str]]
"""Which part of the settings says how a target is asked by a route and a profile."""


def nobody_says(_: Target, __: str, ___: str | None) -> Mapping[str, str]:
    """It is not known."""
    return {}


class Explainer:
    """Decides as the engine does, from a forecast of the same moment, and does nothing. `admit` says what the egress
    policy objects to a target."""

    def __init__(
        self,
        routes: Routes,
        vitals: Vitals,
        providers: Mapping[str, Provider],
        policy: RetryPolicy,
        profiles: Profiles = NO_PROFILES,
        admit: Admit = NOBODY_OBJECTS,
        default_caller: Caller = NOBODY,
        terms: TermsBook = NO_TERMS,
        priorities: PriorityPolicy = USUAL,
        origins: Origins = nobody_says,
    ) -> None:
        self._admit = admit
        self._default_caller = default_caller
        self._routes = routes
        self._vitals = vitals
        self._providers = providers
        self._policy = policy
        self._profiles = profiles
        self._terms = terms
        self._priorities = priorities
        self._origins = origins

    def explain(self, request: Request[Any], caller: Caller = NOBODY, *, priority: str | None = None) -> Explanation:
        """For the next call, if it is this one; `priority` as its client asks for it."""
        caller = completed(caller, self._default_caller)
        asked = request
        try:
            profile = self._profiles.of(request.model)
            if profile is not None:
                asked = under(request, profile)
            rank = self._priorities.of(priority, None if profile is None else profile.priority, caller)
            decided = plan(asked, self._routes, self._vitals.forecast(), caller=caller, admit=self._admit)
        except LockgateError as error:
            return Explanation(model=request.model, retry=self._policy, error=error.message, code=error.code)
        if profile is None:
            return structs.replace(self._told(asked, decided, None), priority=rank)
        told = self._told(asked, decided, profile.profile_id)
        return structs.replace(
            told, model=request.model, priority=rank, profile=profile.profile_id, timeout=profile.timeout
        )

    def _told(self, request: Request[Any], decided: Plan, profile_id: str | None) -> Explanation:
        try:
            view = request.view
        except LockgateError:
            view = None  # only its provider can read it
        need = None if view is None else need_in(view, request.operation)
        size = len(request.body) if request.body is not None else len(msgspec.json.encode(view))
        terms = self._terms.of(decided.route, profile_id)
        return Explanation(
            model=request.model,
            route=decided.route,
            targets=tuple(
                self._asked(target, terms, view, need or Need(), size, self._origins(target, decided.route, profile_id))
                for target in decided.targets
            ),
            otherwise={kind: tuple(map(str, targets)) for kind, targets in decided.otherwise.items()},
            dropped=tuple(PassedOver(str(each.target), each.why, each.reason) for each in decided.dropped),
            retry=self._policy,
            stream=StreamPolicy(terms.stream, terms.hold_pieces, terms.hold_seconds),
            arm=decided.arm,
            shadow=tuple(map(str, decided.shadow)),
            needs=need,
        )

    def _asked(
        self, target: Target, terms: Terms, view: Any, need: Need, size: int, said_by: Mapping[str, str]
    ) -> AskedTarget:
        provider, vitals = self._providers[target.provider_id], self._vitals
        card = self._routes.providers[target.provider_id].cards.get(target.model)
        retry = terms.retry_at(self._policy, provider, target.model)
        return AskedTarget(
            str(target),
            provider.keys.refs,
            terms.timeouts_at(provider, target.model),
            retry.max_attempts,
            vitals.rests(target),
            vitals.in_flight(target),
            vitals.latency(target),
            slots=() if provider.slots is None else tuple(each.now for each in provider.slots.at(target.model)),
            retry=retry,
            said_by=said_by,
            price=price_bounds(card, view, need, size),
        )
