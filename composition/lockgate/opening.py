"""`open_gateway()`: settings and plugins in, an open gateway out."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any

from dependency_injector import providers

from lockgate.adapters.bypass_watch import BypassWatch
from lockgate.adapters.known_secrets import KnownSecrets
from lockgate.adapters.notebook import Notebook
from lockgate.audited import noted
from lockgate.building import opened
from lockgate.container import GatewayContainer
from lockgate.gateway import Gateway
from lockgate.health_watch import watched
from lockgate.loading import Source, load
from lockgate.redaction import redact
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
) -> AsyncGenerator[Gateway, None]:
    """Opens a gateway for the time of an `async with` block.

    `settings`: the path of a YAML file, the same as a mapping, or None for what the installed plugins serve without
    any. `environment`: the overlay to apply. `env`: environment variables, by default the process's own. A port object
    replaces the configured one; it stays the caller's to close. Raises SettingsError with all that is wrong.
    """
    variables = dict(os.environ if env is None else env)
    notebook = Notebook()
    with BypassWatch(notebook) as watch:
        # Plugins are imported here, and an import may be slow: it must not hold up the loop of the embedding service.
        loaded, plugins = await asyncio.to_thread(
            load, settings, environment=environment, env=variables, before=lambda chosen: watch.start(chosen.sandbox)
        )
        databases = (each.package for each in plugins.loaded if _DATABASES & set(each.hooks))
        watch.know((each.package for each in plugins.loaded), databases)
        known = None if secrets is None else KnownSecrets(secrets, redact)
        own = {"secrets": known, "egress": egress, "metrics": metrics, "ledger": ledger}
        replaced = {name: providers.Object(port) for name, port in own.items() if port is not None}
        container = GatewayContainer(settings=loaded, plugins=plugins, env=variables, notebook=notebook, **replaced)
        try:
            counted: MetricsPort = await _made(container.metrics)
            kept: LedgerPort | None = await _made(container.ledger)
            notebook.attach(counted, kept)
            callers = await _made(container.callers)
            models = await _made(container.models)
            engine = await _made(container.engine)
            explainer = await _made(container.explainer)
            rollouts = await _made(container.rollouts)
            answers = await _made(container.answers)
            clock = await _made(container.clock)
            async with opened(loaded, models), noted(kept, loaded), watched(loaded, models, clock):
                yield Gateway(loaded, plugins, engine, explainer, rollouts, models, counted, kept, callers, answers)
        finally:
            await _made(container.shutdown_resources)


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
    container = GatewayContainer(settings=loaded, plugins=plugins, env=variables, notebook=Notebook())
    try:
        yield await _made(container.ledger)
    finally:
        await _made(container.shutdown_resources)


async def _made(provider: Any) -> Any:
    """What a provider of the container makes; a coroutine where something it depends on is opened asynchronously."""
    value = provider()
    return await value if isawaitable(value) else value
