"""How the engine is made from the settings: routing, terms, profiles, rollouts, shadows, attempts."""

import random
from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec
from msgspec import structs

from lockgate.adapters.call_log import logged
from lockgate.adapters.mersenne import Mersenne
from lockgate.adapters.notebook import Notebook
from lockgate.adapters.rollout_places import RolloutPlaces
from lockgate.building_providers import own_retry
from lockgate.origins import Origins
from lockgate.parts import Parts, Ties
from lockgate.redaction import redact
from lockgate.seat import Seat
from lockgate.settings.model import Settings
from lockgate.settings.routes import OwnTimeouts as OwnTimeoutsRow
from lockgate.settings.routes import Rollout as RolloutRow
from lockgate.settings.routes import Route, Stream
from lockgate_core.attempts import Attempts
from lockgate_core.blotting import redaction
from lockgate_core.clock import Clock
from lockgate_core.cost import Prices
from lockgate_core.eligibility import Eligibility, objections
from lockgate_core.engine import Engine
from lockgate_core.explain import Explainer
from lockgate_core.keeping import KeepPolicy
from lockgate_core.limits import Limiter, Rooms, Rule
from lockgate_core.live_vitals import LiveVitals, unlimited
from lockgate_core.priority import PriorityPolicy
from lockgate_core.profiles import Profile, Profiles
from lockgate_core.provider import OwnRetry, OwnTimeouts, Provider
from lockgate_core.retry import RetryPolicy
from lockgate_core.rollout import NOWHERE, Rollout, RolloutPolicy, Rollouts
from lockgate_core.routing import Routes, Vitals
from lockgate_core.shadows import Shadows
from lockgate_core.terms import PLAIN, HedgePolicy, OwnTerms, StreamPolicy, Terms, TermsBook
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.limits import LimitsPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.steps import Step
from lockgate_ports.tracing import TracesPort


def build_engine(
    settings: Settings,
    routes: Routes,
    vitals: Vitals,
    rollouts: Rollouts,
    providers: Mapping[str, Provider],
    steps: Sequence[Step],
    metrics: MetricsPort,
    egress: EgressPolicyPort,
    notebook: Notebook,
    clock: Clock,
    ledger: LedgerPort | None,
    traces: TracesPort | None,
    profiles: Profiles,
    limiter: Limiter | None,
    shadows: Shadows | None,
) -> Engine:
    """Routing, steps and attempts over the open providers."""
    # Jitter is no secret: it only has to differ from one process to the next.
    terms = build_terms(settings)
    attempts = Attempts(providers, Eligibility(egress, notebook), retries(settings), clock, random.random, terms)
    return Engine(
        routes,
        vitals,
        rollouts,
        steps,
        attempts,
        logged(metrics),
        clock,
        ledger=ledger,
        traces=traces,
        prices=_prices(providers),
        profiles=profiles,
        limiter=limiter,
        default_caller=_default_caller(settings),
        shadows=shadows,
        keeping=build_keeping(settings),
        priorities=build_priorities(settings),
    )


def build_keeping(settings: Settings) -> dict[str, KeepPolicy]:
    """What routes keep of prompts and answers; those that keep nothing are not there."""
    return {
        name: KeepPolicy(
            keep.prompts, keep.answers, redaction(keep.redact, redact), keep.days * 86_400.0, keep.max_letters
        )
        for name, row in settings.routes.items()
        if (keep := row.keep) is not None
    }


def build_limiter(
    settings: Settings, providers: Mapping[str, Provider], notebook: Notebook, clock: Clock, limits: LimitsPort | None
) -> Limiter | None:
    """What counts calls against limits, where there are some."""
    if limits is None:
        return None
    said = settings.limits
    return Limiter(
        limits,
        [Rule(rule.scope, rule.limits) for rule in said.rules],
        _prices(providers),
        clock,
        notebook.audit,
        answer_tokens=said.answer_tokens,
        unpriced=said.unpriced,
        rooms=Rooms() if any(route.strategy == "usage" for route in settings.routes.values()) else None,
    )


def _prices(providers: Mapping[str, Provider]) -> Prices:
    return {
        (provider_id, card.id): card.price
        for provider_id, provider in providers.items()
        for card in provider.port.models
        if card.price is not None
    }


