"""How each part of a deployment is made from its settings; the container says when and from what."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from lockgate.adapters.bypass_watch import inside
from lockgate.adapters.callers import Callers
from lockgate.adapters.known_keys import KnownKeys
from lockgate.adapters.known_secrets import KnownSecrets
from lockgate.adapters.memory_answers import MemoryAnswers
from lockgate.adapters.mersenne import Mersenne
from lockgate.adapters.notebook import Notebook
from lockgate.adapters.secret_stores import SecretStores
from lockgate.adapters.sqlite_answers import SqliteAnswers
from lockgate.parts import LiveSecrets, Parts, Ties
from lockgate.plugins import Plugins
from lockgate.redaction import redact
from lockgate.settings.model import Chosen, Settings
from lockgate.settings.routes import Rollout as RolloutRow
from lockgate.settings.routes import Route
from lockgate.ways import WaysOut, allowances
from lockgate_core.attempts import Attempts
from lockgate_core.breaker import BreakerPolicy, Breakers
from lockgate_core.budget import BudgetPolicy, RetryBudget
from lockgate_core.clock import Clock
from lockgate_core.eligibility import Eligibility, objections
from lockgate_core.engine import Engine
from lockgate_core.explain import Explainer
from lockgate_core.held_key import KeySource
from lockgate_core.keys import KeyPool
from lockgate_core.limits import Limiter, Rule
from lockgate_core.live_vitals import LiveVitals
from lockgate_core.profiles import Profile, Profiles
from lockgate_core.provider import Provider, Timeouts, unwatched
from lockgate_core.retry import RetryPolicy
from lockgate_core.rollout import Rollout, RolloutPolicy, Rollouts
from lockgate_core.routing import Routes, Vitals
from lockgate_core.shadows import Shadows
from lockgate_core.slots import Slots, SlotsPolicy
from lockgate_core.terms import PLAIN, HedgePolicy, OwnTimeouts, Terms
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.errors import EgressDenied, SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import HttpRequest, HttpResponse
from lockgate_ports.kept import KeptAnswersPort
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.limits import LimitsPort
from lockgate_ports.metrics import MetricsPort, Note
from lockgate_ports.model import ModelPort
from lockgate_ports.secret import Secret
from lockgate_ports.secrets import SecretsPort
from lockgate_ports.steps import Step
from lockgate_ports.tracing import TracesPort

Env = Mapping[str, str]


class NoWayOut:
    """The HttpPort of what must decide before anything leaves."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Raises EgressDenied."""
        raise EgressDenied(f"nothing may leave for {request.origin} yet", rule="opening", provider_id="")

    async def aclose(self) -> None:
        """Nothing is open."""


def build_egress(settings: Settings, plugins: Plugins, env: Env) -> EgressPolicyPort:
    """The egress policy, told what each provider, store and exporter declares."""
    chosen = settings.egress
    context = BuildContext("egress", NoWayOut(), allowances(settings, plugins), env)
    return plugins.egress[chosen.kind].build(chosen.settings, context)


def build_secrets(settings: Settings, plugins: Plugins, ways: WaysOut, env: Env, parts: Parts) -> SecretsPort:
    """The secret stores that settings name or use."""

    def build(ties: Ties) -> KnownSecrets:
        tied = ways.tied(ties)
        stores = {
            scheme: plugins.secrets[scheme].build(chosen, _context(f"secrets-{scheme}", tied, env))
            for scheme, chosen in settings.secrets.items()
        }
        return KnownSecrets(SecretStores(stores), redact)

    return parts.take("secrets", (settings.secrets, ways.described), build, KnownSecrets.aclose)


def build_metrics(settings: Settings, plugins: Plugins, ways: WaysOut, env: Env, parts: Parts) -> MetricsPort:
    """Where calls are counted."""
    chosen = settings.metrics

    def build(ties: Ties) -> MetricsPort:
        return plugins.metrics[chosen.kind].build(chosen.settings, _context("metrics", ways.tied(ties), env))

    return parts.take("metrics", (chosen, ways.described), build, lambda metrics: metrics.aclose())


