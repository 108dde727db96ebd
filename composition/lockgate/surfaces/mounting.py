"""Puts everything that a gateway serves at its place on the front door."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from lockgate.adapters.callers import Callers
from lockgate.plugins import Plugins
from lockgate.settings import ServerSettings, Settings, split_target
from lockgate.surfaces.admin import AdminPlace, Reload, reload_page
from lockgate.surfaces.catalogue import CataloguePlace
from lockgate.surfaces.conversations import Conversations
from lockgate.surfaces.cors import Cors
from lockgate.surfaces.front_door import DialectPlace, FrontDoor, Place, Serve
from lockgate.surfaces.health import HealthPlace, Tested
from lockgate.surfaces.inside import Inside
from lockgate.surfaces.labels import LabelHeader
from lockgate.surfaces.ledger_pages import LedgerPlace
from lockgate.surfaces.memory import Memory, serve_nothing
from lockgate.surfaces.replies import write_plain_error
from lockgate_core.engine import Engine
from lockgate_core.provider import Provider
from lockgate_ports.dialect import CatalogueDialect, ListedModel, Surface
from lockgate_ports.kept import ConversingDialect, KeptAnswersPort, StatefulDialect
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.model import Attempt


def open_front_door(
    inside: Inside,
    admin: AdminPlace,
    engine: Engine,
    plugins: Plugins,
    models: Sequence[ListedModel],
    tested: Sequence[Tested],
    metrics: MetricsPort,
    ledger: LedgerPort | None,
    callers: Callers,
    server: ServerSettings,
    labels: LabelHeader,
    answers: KeptAnswersPort | None,
    last_reload: Callable[[], Struct | None],
    slots: Callable[[], bytes],
    reload: Reload,
    *,
    loopback: bool,
    instead: Mapping[Surface, Serve],
) -> FrontDoor:
    """Every dialect that the plugins offer, at the surfaces it names, and the gateway's own pages; `instead` stands in
    place of those that tell of this process alone, where it is one of several."""
    door = FrontDoor(inside, callers, Cors(server.cors_origins) if server.cors_origins else None, loopback=loopback)
    listings: dict[Surface, list[Place]] = {}
    for dialect in plugins.dialects.values():
        if isinstance(dialect, CatalogueDialect):
            listing = CataloguePlace(dialect, models)
            for surface in dialect.list_surfaces:
                place = Place(listing.serve_list, dialect.write_error, marks=dialect.marks)
                listings.setdefault(surface, []).append(place)
            for surface in dialect.item_surfaces:
                place = Place(listing.serve_item, dialect.write_error, marks=dialect.marks)
                listings.setdefault(surface, []).append(place)
        else:
            memory = None
            if isinstance(dialect, StatefulDialect):
                memory = Memory(dialect, answers, time.time) if answers is not None else None
                for surface, serve in kept_places(dialect, answers, memory):
                    door.mount(surface, Place(serve, dialect.write_error))
            served = DialectPlace(dialect, engine, server.max_body_bytes, labels, memory)
            place = Place(served.serve, dialect.write_error)
            for surface in dialect.surfaces:
                door.mount(surface, place)
    for surface, places in listings.items():
        door.mount(surface, *places)
    health = HealthPlace(tested, plugins, metrics, ledger, last_reload, slots)

    def own(surface: Surface, serve: Serve, *, open: bool = False, admin: bool = False) -> None:
        door.mount(surface, Place(instead.get(surface, serve), write_plain_error, open=open, admin=admin))

    own(Surface("GET", "/health"), health.serve_health, open=True)
    own(Surface("GET", "/health/providers"), health.serve_providers)
    own(Surface("GET", "/metrics"), health.serve_metrics)
    pages: list[tuple[str, str, Serve]] = [
        ("POST", "/admin/explain", admin.serve_explain),
        ("POST", "/admin/doctor", admin.serve_doctor),
        ("POST", "/admin/reload", reload_page(reload)),
        ("GET", "/admin/rollouts", admin.serve_rollouts),
        ("GET", "/admin/shadows", admin.serve_shadows),
        ("POST", "/admin/rollouts/{act}/{route:path}", admin.serve_act),
    ]
    if ledger is not None:
        kept = LedgerPlace(ledger)
        pages += [("GET", "/admin/usage", kept.serve_usage), ("GET", "/admin/audit", kept.serve_audit)]
        pages.append(("GET", "/admin/content/{request_id}", kept.serve_content))
    for method, path, serve in pages:
        own(Surface(method, path), serve, admin=True)
    return door


def kept_places(
    dialect: StatefulDialect, answers: KeptAnswersPort | None, memory: Memory | None
) -> Iterator[tuple[Surface, Serve]]:
    """Where clients look for what is kept; without a store, they are told that nothing is."""
    places = (
        (dialect.kept_surfaces, memory.serve_kept if memory is not None else serve_nothing),
        (dialect.given_surfaces, memory.serve_given if memory is not None else serve_nothing),
        (dialect.cancel_surfaces, memory.serve_cancel if memory is not None else serve_nothing),
    )
    for surfaces, serve in places:
        yield from ((surface, serve) for surface in surfaces)
    if isinstance(dialect, ConversingDialect):
        talks = Conversations(dialect, answers, time.time).serve if answers is not None else serve_nothing
        yield from ((surface, talks) for surface in dialect.conversation_surfaces)


def probes(settings: Settings, providers: Mapping[str, Provider]) -> list[Tested]:
    """For each provider the smallest real call: to the first model that a route asks it for, or of its catalogue."""
    return [
        _tested(provider, settings.providers[provider_id].kind, models_of(provider_id, provider, settings))
        for provider_id, provider in providers.items()
        if settings.providers[provider_id].status != "disabled"
    ]


def models_of(provider_id: str, provider: Provider, settings: Settings) -> tuple[str, ...]:
    """The models that routes ask it for, and those of its catalogue."""
    targets = [split_target(target) for route in settings.routes.values() for target in route.names]
    routed = [model for asked, model in targets if asked == provider_id and "{" not in model]
    return tuple(dict.fromkeys([*routed, *(card.id for card in provider.port.models)]))


def _tested(provider: Provider, kind: str, models: tuple[str, ...]) -> Tested:
    async def probe() -> None:
        await provider.port.probe(Attempt(models[0], await provider.secret()))

    return Tested(provider.provider_id, kind, models, probe if models else None)