def build_terms(settings: Settings) -> TermsBook:
    """What routes and profiles say of how their calls are made; those that say nothing are not there."""
    routes: dict[str, Terms] = {}
    for name, row in settings.routes.items():
        hedge = None if row.hedge is None else HedgePolicy(row.hedge.budget, row.hedge.allow_side_effects)
        own = OwnTerms(_own_timeouts(row.timeouts), own_retry(row.retry), _stream(row.stream))
        routes[name] = own.over(Terms(hedge=hedge))
    profiles = {
        name: OwnTerms(_own_timeouts(row.timeouts), own_retry(row.retry), _stream(row.stream))
        for name, row in settings.profiles.items()
    }
    return TermsBook(
        {name: terms for name, terms in routes.items() if terms != PLAIN},
        {name: own for name, own in profiles.items() if own != OwnTerms()},
    )


def _own_timeouts(said: OwnTimeoutsRow | None) -> OwnTimeouts | None:
    return None if said is None else OwnTimeouts(**structs.asdict(said))


def _stream(said: Stream | None) -> StreamPolicy | None:
    return None if said is None else StreamPolicy(said.policy, said.hold_tokens, said.hold_ms / 1000)


def build_priorities(settings: Settings) -> PriorityPolicy:
    """What priority calls have."""
    return PriorityPolicy(settings.priority.default, settings.priority.most)


def build_profiles(settings: Settings) -> Profiles:
    """The profiles, by all names that they are asked for."""
    made: dict[str, Profile] = {}
    for name, row in settings.profiles.items():
        said = {key: value for key, value in structs.asdict(row.parameters).items() if value is not None}
        template = row.prompt_template
        identity = (None, None) if template is None else (template.id, template.version)
        made[name] = Profile(name, row.model, said, row.timeout, row.priority, *identity)
    return Profiles.named(made)


def build_rollouts(
    settings: Settings, clock: Clock, notebook: Notebook, parts: Parts, seat: Seat, places: RolloutPlaces | None
) -> Rollouts:
    """Those of the routes that have one, each at its first step, or where it was before: under the last settings, or
    when a process had the same ones. One that is described otherwise is another."""
    now = clock.now()
    fields = RolloutPolicy.__struct_fields__

    def built(name: str, route: Route, row: RolloutRow) -> Rollout:
        policy = RolloutPolicy(**{field: getattr(row, field) for field in fields})
        asked = name, row, route.targets

        def begun(_: Ties) -> Rollout:
            terms = sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()
            place = NOWHERE if places is None else places.of(terms[:32])
            return Rollout(
                name, policy, now, notebook.audit, place, terms=terms, origin=seat.number, decide=seat.decide
            )

        return parts.take(f"routes.{name}.rollout", asked, begun)

    return Rollouts(
        {name: built(name, route, route.rollout) for name, route in settings.routes.items() if route.rollout}
    )


def build_shadows(
    settings: Settings,
    providers: Mapping[str, Provider],
    metrics: MetricsPort,
    egress: EgressPolicyPort,
    notebook: Notebook,
    clock: Clock,
    seat: Seat,
) -> Shadows | None:
    """What sends copies of calls, where some route wants that. Each is tried once."""
    shadows = {name: row.shadow for name, row in settings.routes.items() if row.shadow is not None}
    most = {name: max(1, seat.share(shadow.max_parallel)) for name, shadow in shadows.items()}
    if not most:
        return None
    once = TermsBook(otherwise=Terms(retry=OwnRetry(max_attempts=1)))
    attempts = Attempts(providers, Eligibility(egress, notebook), retries(settings), clock, random.random, once)
    return Shadows(attempts.answer, providers, clock, metrics.note, most)


def build_vitals(
    providers: Mapping[str, Provider], rollouts: Rollouts, clock: Clock, limiter: Limiter | None
) -> LiveVitals:
    """The moment, as routing sees it."""
    return LiveVitals(providers, clock, Mersenne(), rollouts, unlimited if limiter is None else limiter.room)


def build_explainer(
    settings: Settings, routes: Routes, vitals: Vitals, providers: Mapping[str, Provider], egress: EgressPolicyPort
) -> Explainer:
    """What tells decisions of routing beforehand."""
    profiles = build_profiles(settings)
    objecting = objections(egress)
    caller, terms, priorities = _default_caller(settings), build_terms(settings), build_priorities(settings)
    return Explainer(
        routes,
        vitals,
        providers,
        retries(settings),
        profiles,
        objecting,
        caller,
        terms,
        priorities,
        Origins(settings),
    )


def retries(settings: Settings) -> RetryPolicy:
    """How often a call is tried."""
    retry = settings.retry
    return RetryPolicy(retry.max_attempts, retry.base_delay, retry.max_delay, retry.max_retry_after)


def _default_caller(settings: Settings) -> Caller:
    labels = settings.labels
    if labels.tenant is None and not labels.default:
        return NOBODY
    return Caller(tenant=labels.tenant, labels=tuple(labels.default.items()))
