"""The decision: from a request, the routes and the moment to the targets, in order."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lockgate_core.rollout import Arm, is_in
from lockgate_core.routing.fit import is_likely_too_long, misfit, stands_back
from lockgate_core.routing.names import direct
from lockgate_core.routing.need import Need, doubts, likely_tokens, need_of
from lockgate_core.routing.order import ordered
from lockgate_core.routing.routes import Routes
from lockgate_core.routing.values import Candidate, Dropped, Plan, Route, Shadow
from lockgate_core.routing.vitals import Vitals
from lockgate_core.side_effects import has_side_effects
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.context import Target
from lockgate_ports.errors import EgressDenied, Unsupported, UpstreamError
from lockgate_ports.http import Purpose
from lockgate_ports.wire import Request

Admit = Callable[[Target, Purpose], str | None]
"""Why a target may not be asked on somebody's behalf; None when it may. At once, from memory."""


def NOBODY_OBJECTS(target: Target, purpose: Purpose) -> str | None:  # noqa: N802  a constant that is called
    """Every target may be asked."""
    return None


def plan(
    request: Request[Any],
    routes: Routes,
    vitals: Vitals,
    *,
    caller: Caller = NOBODY,
    admit: Admit = NOBODY_OBJECTS,
) -> Plan:
    """Who answers `request.model`. Raises as `Routes.find` does; Unsupported when no target can do what is asked,
    EgressDenied when none may, UpstreamError when none is active."""
    route = routes.find(request.model)
    if route.plain and admit is NOBODY_OBJECTS:
        if route.settled is not None:
            return route.settled
        return Plan(route.name, tuple(each.target for each in ordered(route, route.candidates, vitals)))
    return _Planning(request, routes, vitals, caller, admit).plan(route)


class _Planning:
    """One decision. Notes whom it drops, and why."""

    def __init__(self, request: Request[Any], routes: Routes, vitals: Vitals, caller: Caller, admit: Admit) -> None:
        self._request = request
        self._routes = routes
        self._vitals = vitals
        self._caller = caller
        self._admit = admit
        self._dropped: dict[Target, Dropped] = {}

    def plan(self, route: Route) -> Plan:
        arm = self._arm(route) if route.canary else None
        targets = self._targets(route, route.canary) if arm == "canary" else []
        targets += self._targets(route, route.candidates)
        if route.fallbacks:
            targets += self._chain(route.fallbacks, {route.name})
        found = tuple(dict.fromkeys(targets))
        otherwise = {
            kind: tuple(dict.fromkeys(self._chain(names, {route.name}))) for kind, names in route.by_class.items()
        }
        dropped = tuple(self._dropped.values())
        if not found:
            # What would have sent the first target's error on sends the call on before it is made.
            reasons = [each.why for each in dropped]
            found = next((otherwise[why] for why in reasons if otherwise.get(why)), ())
            if not found:
                raise _nobody(route, dropped)
        shadow = () if route.shadow is None else self._shadowed(route.shadow)
        return Plan(route.name, found, otherwise, dropped, arm, shadow)

    def _shadowed(self, shadow: Shadow) -> tuple[Target, ...]:
        """Who gets a copy of this call. Whoever cannot do it, or may not, gets none; that is no fault of the call."""
        if self._vitals.roll() >= shadow.share:
            return ()
        if not shadow.allow_side_effects and has_side_effects(self._request):
            return ()
        need = need_of(self._request, doubts(each.card for each in shadow.candidates))
        return tuple(
            each.target
            for each in shadow.candidates
            if stands_back(each) is None and self._objection(each.target) is None and misfit(each, need) is None
        )

    def _arm(self, route: Route) -> Arm:
        """The same caller is in the same arm, and stays in the canary once it is there; nobody's calls are left to
        chance one by one."""
        share = self._vitals.share(route.name)
        caller = self._caller.tenant
        if route.sticky == "user":
            caller = self._caller.user or getattr(self._request.view, "user", None) or caller
        if caller is None:
            return "canary" if self._vitals.roll() < share else "baseline"
        return "canary" if is_in(route.name, caller, share) else "baseline"

    def _targets(self, route: Route, candidates: Sequence[Candidate]) -> list[Target]:
        need, able = self._able(route, candidates)
        found = ordered(route, able, self._vitals)
        if len(found) > 1 and need is not None and route.doubted.context is not None:
            tokens = likely_tokens(self._request, need, route.doubted.context)
            if tokens is not None:
                found.sort(key=lambda each: is_likely_too_long(each.card, tokens))
        return [each.target for each in found]

    def _able(self, route: Route, candidates: Sequence[Candidate]) -> tuple[Need | None, Sequence[Candidate]]:
        """What the request needs, where that is asked, and who can do it."""
        standing = [each for each in candidates if not self._drop(stands_back(each))]
        if self._admit is not NOBODY_OBJECTS:
            standing = [each for each in standing if not self._drop(self._objection(each.target))]
        if not route.doubted:
            return None, standing
        need = need_of(self._request, route.doubted)
        return need, [each for each in standing if not self._drop(misfit(each, need))]

    def _chain(self, names: Iterable[str], seen: set[str]) -> list[Target]:
        """The targets of routes and targets that are named, and of their own fallbacks; each route once."""
        found: list[Target] = []
        for name in names:
            if name in seen:
                continue
            seen.add(name)
            if (route := self._routes.named.get(name)) is not None:
                found += self._targets(route, route.candidates)
                found += self._chain(route.fallbacks, seen)
            elif (target := direct(name)) is not None:
                one = (self._routes.candidate(target),)
                found += self._targets(Route(name, one), one)
        return found

    def _objection(self, target: Target) -> Dropped | None:
        reason = self._admit(target, self._caller.purpose)
        return None if reason is None else Dropped(target, "policy", reason)

    def _drop(self, dropped: Dropped | None) -> bool:
        if dropped is None:
            return False
        self._dropped.setdefault(dropped.target, dropped)
        return True


def _nobody(route: Route, dropped: Sequence[Dropped]) -> Exception:
    told = "; ".join(f"{each.target} {each.reason}" for each in dropped[:5])
    if len(dropped) > 5:
        told += f"; and {len(dropped) - 5} more"
    kinds = {each.why for each in dropped}
    if kinds & {"unsupported", "context_length"}:
        code = "context_length" if "unsupported" not in kinds else None
        return Unsupported(f"no target of the route {route.name!r} can do this: {told}", param="model", code=code)
    if "policy" in kinds:
        message = f"no target of the route {route.name!r} may be asked: {told}"
        return EgressDenied(message, rule="routing", provider_id=dropped[0].target.provider_id)
    message = f"no target of the route {route.name!r} takes calls: {told}"
    return UpstreamError(message, kind="overloaded", sent=False)
