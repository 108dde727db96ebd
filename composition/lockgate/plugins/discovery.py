"""Finds plugins by their metadata and loads them one by one, so that a broken one harms nobody else."""

import importlib.metadata
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Thread
from types import ModuleType
from typing import Any

from msgspec import Struct

from lockgate.plugins.model import LoadedPlugin, Plugins, Quarantined
from lockgate.plugins.offering import FAMILIES, Offering, ask
from lockgate.plugins.reason import Misbehaviour, said
from lockgate_ports.hooks import GROUP

_LOG = logging.getLogger("lockgate.plugins")


class _Candidate(Struct, frozen=True):
    """A plugin by its metadata, before anything of it is imported."""

    name: str
    distribution: str
    version: str
    load: Callable[[], object]
    builtin: bool = False
    package: str = ""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()


def _plainly(distribution: str) -> AbstractContextManager[None]:
    """Nothing stands around an import."""
    return nullcontext()


def discover(
    *,
    allow: Iterable[str] | None = None,
    builtins: Sequence[ModuleType] = (),
    deadline: float = 10.0,
    around: Callable[[str], AbstractContextManager[None]] = _plainly,
) -> Plugins:
    """Everything that `builtins` and the installed plugins offer; None for `allow` allows all that are installed.

    `allow` holds names of distributions, in any spelling that PEP 503 takes for the same. Each plugin is imported in
    a thread of its own and has `deadline` seconds; this call blocks as long; `around` stands
    around that, given the name of its distribution. Raises nothing on a plugin's account.
    """
    candidates = [_builtin(module) for module in builtins]
    installed, quarantined = _installed()
    allowed = None if allow is None else {normalised(name): name for name in allow}
    left_out: list[str] = []
    for candidate in installed:
        if allowed is None or normalised(candidate.distribution) in allowed:
            candidates.append(candidate)
        else:
            left_out.append(candidate.distribution)
    quarantined = [q for q in quarantined if allowed is None or normalised(q.distribution) in allowed]
    found = {normalised(candidate.distribution) for candidate in candidates}
    found |= {normalised(plugin.distribution) for plugin in quarantined}
    for name, written in (allowed or {}).items():
        if name not in found:
            reason = f"plugins.allow names it, but nothing installed under that name is a plugin (group {GROUP})"
            quarantined.append(Quarantined(name="", distribution=written, version="", reason=reason))

    sole, rivals = _without_rivals(candidates)
    offerings: list[tuple[_Candidate, Offering]] = []
    quarantined += rivals
    for candidate in sole:
        outcome = _within(deadline, candidate, around)
        if isinstance(outcome, Offering):
            offerings.append((candidate, outcome))
        else:
            quarantined.append(_set_aside(candidate, outcome))
    plugins = _merged(offerings, quarantined, left_out)
    for plugin in plugins.quarantined:
        _LOG.warning("plugin %s (%s) is quarantined: %s", plugin.name, plugin.distribution, plugin.reason)
    return plugins


