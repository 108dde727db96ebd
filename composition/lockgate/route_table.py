"""From settings and the catalogues of the providers to what routing knows."""

import re
from collections.abc import Mapping, Sequence

from lockgate.plugins import Plugins
from lockgate.settings import Fallbacks, Match, RouteTarget, Settings, split_target
from lockgate.settings import Route as RouteRow
from lockgate.settings import Shadow as ShadowRow
from lockgate_core.provider import Provider
from lockgate_core.routing import Candidate, Pattern, Registered, Route, Routes, Shadow, Size, can
from lockgate_ports.cards import ModelCard
from lockgate_ports.context import Target
from lockgate_ports.errors import CallerError, SettingsError


def build_routes(settings: Settings, plugins: Plugins, providers: Mapping[str, Provider]) -> Routes:
    """The table. Raises SettingsError for a route by tasks or size that no model's card fits."""
    registered = {
        provider_id: Registered(
            row.status,
            {card.id: card for card in providers[provider_id].port.models},
            plugins.models[row.kind].prefixes,
        )
        for provider_id, row in settings.providers.items()
    }
    bare = Routes(registered)
    named: dict[str, Route] = {}
    patterns: list[Pattern] = []
    tasks: list[tuple[frozenset[str], Route]] = []
    sizes: list[tuple[Size, Route]] = []
    rest: Route | None = None
    for name, row in settings.routes.items():
        match = row.match or Match()
        route = _route(name, row, match, bare)
        if "{" not in "".join(row.names):
            named[name] = route
        if match.pattern is not None:
            patterns.append(Pattern(re.compile(match.pattern), route))
        elif match.tasks is not None:
            tasks.append((frozenset(match.tasks), route))
        elif match.size is not None:
            sizes.append((Size.read(match.size), route))
        elif match.any:
            rest = route
    routes = Routes(registered, named, patterns, tasks, sizes, rest)
    for name, profile in settings.profiles.items():
        try:
            routes.find(profile.model)
        except CallerError as error:
            raise SettingsError(f"profiles.{name}.model: {error.message}") from None
    return routes


def _route(name: str, row: RouteRow, match: Match, routes: Routes) -> Route:
    candidates = _candidates(row.targets, routes)
    stand_ins = row.stand_ins
    classes = {kind: getattr(stand_ins, kind) for kind in Fallbacks.__struct_fields__ if kind != "any"}
    return Route(
        name,
        candidates or _fitting(name, match, routes),
        row.strategy,
        stand_ins.any,
        {kind: names for kind, names in classes.items() if names is not None},
        () if row.rollout is None else _candidates(row.rollout.to, routes),
        "tenant" if row.rollout is None else row.rollout.sticky,
        None if row.shadow is None else _shadow(row.shadow, routes),
    )


def _shadow(row: ShadowRow, routes: Routes) -> Shadow:
    return Shadow(_candidates(row.targets, routes), row.share, row.allow_side_effects)


def _candidates(rows: Sequence[str | RouteTarget], routes: Routes) -> tuple[Candidate, ...]:
    return tuple(
        routes.candidate(Target(*split_target(each)))
        if isinstance(each, str)
        else routes.candidate(
            Target(*split_target(each.target)), 1.0 if each.weight is None else each.weight, each.status
        )
        for each in rows
    )


def _fitting(name: str, match: Match, routes: Routes) -> tuple[Candidate, ...]:
    """Every model whose card says what the route asks for, in the order of the providers."""
    found = tuple(
        routes.candidate(Target(provider_id, card.id))
        for provider_id, provider in routes.providers.items()
        for card in provider.cards.values()
        if _fits(card, match)
    )
    if not found:
        asked = f"the tasks {', '.join(match.tasks)}" if match.tasks else f"the size {match.size}"
        raise SettingsError(
            f"routes.{name}: no model of the providers is known to have {asked}; list targets, or put models with "
            "cards into the settings of a provider"
        )
    return found


def _fits(card: ModelCard, match: Match) -> bool:
    if match.tasks is not None:
        return can(card, frozenset(match.tasks))
    size = card.parameters_billions
    chats = "chat" in card.operations or not card.operations
    return match.size is not None and size is not None and chats and Size.read(match.size).holds(size)
