"""Decisions of routing from settings alone: providers are built with no way out, and nothing is opened."""

from collections.abc import Mapping

from lockgate.building import NoWayOut, build_egress
from lockgate.building_engine import build_explainer
from lockgate.building_providers import assembled
from lockgate.plugins import Plugins
from lockgate.route_table import build_routes
from lockgate.settings import Settings
from lockgate_core.explain import Explainer
from lockgate_core.held_key import KeySource
from lockgate_core.provider import Provider
from lockgate_core.routing import CALM
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.model import ModelPort


def rehearsed(settings: Settings, plugins: Plugins, env: Mapping[str, str]) -> Explainer:
    """An Explainer for a calm moment: no call runs, nothing has failed, chance always says 0.

    Raises SettingsError naming a provider or route that cannot be built.
    """
    providers: dict[str, Provider] = {}
    for provider_id, row in settings.providers.items():
        sources = [KeySource(ref) for ref in row.keys]
        providers[provider_id] = assembled(provider_id, _port(provider_id, settings, plugins, env), settings, sources)
    egress = build_egress(settings, plugins, env)
    return build_explainer(settings, build_routes(settings, plugins, providers), CALM, providers, egress)


def _port(provider_id: str, settings: Settings, plugins: Plugins, env: Mapping[str, str]) -> ModelPort:
    row = settings.providers[provider_id]
    try:
        return plugins.models[row.kind].build(row.kind_settings, BuildContext(provider_id, NoWayOut(), env=env))
    except SettingsError as error:
        raise SettingsError(f"providers.{provider_id}: {error.message}") from error
