"""`open_gateway()`: settings and plugins in, an open gateway out."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager, nullcontext
from functools import partial
from inspect import isawaitable
from typing import Any

from dependency_injector import providers

from lockgate.adapters.bypass_watch import BypassWatch
from lockgate.adapters.callers import Callers
from lockgate.adapters.known_secrets import KnownSecrets
from lockgate.adapters.notebook import Notebook
from lockgate.adapters.rollout_places import RolloutPlaces
from lockgate.audited import noted
from lockgate.building_providers import open_providers
from lockgate.container import GatewayContainer
from lockgate.deployment import Deployment
from lockgate.gateway import Gateway
from lockgate.health_watch import watched
from lockgate.history import state_of
from lockgate.loading import Source, load
from lockgate.parts import Parts
from lockgate.plugins import Plugins
from lockgate.redaction import redact
from lockgate.seat import ALONE, Seat
from lockgate.settings import Settings
from lockgate.succession import Succession
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.errors import SettingsError
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.secrets import SecretsPort

_DATABASES = {"register_ledgers", "register_limits"}
"""Hooks of plugins that speak to a database."""


@asynccontextmanager
async def open_gateway(
    settings: Source = None,
    *,
    environment: str | None = None,
    env: Mapping[str, str] | None = None,
    secrets: SecretsPort | None = None,
    egress: EgressPolicyPort | None = None,
    metrics: MetricsPort | None = None,
    ledger: LedgerPort | None = None,
    seat: Seat | None = None,
) -> AsyncGenerator[Gateway, None]:
    """Opens a gateway for the time of an `async with` block.

    `settings`: the path of a YAML file, the same as a mapping, or None for what the installed plugins serve without
    any. `environment`: the overlay to apply. `env`: environment variables, by default the process's own. A port object
    replaces the configured one; it stays the caller's to close. `seat`: which of the workers of `lockgate serve` this
    is. Raises SettingsError with all that is wrong.
    """
    variables = dict(os.environ if env is None else env)
    notebook = Notebook()
    known = None if secrets is None else KnownSecrets(secrets, redact)
    own = {"secrets": known, "egress": egress, "metrics": metrics, "ledger": ledger}
    replaced = {name: providers.Object(port) for name, port in own.items() if port is not None}
    with BypassWatch(notebook) as watch:

        @asynccontextmanager
        async def deployed(source: Source, parts: Parts) -> AsyncGenerator[Deployment, None]:
            last = succession.loaded
            # Plugins are imported here, and an import may be slow: it must not hold up the loop of the embedding
            # service. Those of the first settings are watched from here on, those of later ones from when they serve.
            begun = partial(load, before=lambda chosen: watch.start(chosen.sandbox)) if last is None else load
            start = partial(begun, source, environment=environment, env=variables, last=last, credentials=known is None)
            loaded, plugins = await asyncio.to_thread(start, workers=None if seat is None else seat.of)
            databases = (each.package for each in plugins.loaded if _DATABASES & set(each.hooks))
            watch.know((each.package for each in plugins.loaded), databases)
            container = GatewayContainer(
                settings=loaded,
                plugins=plugins,
                env=variables,
                notebook=notebook,
                parts=parts,
                seat=seat or ALONE,
                places=providers.Object(_places(source, loaded, environment)),
                **replaced,
            )
            try:
                deployment = await _deployment(container, loaded, plugins, parts, notebook, watch)
                copying = nullcontext() if deployment.shadows is None else aclosing(deployment.shadows)
                async with watched(loaded, deployment.providers, await _made(container.clock)), copying:
                    yield deployment
            finally:
                await parts.aclose()
                await _made(container.shutdown_resources)

        succession = Succession(deployed, settings)
        await succession.begin()
        try:
            async with noted(lambda: (succession.current.ledger, succession.current.settings), seat or ALONE):
                yield Gateway(succession)
        finally:
            await succession.aclose()


def _places(source: Source, settings: Settings, environment: str | None) -> RolloutPlaces | None:
    state = state_of(source, settings.state)
    if state is None:
        return None
    return RolloutPlaces(state / ("rollouts" if environment is None else f"rollouts-{environment}"), time.time)


async def _deployment(
    container: Any, settings: Settings, plugins: Plugins, parts: Parts, notebook: Notebook, watch: BypassWatch
) -> Deployment:
    # The parts that were made first are closed last.
    store: SecretsPort = await _made(container.secrets)
    policy: EgressPolicyPort = await _made(container.egress)
    counted: MetricsPort = await _made(container.metrics)
    ledger: LedgerPort | None = await _made(container.ledger)

    def begin() -> None:
        parts.tie(policy, store)
        notebook.attach(counted, ledger)
        watch.start(settings.plugins.sandbox)

    callers: Callers = await _made(container.callers)
    models = await _made(container.models)
    deployment = Deployment(
        settings,
        plugins,
        await _made(container.engine),
        await _made(container.explainer),
        await _made(container.rollouts),
        models,
        counted,
        ledger,
        await _made(container.answers),
        callers,
        parts,
        begin,
        policy,
        store,
        await _made(container.shadows),
        await _made(container.limits),
        await _made(container.tokens),
    )
    await open_providers(settings, models, parts)
    return deployment


@asynccontextmanager
async def open_ledger(
    settings: Source, *, environment: str | None = None, env: Mapping[str, str] | None = None
) -> AsyncGenerator[LedgerPort, None]:
    """The ledger of a deployment alone, to read what is in it. Arguments as of `open_gateway`. Raises SettingsError,
    also where settings name no ledger."""
    variables = dict(os.environ if env is None else env)
    loaded, plugins = await asyncio.to_thread(load, settings, environment=environment, env=variables)
    if loaded.ledger is None:
        raise SettingsError("the settings name no ledger; add `ledger: {kind: sqlite, path: ledger.db}`")
    parts = Parts()
    container = GatewayContainer(settings=loaded, plugins=plugins, env=variables, notebook=Notebook(), parts=parts)
    try:
        yield await _made(container.ledger)
    finally:
        await parts.aclose()
        await _made(container.shutdown_resources)


async def _made(provider: Any) -> Any:
    """What a provider of the container makes; a coroutine where something it depends on is opened asynchronously."""
    value = provider()
    return await value if isawaitable(value) else value