def build_traces(settings: Settings, plugins: Plugins, ways: WaysOut, env: Env, parts: Parts) -> TracesPort | None:
    """Where spans are exported, if anywhere."""
    chosen = settings.traces
    if chosen is None:
        return None

    def build(ties: Ties) -> TracesPort:
        return plugins.traces[chosen.kind].build(chosen.settings, _context("traces", ways.tied(ties), env))

    return parts.take("traces", (chosen, ways.described), build, lambda traces: traces.aclose())


def build_ledger(
    settings: Settings, plugins: Plugins, secrets: SecretsPort, ways: WaysOut, env: Env, parts: Parts
) -> LedgerPort | None:
    """Where calls are written down for good, if anywhere."""
    chosen = settings.ledger
    if chosen is None:
        return None

    def build(ties: Ties) -> LedgerPort:
        context = structs.replace(_context("ledger", ways.tied(ties), env), secret=_followed(ties.secrets(secrets)))
        return plugins.ledgers[chosen.kind].build(chosen.settings, context)

    return parts.take("ledger", (chosen, ways.described), build, lambda ledger: ledger.aclose())


def build_answers(settings: Settings, parts: Parts) -> KeptAnswersPort | None:
    """Where answers are kept that clients may refer to; None where they are not."""
    chosen = settings.responses
    if chosen.kind == "none":
        return None

    def build(_: Ties) -> KeptAnswersPort:
        if chosen.path is not None:
            return SqliteAnswers(chosen.path, chosen.max_bytes, chosen.max_age, time.time)
        return MemoryAnswers(chosen.max_bytes, chosen.max_age, time.time)

    return parts.take("answers", chosen, build, lambda answers: answers.aclose())


def build_limits(
    settings: Settings, plugins: Plugins, secrets: SecretsPort, ways: WaysOut, env: Env, parts: Parts
) -> LimitsPort | None:
    """Where limits are counted; None where neither a rule nor a key can have any."""
    chosen = settings.limits
    if not chosen.rules and settings.auth.keys is None:
        return None

    def build(ties: Ties) -> LimitsPort:
        context = structs.replace(_context("limits", ways.tied(ties), env), secret=_followed(ties.secrets(secrets)))
        return plugins.limits[chosen.kind].build(chosen.settings, context)

    # What was counted holds under other rules too.
    made_from = chosen.kind, chosen.settings, ways.described
    return parts.take("limits", made_from, build, lambda limits: limits.aclose())


async def build_callers(settings: Settings, secrets: SecretsPort) -> AsyncIterator[Callers]:
    """Who may come in: the fixed keys, read once, and the virtual ones."""
    clients = [await secrets.fetch(ref) for ref in settings.server.client_credential_refs]
    admins = [await secrets.fetch(ref) for ref in settings.server.admin_credential_refs]
    chosen = settings.auth.keys
    keys = None if chosen is None else await asyncio.to_thread(KnownKeys, Path(chosen.path))
    callers = Callers(clients, admins, keys)
    try:
        yield callers
    finally:
        callers.close()


def build_providers(
    settings: Settings,
    plugins: Plugins,
    secrets: SecretsPort,
    ways: WaysOut,
    notebook: Notebook,
    env: Env,
    parts: Parts,
) -> dict[str, Provider]:
    """Every configured provider, not open yet."""
    return {
        provider_id: _provider(provider_id, settings, plugins, secrets, ways, notebook, env, parts)
        for provider_id in settings.providers
    }


async def open_providers(settings: Settings, providers: Mapping[str, Provider], parts: Parts) -> None:
    """Opens all at once that are new and not disabled. Raises SettingsError naming the one that does not open.

    Not a resource of the container: that could not be cancelled while a model loads.
    """
    rows = settings.providers
    enabled = [each for each in providers.values() if rows[each.provider_id].status != "disabled"]
    await asyncio.gather(*(_open(each) for each in enabled if parts.is_new(_port_of(each.provider_id))))