def normalised(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _builtin(module: ModuleType) -> _Candidate:
    try:
        version = importlib.metadata.version("lockgate")
    except importlib.metadata.PackageNotFoundError:
        version = ""
    return _Candidate("lockgate", "lockgate", version, lambda: module, builtin=True)


def _installed() -> tuple[list[_Candidate], list[Quarantined]]:
    """Every entry point of the group, by name; of a distribution that is found twice, the one that import finds."""
    candidates: list[_Candidate] = []
    broken: list[Quarantined] = []
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        name = "?"
        try:
            # Read first: nearly all that is installed has none, and metadata takes long to parse.
            if not _points(distribution):
                continue
            metadata = distribution.metadata
            # PyPA's metadata always has a Name, files on a disk do not.
            name = str(metadata["Name"] or "?")
            if normalised(name) in seen:
                continue
            # This one, or one that stands before it and has no entry point.
            points = _points(importlib.metadata.distribution(name))
            version = str(metadata["Version"] or "")
        except Exception as error:  # noqa: BLE001  the parsers raise many things on a broken file
            reason = f"its metadata cannot be read: {said(error)}"
            broken.append(Quarantined(name="", distribution=name, version="", reason=reason))
            continue
        seen.add(normalised(name))
        candidates += [
            _Candidate(point.name, name, version, point.load, package=re.split(r"[.:\s]", point.value)[0])
            for point in points
        ]
    return sorted(candidates, key=lambda candidate: (candidate.name, candidate.distribution)), broken


def _points(distribution: importlib.metadata.Distribution) -> list[importlib.metadata.EntryPoint]:
    return [point for point in distribution.entry_points if point.group == GROUP]


def _without_rivals(candidates: list[_Candidate]) -> tuple[list[_Candidate], list[Quarantined]]:
    """Those whose entry-point name nobody else claims, and the others; lockgate's own always stay."""
    by_name: dict[str, list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_name[candidate.name].append(candidate)
    rivals: list[Quarantined] = []
    sole: list[_Candidate] = []
    for candidate in candidates:
        others = ", ".join(str(other) for other in by_name[candidate.name] if other is not candidate)
        if others and not candidate.builtin:
            reason = f"the entry-point name {candidate.name!r} is also claimed by {others}; uninstall one of them"
            rivals.append(_set_aside(candidate, reason))
        else:
            sole.append(candidate)
    return sole, rivals


def _within(
    deadline: float, candidate: _Candidate, around: Callable[[str], AbstractContextManager[None]]
) -> Offering | str:
    """What the plugin offers, or the reason why that is not known.

    The thread is a daemon and is left behind when it hangs: nothing can stop it, and it holds only the import locks of
    the modules it was importing.
    """
    outcome: list[Offering | str] = []

    def run() -> None:
        try:
            with around(candidate.distribution):
                outcome.append(ask(candidate.load))
        except Misbehaviour as error:
            outcome.append(str(error))

    thread = Thread(target=run, name=f"lockgate-plugin-{candidate.name}", daemon=True)
    thread.start()
    thread.join(deadline)
    return outcome[0] if outcome else f"hangs: it was not ready {deadline:g} s after its import began"


def _merged(
    offerings: list[tuple[_Candidate, Offering]], quarantined: list[Quarantined], left_out: list[str]
) -> Plugins:
    claims: dict[tuple[str, str], list[_Candidate]] = defaultdict(list)
    for candidate, offering in offerings:
        for family, kinds in offering.kinds.items():
            for kind in kinds:
                claims[family, kind].append(candidate)
    loaded: list[LoadedPlugin] = []
    merged: dict[str, dict[str, Any]] = {family: {} for family in FAMILIES.values()}
    for candidate, offering in offerings:
        reasons: list[str] = []
        for (family, kind), claimants in claims.items():
            # What lockgate itself brings stays, or installing a package could switch off a policy.
            others = [str(other) for other in claimants if other is not candidate]
            if candidate in claimants and others and not candidate.builtin:
                reasons.append(f"{kind!r} ({family}) is also offered by {', '.join(others)}")
        if reasons:
            names = tuple(kind for kinds in offering.kinds.values() for kind in kinds)
            aside = _set_aside(candidate, "; ".join(reasons) + "; uninstall one of them", names)
            quarantined.append(aside)
            continue
        for family, kinds in offering.kinds.items():
            merged[family].update(kinds)
        loaded.append(
            LoadedPlugin(
                name=candidate.name,
                distribution=candidate.distribution,
                version=candidate.version,
                hooks=offering.hooks,
                package=candidate.package,
            )
        )
    return Plugins(
        loaded=tuple(loaded),
        quarantined=tuple(sorted(quarantined, key=lambda plugin: (plugin.distribution, plugin.name))),
        left_out=tuple(sorted(set(left_out))),
        **merged,
    )


def _set_aside(candidate: _Candidate, reason: str, kinds: tuple[str, ...] = ()) -> Quarantined:
    return Quarantined(
        name=candidate.name,
        distribution=candidate.distribution,
        version=candidate.version,
        reason=reason,
        kinds=kinds,
    )
