"""What is wrong with routes: each by itself, and all together."""

import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from lockgate.settings.faults import Place
from lockgate.settings.kinds import did_you_mean, fields_of
from lockgate.settings.patterns import covers
from lockgate.settings.routes import Fallbacks, Match, Rollout, Route, RouteTarget, Shadow
from lockgate.settings.shape import FAULTY, Shape
from lockgate.settings.targets import split_target
from lockgate.settings.tree import Items, Node, Path, Scalar, Table, quoted
from lockgate_core.routing import Size

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_FIELD = re.compile(r"\{(\w+)\}")


class _Read(Struct, frozen=True):
    """A route that was read, and where it stands."""

    route: Route
    node: Table
    path: Path
    at: Place


class RouteChecks:
    """Reads routes one by one; `finish` says what is wrong among them."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._read: dict[str, _Read] = {}
        self._names: set[str] = set()
        self.providers: Sequence[str] = ()

    def read(self, node: Node, path: Path, at: Place) -> Any:
        """A row of `routes` as a Route, or FAULTY."""
        name = str(path[-1])
        self._names.add(name)
        if not name.strip() or _CONTROL.search(name):
            message = "the name of a route must not be blank and must hold no control characters"
            self._shape.fault(at, "bad-name", path, message)
        if not isinstance(node, Table):
            return self._shape.wrong_type(node, "a mapping with targets", path)
        before = len(self._shape.faults)
        values = self._shape.fields(node, fields_of(Route), path, at)
        targets = values.get("targets", ())
        if targets is not FAULTY:
            self._targets(targets, node, path, "targets")
        rollout = values.get("rollout")
        if isinstance(rollout, Rollout):
            table = node.entries["rollout"].node
            assert isinstance(table, Table)  # noqa: S101  it was read as a mapping just now
            self._targets(rollout.to, table, (*path, "rollout"), "to")
        shadow = values.get("shadow")
        if isinstance(shadow, Shadow):
            table = node.entries["shadow"].node
            assert isinstance(table, Table)  # noqa: S101  likewise
            self._targets(shadow.targets, table, (*path, "shadow"), "targets")
        if len(self._shape.faults) > before:
            return FAULTY
        route = self._shape.build(values, Route, node, path, at)
        if route is FAULTY:
            return FAULTY
        self._match(route, node, path, at)
        self._weights(route, node, path)
        if len(self._shape.faults) > before:
            return FAULTY
        self._read[name] = _Read(route, node, path, at)
        return route

    def named(self, model: str, path: Path, place: Place) -> None:
        """Takes note of a name that begins like a target of a provider which does not exist."""
        if model not in self._names and "/" in model and not any(each.route.match for each in self._read.values()):
            self._target(model, path, place)

    def finish(self, *, ledger: bool) -> None:
        """Takes note of what is wrong among all routes that were read. `ledger`: there is one."""
        if not ledger:
            self._unkept()
        for each in self._read.values():
            self._fallbacks(each)
        self._cycles()
        self._shadows()

    def _unkept(self) -> None:
        for each in self._read.values():
            if each.route.keep is not None:
                message, hint = "there is no ledger to keep it in", "add `ledger: {kind: sqlite, path: ledger.db}`"
                self._shape.fault(each.node.entries["keep"].place, "missing-key", (*each.path, "keep"), message, hint)

    def _targets(self, targets: Sequence[str | RouteTarget], node: Table, path: Path, key: str) -> None:
        places = _items(node, key)
        seen: set[str] = set()
        for index, (each, item) in enumerate(zip(targets, places, strict=True)):
            written = each if isinstance(each, str) else each.target
            inner: Path = (*path, key, index)
            place = item.place
            if isinstance(item, Table):
                inner, place = (*inner, "target"), item.entries["target"].node.place
            if written in seen:
                self._shape.fault(place, "bad-value", inner, f"{quoted(written)} stands there twice")
            seen.add(written)
            self._target(written, inner, place)

    def _target(self, target: str, path: Path, place: Place) -> None:
        try:
            provider_id, _ = split_target(target)
        except ValueError as error:
            return self._shape.fault(place, "bad-value", path, str(error), "openai/gpt-5.4-mini, say")
        if provider_id not in self.providers:
            message = f"there is no provider {quoted(provider_id)}"
            known = f"known providers: {', '.join(self.providers) or 'none'}"
            hint = did_you_mean(provider_id, self.providers) or known
            self._shape.fault(place, "unknown-provider", path, message, hint)
        return None

    def _match(self, route: Route, node: Table, path: Path, at: Place) -> None:
        match = route.match or Match()
        inner = (*path, "match")
        place = node.entries["match"].node.place if route.match is not None else at
        said = [name for name in Match.__struct_fields__ if getattr(match, name) is not None]
        if route.match is not None and len(said) != 1:
            message = "says nothing" if not said else f"says {' and '.join(said)} at once"
            hint = f"say one of {', '.join(Match.__struct_fields__)}"
            self._shape.fault(place, "bad-value", inner, message, hint)
        if not route.targets and match.tasks is None and match.size is None:
            self._shape.fault(at, "missing-key", path, "targets is missing", "it must be a list of provider_id/model")
        groups: set[str] = set()
        if match.pattern is not None:
            groups = self._pattern(match.pattern, _place(node, "match", "pattern"), (*inner, "pattern"))
        if match.size is not None:
            try:
                Size.read(match.size)
            except ValueError as error:
                self._shape.fault(_place(node, "match", "size"), "bad-value", (*inner, "size"), str(error))
        self._placeholders(route.names, groups, _items(node, "targets"), (*path, "targets"))
        if route.shadow is not None and isinstance(table := node.entries["shadow"].node, Table):
            self._placeholders(route.shadow.targets, groups, _items(table, "targets"), (*path, "shadow", "targets"))

    def _pattern(self, pattern: str, place: Place, path: Path) -> set[str]:
        try:
            return {"model", *re.compile(pattern).groupindex}
        except re.error as error:
            where = "" if error.pos is None else f" at position {error.pos}"
            message = f"is no regular expression: {error.msg}{where}"
            hint = "a `*` for anything is written `.*`" if pattern.startswith("*") else ""
            self._shape.fault(place, "bad-value", path, message, hint)
            return {"model", *_FIELD.findall(pattern)}

    def _placeholders(self, names: Sequence[str], groups: set[str], items: Sequence[Node], path: Path) -> None:
        for index, (name, item) in enumerate(zip(names, items, strict=True)):
            inner = (*path, index)
            for field in _FIELD.findall(name):
                if field not in groups:
                    known = ", ".join(f"{{{group}}}" for group in sorted(groups))
                    message = f"{{{field}}} stands for nothing"
                    hint = f"known here: {known}" if groups else "placeholders go with match: {pattern: ...}"
                    self._shape.fault(item.place, "bad-value", inner, message, hint)
            if "{" in split_target(name)[0]:
                hint = "write one route for each provider"
                self._shape.fault(item.place, "bad-value", inner, "the provider_id cannot be filled in", hint)

    def _weights(self, route: Route, node: Table, path: Path) -> None:
        rows = [each for each in route.targets if isinstance(each, RouteTarget)]
        weights = [1.0 if isinstance(each, str) or each.weight is None else each.weight for each in route.targets]
        inner = (*path, "targets")
        if route.strategy != "weighted" and any(each.weight is not None for each in rows):
            hint = "say strategy: weighted, or leave the weights out"
            place = node.entries["targets"].place
            self._shape.fault(place, "bad-value", inner, f"weights mean nothing with strategy: {route.strategy}", hint)
        elif route.targets and not any(weights):
            place = node.entries["targets"].place
            self._shape.fault(
                place, "bad-value", inner, "all weights are 0: nobody is asked first", "raise one of them"
            )

    def _fallbacks(self, each: _Read) -> None:
        for kind, names in _by_class(each.route.stand_ins).items():
            node = each.node.entries["fallbacks"].node
            path: Path = (*each.path, "fallbacks")
            if isinstance(node, Table):
                node, path = node.entries[kind].node, (*path, kind)
            for index, (name, item) in enumerate(
                zip(names, node.items if isinstance(node, Items) else (), strict=True)
            ):
                self._fallback(name, (*path, index), item.place)

    def _fallback(self, name: str, path: Path, place: Place) -> None:
        if (other := self._read.get(name)) is not None and "{" in "".join(other.route.names):
            message = f"{quoted(name)} is filled in from the name that was asked for, and cannot stand in"
            return self._shape.fault(place, "bad-value", path, message, "name its targets")
        if name in self._names:
            return None
        if "/" in name:
            return self._target(name, path, place)
        hint = did_you_mean(name, self._names) or f"known routes: {', '.join(sorted(self._names))}"
        return self._shape.fault(place, "unknown-route", path, f"there is no route {quoted(name)}", hint)

    def _cycles(self) -> None:
        """A fallback that leads back to its own route; told once for each route on the way."""
        for name, each in self._read.items():
            if trail := self._trail(name, name, (name,)):
                place = each.node.entries["fallbacks"].place
                message = f"leads back to where it began: {' -> '.join(trail)}"
                self._shape.fault(place, "cycle", (*each.path, "fallbacks"), message, "take one of these out")

    def _trail(self, start: str, name: str, walked: tuple[str, ...]) -> tuple[str, ...]:
        for after in dict.fromkeys(other for names in _by_class(self._read[name].route.stand_ins).values()
                                   for other in names):  # fmt: skip
            if after == start:
                return (*walked, after)
            if after in self._read and after not in walked and (found := self._trail(start, after, (*walked, after))):
                return found
        return ()

    def _shadows(self) -> None:
        seen: list[tuple[str, Match]] = []
        for name, each in self._read.items():
            match = each.route.match
            if match is None:
                continue
            for before, other in seen:
                self._clash(each, match, before, other)
            if match.pattern is not None:
                for exact in self._names - {name}:
                    if re.escape(exact) == match.pattern or exact == match.pattern:
                        self._unreachable(each, f"the route {quoted(exact)} answers for its only name")
            seen.append((name, match))
        if rest := next((each for each in self._read.values() if each.route.match and each.route.match.any), None):
            for name, match in seen:
                if match.pattern in (".*", ".+"):
                    self._unreachable(rest, f"the route {quoted(name)} answers for every name")

    def _clash(self, each: _Read, match: Match, before: str, other: Match) -> None:
        if match.size is not None and other.size is not None:
            if Size.read(match.size).overlaps(Size.read(other.size)):
                message = f"overlaps with {quoted(other.size)} of the route {quoted(before)}"
                place = _place(each.node, "match", "size")
                hint = "`< 8B` and `> 13B` leave their end out, `8B - 13B` holds both of its ends"
                self._shape.fault(place, "ambiguous", (*each.path, "match", "size"), message, hint)
        elif match.pattern is not None and other.pattern is not None:
            if covers(other.pattern, match.pattern):
                self._unreachable(each, f"the route {quoted(before)} before it answers for all its names")
        elif match.tasks is not None and other.tasks is not None:
            if set(match.tasks) == set(other.tasks):
                self._unreachable(each, f"the route {quoted(before)} has the same tasks")
        elif match.any and other.any:
            self._unreachable(each, f"the route {quoted(before)} answers for every name already")

    def _unreachable(self, each: _Read, why: str) -> None:
        place = each.node.entries["match"].place
        hint = "put it before that one, or take it out"
        self._shape.fault(place, "unreachable", (*each.path, "match"), f"is never reached: {why}", hint)


def _by_class(stand_ins: Fallbacks) -> dict[str, tuple[str, ...]]:
    return {kind: names for kind in Fallbacks.__struct_fields__ if (names := getattr(stand_ins, kind))}


def _items(node: Table, key: str) -> Sequence[Node]:
    entry = node.entries.get(key)
    return entry.node.items if entry is not None and isinstance(entry.node, Items) else ()


def _place(node: Table, *keys: str) -> Place:
    found: Node = node
    for key in keys:
        assert isinstance(found, Table)  # noqa: S101  it was read as a mapping just now
        found = found.entries[key].node
    assert isinstance(found, Scalar)  # noqa: S101  likewise
    return found.place