def build_steps(settings: Settings, plugins: Plugins, ways: WaysOut, env: Env, parts: Parts) -> tuple[Step, ...]:
    """The policy chain, in the order of the settings."""

    def built(place: int, chosen: Chosen) -> Step:
        def build(ties: Ties) -> Step:
            context = _context(f"step-{chosen.kind}", ways.tied(ties), env)
            return plugins.steps[chosen.kind].build(chosen.settings, context)

        return parts.take(f"steps[{place}]", (chosen, ways.described), build)

    return tuple(built(place, chosen) for place, chosen in enumerate(settings.steps))


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
    limits: LimitsPort | None,
    shadows: Shadows | None,
) -> Engine:
    """Routing, steps and attempts over the open providers."""
    # Jitter is no secret: it only has to differ from one process to the next.
    terms = build_terms(settings)
    attempts = Attempts(providers, Eligibility(egress, notebook), retries(settings), clock, random.random, terms)
    prices = {
        (provider_id, card.id): card.price
        for provider_id, provider in providers.items()
        for card in provider.port.models
        if card.price is not None
    }
    said = settings.limits
    limiter = None
    if limits is not None:
        rules = [Rule(rule.scope, rule.limits) for rule in said.rules]
        limiter = Limiter(limits, rules, prices, answer_tokens=said.answer_tokens, unpriced=said.unpriced)
    return Engine(
        routes,
        vitals,
        rollouts,
        steps,
        attempts,
        metrics,
        clock,
        ledger=ledger,
        traces=traces,
        prices=prices,
        profiles=profiles,
        limiter=limiter,
        default_caller=_default_caller(settings),
        shadows=shadows,
    )


def build_terms(settings: Settings) -> dict[str, Terms]:
    """What routes say of how their calls are made; those that say nothing are not there."""
    made: dict[str, Terms] = {}
    for name, row in settings.routes.items():
        stream, own = row.stream, row.timeouts
        timeouts = None if own is None else OwnTimeouts(own.attempt, own.first_token, own.idle, own.total)
        hedge = None if row.hedge is None else HedgePolicy(row.hedge.budget, row.hedge.allow_side_effects)
        made[name] = Terms(timeouts, stream.policy, stream.hold_tokens, stream.hold_ms / 1000, hedge)
    return {name: terms for name, terms in made.items() if terms != PLAIN}


def build_profiles(settings: Settings) -> Profiles:
    """The profiles, by all names that they are asked for."""
    made: dict[str, Profile] = {}
    for name, row in settings.profiles.items():
        said = {key: value for key, value in structs.asdict(row.parameters).items() if value is not None}
        template = row.prompt_template
        identity = (None, None) if template is None else (template.id, template.version)
        made[name] = Profile(name, row.model, said, row.timeout, *identity)
    return Profiles.named(made)


def build_rollouts(settings: Settings, clock: Clock, parts: Parts) -> Rollouts:
    """Those of the routes that have one, each at its first step, or where it was before these settings."""
    now = clock.now()
    fields = RolloutPolicy.__struct_fields__

    def built(name: str, route: Route, row: RolloutRow) -> Rollout:
        policy = RolloutPolicy(**{field: getattr(row, field) for field in fields})
        return parts.take(f"routes.{name}.rollout", (row, route.targets), lambda _: Rollout(name, policy, now))

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
) -> Shadows | None:
    """What sends copies of calls, where some route wants that. Each is tried once."""
    most = {name: row.shadow.max_parallel for name, row in settings.routes.items() if row.shadow is not None}
    if not most:
        return None
    once = structs.replace(retries(settings), max_attempts=1)
    attempts = Attempts(providers, Eligibility(egress, notebook), once, clock, random.random)
    return Shadows(attempts, providers, clock, metrics.note, most)


def build_vitals(providers: Mapping[str, Provider], rollouts: Rollouts, clock: Clock) -> LiveVitals:
    """The moment, as routing sees it."""
    return LiveVitals(providers, clock, Mersenne(), rollouts)


def build_explainer(
    settings: Settings, routes: Routes, vitals: Vitals, providers: Mapping[str, Provider], egress: EgressPolicyPort
) -> Explainer:
    """What tells decisions of routing beforehand."""
    profiles = build_profiles(settings)
    objecting = objections(egress)
    caller, terms = _default_caller(settings), build_terms(settings)
    return Explainer(routes, vitals, providers, retries(settings), profiles, objecting, caller, terms)


def retries(settings: Settings) -> RetryPolicy:
    """How often a call is tried."""
    retry = settings.retry
    return RetryPolicy(retry.max_attempts, retry.base_delay, retry.max_delay, retry.max_retry_after)


