"""From the name of a model to the route that answers for it: names, patterns, tasks, sizes, catalogues, prefixes."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from lockgate_core.routing.names import direct, no_such, shown
from lockgate_core.routing.size import Size, billions
from lockgate_core.routing.values import Candidate, Route, Status, strictest
from lockgate_ports.cards import ModelCard
from lockgate_ports.context import Target
from lockgate_ports.errors import InvalidRequest, ModelNotFound, UpstreamError

TASK = "task:"
SIZE = "size:"
_FIELD = re.compile(r"\{(\w+)\}")
_LONGEST = 256
"""Characters of a name that is still looked for among patterns."""


class Registered(Struct, frozen=True):
    """A configured provider: what it lists, and the beginnings of names that are its own."""

    status: Status = "active"
    cards: Mapping[str, ModelCard] = {}
    prefixes: tuple[str, ...] = ()


class Pattern(Struct, frozen=True):
    """A route for all names that match as a whole. In its targets `{model}` stands for the name that was asked for,
    `{name}` for the group of that name."""

    regex: re.Pattern[str]
    route: Route


class Routes(Struct, frozen=True):
    """All that routing knows."""

    providers: Mapping[str, Registered]
    named: Mapping[str, Route] = {}
    patterns: Sequence[Pattern] = ()
    tasks: Sequence[tuple[frozenset[str], Route]] = ()
    sizes: Sequence[tuple[Size, Route]] = ()
    otherwise: Route | None = None
    """Answers for every name that nothing else answers for."""

    def find(self, name: str) -> Route:
        """The route for the name. Raises ModelNotFound, InvalidRequest for a name that is not unique, UpstreamError
        for a provider that is being drained."""
        if (route := self.named.get(name)) is not None:
            return route
        if len(name) <= _LONGEST:
            for pattern in self.patterns:
                if (match := pattern.regex.fullmatch(name)) is not None:
                    return self._filled(pattern.route, {"model": name, **match.groupdict("")})
        if name.startswith(TASK) and (route := self._by_task(name)) is not None:
            return route
        if name.startswith(SIZE) and (route := self._by_size(name)) is not None:
            return route
        if (route := self._named_target(name) or self._offered(name) or self.otherwise) is not None:
            return route
        raise ModelNotFound(no_such(name, self.named, self.providers), param="model")

    def candidate(self, target: Target, weight: float = 1.0, status: Status = "active") -> Candidate:
        """The target with what is known of it."""
        provider = self.providers[target.provider_id]
        return Candidate(target, weight, provider.cards.get(target.model), strictest(status, provider.status))

    def _filled(self, route: Route, values: Mapping[str, str]) -> Route:
        """The route with its placeholders filled in; those without any stay the same objects."""

        def filled(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
            return tuple(
                self.candidate(
                    Target(each.target.provider_id, _FIELD.sub(lambda field: values[field[1]], each.target.model)),
                    each.weight,
                    each.status,
                )
                if "{" in each.target.model
                else each
                for each in candidates
            )

        shadow = route.shadow and structs.replace(route.shadow, candidates=filled(route.shadow.candidates))
        return structs.replace(route, candidates=filled(route.candidates), canary=filled(route.canary), shadow=shadow)

    def _by_task(self, name: str) -> Route | None:
        words = frozenset(name.removeprefix(TASK).split(","))
        fitting = [(len(offered), route) for offered, route in self.tasks if words <= offered]
        return min(fitting, key=lambda each: each[0])[1] if fitting else None

    def _by_size(self, name: str) -> Route | None:
        size = billions(name.removeprefix(SIZE))
        return next((route for held, route in self.sizes if size is not None and held.holds(size)), None)

    def _named_target(self, name: str) -> Route | None:
        """`provider_id/model`."""
        target = direct(name)
        if target is None or (provider := self.providers.get(target.provider_id)) is None:
            return None
        if provider.status == "disabled":
            raise ModelNotFound(f"the provider {target.provider_id} is disabled; ask for another model", param="model")
        if provider.status == "draining":
            message = f"{target.provider_id}: is being drained and gets no new calls; ask for another model"
            raise UpstreamError(message, kind="overloaded", provider_id=target.provider_id, sent=False)
        return Route(name, (Candidate(target, card=provider.cards.get(target.model)),), asked_directly=True)

    def _offered(self, name: str) -> Route | None:
        """Whose catalogue lists the bare name, else whose prefix it begins with."""
        active = {key: each for key, each in self.providers.items() if each.status == "active"}
        owners = [key for key, each in active.items() if name in each.cards]
        if not owners:
            length = {key: max((len(p) for p in each.prefixes if name.startswith(p)), default=0)
                      for key, each in active.items()}  # fmt: skip
            longest = max(length.values(), default=0)
            owners = [key for key, each in length.items() if each == longest > 0]
        if len(owners) > 1:
            names = " and ".join(owners)
            asks = " or ".join(shown(f"{owner}/{name}") for owner in owners)
            message = f"{shown(name)} is a model of {names}; ask for {asks}, or name a route"
            raise InvalidRequest(message, param="model", code="ambiguous_model")
        if not owners:
            return None
        target = Target(owners[0], name)
        return Route(name, (Candidate(target, card=active[owners[0]].cards.get(name)),), asked_directly=True)
