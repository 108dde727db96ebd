"""How each part of a deployment is made from its settings; the container says when and from what."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from lockgate.adapters.callers import Callers
from lockgate.adapters.extras import extra
from lockgate.adapters.known_secrets import KnownSecrets
from lockgate.adapters.memory_answers import MemoryAnswers
from lockgate.adapters.secret_stores import SecretStores
from lockgate.parts import LiveSecrets, Parts, Ties
from lockgate.plugins import Plugins
from lockgate.redaction import redact
from lockgate.seat import Seat
from lockgate.settings.limits import Limits
from lockgate.settings.model import Chosen, Settings
from lockgate.ways import WaysOut, allowances
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.errors import EgressDenied
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import HttpRequest, HttpResponse
from lockgate_ports.kept import KeptAnswersPort
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.limits import LimitsPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.secret import Secret
from lockgate_ports.secrets import SecretsPort
from lockgate_ports.steps import Step
from lockgate_ports.tracing import TracesPort

if TYPE_CHECKING:
    from lockgate.adapters.known_keys import KnownKeys
    from lockgate.adapters.token_callers import TokenCallers

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
            from lockgate.adapters.sqlite_answers import SqliteAnswers  # brings SQLite

            return SqliteAnswers(chosen.path, chosen.max_bytes, chosen.max_age, time.time)
        return MemoryAnswers(chosen.max_bytes, chosen.max_age, time.time)

    return parts.take("answers", chosen, build, lambda answers: answers.aclose())


def build_limits(
    settings: Settings, plugins: Plugins, secrets: SecretsPort, ways: WaysOut, env: Env, parts: Parts, seat: Seat
) -> LimitsPort | None:
    """Where limits are counted; None where neither a rule nor a key can have any."""
    chosen = settings.limits
    if not chosen.rules and settings.auth.keys is None:
        return None
    if seat.limits is not None and chosen.kind == Limits().kind:
        return seat.limits

    def build(ties: Ties) -> LimitsPort:
        context = structs.replace(_context("limits", ways.tied(ties), env), secret=_followed(ties.secrets(secrets)))
        return plugins.limits[chosen.kind].build(chosen.settings, context)

    # What was counted holds under other rules too.
    made_from = chosen.kind, chosen.settings, ways.described
    return parts.take("limits", made_from, build, lambda limits: limits.aclose())


def build_tokens(settings: Settings, ways: WaysOut, parts: Parts) -> "TokenCallers | None":
    """Who may come in with a token, if anybody. What is known of issuers' keys lives on through reloads."""
    chosen = settings.auth.jwt
    if not chosen:
        return None
    with extra("jwt", "auth.jwt"):
        from lockgate.adapters.issuer_keys import IssuerKeys  # heavy, and an extra
        from lockgate.adapters.token_callers import TokenCallers

    def build(ties: Ties) -> TokenCallers:
        tied = ways.tied(ties)
        keys = {name: IssuerKeys(name, issuer, tied.of(f"jwt-{name}")) for name, issuer in chosen.items()}
        return TokenCallers({name: (issuer, keys[name]) for name, issuer in chosen.items()})

    return parts.take("tokens", (chosen, ways.described), build, TokenCallers.aclose)


async def build_callers(
    settings: Settings, secrets: SecretsPort, tokens: "TokenCallers | None"
) -> AsyncIterator[Callers]:
    """Who may come in: the fixed keys, read once, the virtual ones, and tokens."""
    clients = [await secrets.fetch(ref) for ref in settings.server.client_credential_refs]
    admins = [await secrets.fetch(ref) for ref in settings.server.admin_credential_refs]
    chosen = settings.auth.keys
    keys = None if chosen is None else await asyncio.to_thread(_known_keys, Path(chosen.path))
    callers = Callers(clients, admins, keys, tokens)
    try:
        yield callers
    finally:
        callers.close()


def build_steps(settings: Settings, plugins: Plugins, ways: WaysOut, env: Env, parts: Parts) -> tuple[Step, ...]:
    """The policy chain, in the order of the settings."""

    def built(place: int, chosen: Chosen) -> Step:
        def build(ties: Ties) -> Step:
            context = _context(f"step-{chosen.kind}", ways.tied(ties), env)
            return plugins.steps[chosen.kind].build(chosen.settings, context)

        return parts.take(f"steps[{place}]", (chosen, ways.described), build)

    return tuple(built(place, chosen) for place, chosen in enumerate(settings.steps))


def _known_keys(path: Path) -> "KnownKeys":
    from lockgate.adapters.known_keys import KnownKeys  # brings SQLite

    return KnownKeys(path)


def _context(name: str, ways: WaysOut, env: Env) -> BuildContext:
    return BuildContext(name, ways.of(name), env=env, secret=ways.local_secret)


def _followed(live: LiveSecrets) -> Callable[[str], Awaitable[Secret]]:
    """Fetches from whichever secrets hold when it is called."""
    return lambda ref: live.fetch(ref)
