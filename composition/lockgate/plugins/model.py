"""What discovery found: the plugins that work, those that do not and why, and all that the former offer."""

from typing import Any

from msgspec import Struct

from lockgate_ports.dialect import CatalogueDialect, PassedDialect, SurfaceDialect
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.hooks import Factory, ModelFactory, Weights
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.limits import LimitsPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.secrets import SecretsPort
from lockgate_ports.steps import Step
from lockgate_ports.tracing import TracesPort

_PREFIX = "llm-plugin-"


class LoadedPlugin(Struct, frozen=True, kw_only=True):
    """A plugin that works. `hooks` are the names of those it implements."""

    name: str
    """The name of its entry point."""
    distribution: str
    version: str
    hooks: tuple[str, ...]
    package: str = ""
    """The top-level package it is imported from; empty for what lockgate itself brings."""


class Quarantined(Struct, frozen=True, kw_only=True):
    """A plugin that was set aside, and why, in one line without secrets."""

    name: str
    """The name of its entry point; empty when none was found."""
    distribution: str
    version: str
    reason: str
    kinds: tuple[str, ...] = ()
    """The kinds it would have offered, where that is known."""


class Plugins(Struct, frozen=True, kw_only=True):
    """All there is to choose from, by kind. `left_out` are installed distributions that are not allowed."""

    loaded: tuple[LoadedPlugin, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    left_out: tuple[str, ...] = ()
    models: dict[str, ModelFactory[Any]] = {}
    dialects: dict[str, SurfaceDialect[Any, Any] | PassedDialect | CatalogueDialect] = {}
    secrets: dict[str, Factory[Any, SecretsPort]] = {}
    egress: dict[str, Factory[Any, EgressPolicyPort]] = {}
    metrics: dict[str, Factory[Any, MetricsPort]] = {}
    traces: dict[str, Factory[Any, TracesPort]] = {}
    ledgers: dict[str, Factory[Any, LedgerPort]] = {}
    limits: dict[str, Factory[Any, LimitsPort]] = {}
    steps: dict[str, Factory[Any, Step]] = {}
    weights: dict[str, Weights] = {}
    commands: dict[str, Any] = {}

    def reason_for(self, kind: str) -> str | None:
        """Why `kind` is not there, when a plugin is known that brings it or, by its name, may; else None."""
        for plugin in self.quarantined:
            known = kind in plugin.kinds
            if known or _may_bring(kind, plugin.name) or _may_bring(kind, plugin.distribution.removeprefix(_PREFIX)):
                brings = "comes" if known else "seems to come"
                name = f"{plugin.distribution} {plugin.version}".strip()
                return f"it {brings} from {name}, which is quarantined: {plugin.reason}"
        for distribution in self.left_out:
            if _may_bring(kind, distribution.removeprefix(_PREFIX)):
                return f"it seems to come from {distribution}, which is installed but not named in plugins.allow"
        return None


def _may_bring(kind: str, name: str) -> bool:
    """A plugin `openai` brings `openai`, and kinds such as `openai-compatible`."""
    return bool(name) and (kind == name or kind.startswith(name + "-"))
