"""Which part, with what, in this deployment. Lives inside `open_gateway()`; nothing else sees it."""

from dependency_injector import containers, providers

from lockgate import building, building_engine, building_providers
from lockgate.adapters.loop_clock import LoopClock
from lockgate.adapters.notebook import Notebook
from lockgate.adapters.rollout_places import RolloutPlaces
from lockgate.parts import Parts
from lockgate.plugins import Plugins
from lockgate.route_table import build_routes
from lockgate.seat import Seat
from lockgate.settings.model import Settings
from lockgate.ways import WaysOut


class GatewayContainer(containers.DeclarativeContainer):
    """One deployment. An embedder's own port replaces a provider here by an instance argument."""

    settings = providers.Dependency(instance_of=Settings)
    plugins = providers.Dependency(instance_of=Plugins)
    env: providers.Dependency[dict[str, str]] = providers.Dependency(instance_of=dict)
    parts = providers.Dependency(instance_of=Parts)
    seat = providers.Dependency(instance_of=Seat)
    clock = providers.Singleton(LoopClock)
    notebook = providers.Dependency(instance_of=Notebook)
    places: providers.Provider[RolloutPlaces | None] = providers.Object(None)
    egress = providers.Singleton(building.build_egress, settings, plugins, env)
    ways = providers.Singleton(WaysOut, settings, egress, env, notebook)
    secrets = providers.Singleton(building.build_secrets, settings, plugins, ways, env, parts)
    metrics = providers.Singleton(building.build_metrics, settings, plugins, ways, env, parts)
    traces = providers.Singleton(building.build_traces, settings, plugins, ways, env, parts)
    ledger = providers.Singleton(building.build_ledger, settings, plugins, secrets, ways, env, parts)
    answers = providers.Singleton(building.build_answers, settings, parts)
    limits = providers.Singleton(building.build_limits, settings, plugins, secrets, ways, env, parts, seat)
    tokens = providers.Singleton(building.build_tokens, settings, ways, parts)
    callers = providers.Resource(building.build_callers, settings, secrets, tokens)
    models = providers.Singleton(
        building_providers.build_providers, settings, plugins, secrets, ways, notebook, env, parts, seat
    )
    steps = providers.Singleton(building.build_steps, settings, plugins, ways, env, parts)
    routes = providers.Singleton(build_routes, settings, plugins, models)
    rollouts = providers.Singleton(building_engine.build_rollouts, settings, clock, notebook, parts, seat, places)
    limiter = providers.Singleton(building_engine.build_limiter, settings, models, notebook, clock, limits)
    vitals = providers.Singleton(building_engine.build_vitals, models, rollouts, clock, limiter)
    profiles = providers.Singleton(building_engine.build_profiles, settings)
    shadows = providers.Singleton(
        building_engine.build_shadows, settings, models, metrics, egress, notebook, clock, seat
    )
    engine = providers.Singleton(
        building_engine.build_engine,
        settings,
        routes,
        vitals,
        rollouts,
        models,
        steps,
        metrics,
        egress,
        notebook,
        clock,
        ledger,
        traces,
        profiles,
        limiter,
        shadows,
    )
    explainer = providers.Singleton(building_engine.build_explainer, settings, routes, vitals, models, egress)