def _provider(
    provider_id: str,
    settings: Settings,
    plugins: Plugins,
    secrets: SecretsPort,
    ways: WaysOut,
    notebook: Notebook,
    env: Env,
    parts: Parts,
) -> Provider:
    row = settings.providers[provider_id]
    asked = row.kind, row.kind_settings, ways.described_of(provider_id), row.status == "disabled"

    def build(ties: Ties) -> ModelPort:
        way = ways.tied(ties).of_provider(provider_id)
        with inside(provider_id):
            return plugins.models[row.kind].build(row.kind_settings, BuildContext(provider_id, way, env=env))

    def pool(ties: Ties) -> KeyPool:
        live = ties.secrets(secrets)
        return KeyPool(provider_id, [_source(provider_id, ref, live, notebook) for ref in row.keys] or [KeySource()])

    port = parts.take(_port_of(provider_id), asked, build, lambda port: port.aclose())
    made = assembled(provider_id, port, settings, [], notebook)
    # What is known of those who are asked holds for as long as the same ones are asked.
    kept = f"providers.{provider_id}"
    budget = settings.retry.budget, settings.retry.budget_reserve
    slots = row.max_parallel, row.max_queued, row.queue_timeout
    return structs.replace(
        made,
        keys=parts.take(f"{kept}.keys", (asked, row.keys), pool),
        breakers=parts.take(f"{kept}.breakers", (asked, settings.breaker), lambda _: made.breakers),
        budget=parts.take(f"{kept}.budget", (asked, budget), lambda _: made.budget),
        slots=parts.take(f"{kept}.slots", (asked, slots), lambda _: made.slots),
        loads=parts.take(f"{kept}.loads", asked, lambda _: made.loads),
    )


def _port_of(provider_id: str) -> str:
    return f"providers.{provider_id}.port"


def assembled(
    provider_id: str,
    port: ModelPort,
    settings: Settings,
    sources: Sequence[KeySource],
    note: Callable[[Note], None] | None = None,
) -> Provider:
    """A port with what bounds the calls to it, by its row. `note` is told when one of its breakers opens or closes."""
    row = settings.providers[provider_id]
    times = row.timeouts
    timeouts = Timeouts(times.attempt, times.first_token, times.idle, times.total)
    budget = settings.retry.budget, settings.retry.budget_reserve
    slots = SlotsPolicy(row.max_parallel, row.max_queued, row.queue_timeout) if row.max_parallel is not None else None
    return Provider(
        provider_id,
        port,
        timeouts,
        KeyPool(provider_id, sources or [KeySource()]),
        Breakers(
            BreakerPolicy(**structs.asdict(settings.breaker)),
            None if note is None else lambda model, opened: note(_of_breaker(provider_id, model, opened=opened)),
        ),
        RetryBudget(BudgetPolicy(*budget)),
        None if slots is None else Slots(provider_id, slots),
        told_of_traces=row.send_traceparent,
        around=unwatched if settings.plugins.sandbox == "off" else inside,
        by_model={
            model: OwnTimeouts(own.attempt, own.first_token, own.idle, own.total).over(timeouts)
            for model, own in row.model_timeouts.items()
        },
    )


def _of_breaker(provider_id: str, model: str, *, opened: bool) -> Note:
    return Note("breaker_opened" if opened else "breaker_closed", provider_id, model)


def _source(provider_id: str, ref: str, secrets: LiveSecrets, notebook: Notebook) -> KeySource:
    return KeySource(
        ref,
        lambda: secrets.fetch(ref),
        rotated=lambda: notebook(Note("client_rotation", provider_id, ref)),
        stood_in=lambda: notebook(Note("stale_key", provider_id, ref)),
    )


def _default_caller(settings: Settings) -> Caller:
    labels = settings.labels
    if labels.tenant is None and not labels.default:
        return NOBODY
    return Caller(tenant=labels.tenant, labels=tuple(labels.default.items()))


async def _open(provider: Provider) -> None:
    try:
        with inside(provider.provider_id):
            await provider.port.open()
    except SettingsError as error:
        raise SettingsError(f"providers.{provider.provider_id}: {error.message}") from error


def _context(name: str, ways: WaysOut, env: Env) -> BuildContext:
    return BuildContext(name, ways.of(name), env=env, secret=ways.local_secret)


def _followed(live: LiveSecrets) -> Callable[[str], Awaitable[Secret]]:
    """Fetches from whichever secrets hold when it is called."""
    return lambda ref: live.fetch(ref)
