"""The hooks by which a plugin says what it offers. Each returns factories; settings choose among them by kind.

A distribution announces its plugin module by an entry point of the group `lockgate.plugins`:

    [project.entry-points."lockgate.plugins"]
    acme = "llm_plugin_acme"

and the module marks functions with `hookimpl`. Hooks are called once, when a gateway opens. They construct nothing,
read no settings and have no order; heavy imports wait for `build`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import pluggy
from msgspec import Struct

from lockgate_ports.catalogue import Catalogue, none_known
from lockgate_ports.dialect import CatalogueDialect, PassedDialect, SurfaceDialect
from lockgate_ports.egress import Allowance, EgressPolicyPort
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import HttpPort, Origin
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.limits import LimitsPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.model import ModelPort
from lockgate_ports.secret import Secret
from lockgate_ports.secrets import SecretsPort
from lockgate_ports.steps import Step
from lockgate_ports.tracing import TracesPort

PROJECT = "lockgate"
GROUP = "lockgate.plugins"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

SettingsT = TypeVar("SettingsT")
PortT = TypeVar("PortT", covariant=True)


class NoSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """For a kind that needs none."""


async def no_secret(ref: str) -> Secret:
    """For what is given none. Raises SettingsError."""
    raise SettingsError(f"{ref}: nothing of this kind is given secrets")


class BuildContext(Struct, frozen=True):
    """What a factory is given besides its settings: the name of this instance, and the one way out, bound to it.

    `allowances` are those of all configured providers, for an egress policy; `env` the environment variables, for
    whatever reads them, so that nothing reads the process's own. `secret` fetches what a `credential_ref` names, for a
    ledger say that stands behind a password; a secret store itself gets what `env:` and `file:` hold. It raises
    SettingsError.
    """

    name: str
    http: HttpPort
    allowances: tuple[Allowance, ...] = ()
    env: Mapping[str, str] = {}
    secret: Callable[[str], Awaitable[Secret]] = no_secret


def nowhere(settings: Any) -> tuple[Origin, ...]:
    """For what asks nothing over the network."""
    return ()


def no_addresses(settings: Any) -> tuple[str, ...]:
    """For what needs no private network named."""
    return ()


class Factory(Struct, Generic[SettingsT, PortT], frozen=True, kw_only=True):
    """One kind of port: its name in settings, the type of its settings, and how to build one. `summary` is a line for
    people. `origins` and `private_addresses` are its egress allowance, as of a provider. `build` raises SettingsError
    for settings that make no sense together."""

    kind: str
    settings: type[SettingsT]
    build: Callable[[SettingsT, BuildContext], PortT]
    summary: str = ""
    origins: Callable[[SettingsT], tuple[Origin, ...]] = nowhere
    private_addresses: Callable[[SettingsT], tuple[str, ...]] = no_addresses


class ModelFactory(Struct, Generic[SettingsT], frozen=True, kw_only=True):
    """A kind of provider. `origins` are the places a provider with these settings may be asked at: its egress
    allowance. `catalogue` gives the models known without asking. `needs_credential`: it cannot work without a key.
    `prefixes`: how the names of its own models begin, `claude-` say; a bare name that no catalogue lists finds it so.
    `embedded`: it answers in process with default settings and no key, so that a gateway without settings serves it.
    """

    kind: str
    settings: type[SettingsT]
    build: Callable[[SettingsT, BuildContext], ModelPort]
    origins: Callable[[SettingsT], tuple[Origin, ...]]
    summary: str = ""
    catalogue: Catalogue = none_known
    prefixes: tuple[str, ...] = ()
    needs_credential: bool = False
    embedded: bool = False


class Weights(Struct, frozen=True, kw_only=True):
    """A model file that `lockgate models pull NAME` can fetch. `summary` is a line for people, `license` an SPDX name.

    `pull(folder, progress)` blocks: it puts the file into `folder` (making it), checked by its digest and all at once
    or not at all, calls `progress(done, total)` in bytes as it goes, and returns the path. A file that is there and
    right is left as it is. Raises SettingsError saying what went wrong and what to do.
    """

    name: str
    summary: str
    size_bytes: int
    license: str
    pull: Callable[[Path, Callable[[int, int], None]], Path]


def weights_folder(env: Mapping[str, str]) -> Path:
    """Where pulled model files live: `lockgate/models` in `XDG_CACHE_HOME`, by default `~/.cache`."""
    base = env.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "lockgate" / "models"


class PluginHooks:
    """One hook a kind of thing; each returns any number of factories."""

    @hookspec
    def register_models(self) -> Iterable[ModelFactory[Any]]:
        """Kinds of provider."""
        return ()

    @hookspec
    def register_dialects(self) -> Iterable[SurfaceDialect[Any, Any] | PassedDialect | CatalogueDialect]:
        """Wire languages that clients may speak; they are mounted at the surfaces they name."""
        return ()

    @hookspec
    def register_secrets(self) -> Iterable[Factory[Any, SecretsPort]]:
        """Kinds of secret store; the kind is the scheme of a `credential_ref`."""
        return ()

    @hookspec
    def register_egress_policies(self) -> Iterable[Factory[Any, EgressPolicyPort]]:
        """Kinds of egress policy."""
        return ()

    @hookspec
    def register_metrics(self) -> Iterable[Factory[Any, MetricsPort]]:
        """Kinds of metrics backend."""
        return ()

    @hookspec
    def register_traces(self) -> Iterable[Factory[Any, TracesPort]]:
        """Kinds of trace exporter."""
        return ()

    @hookspec
    def register_ledgers(self) -> Iterable[Factory[Any, LedgerPort]]:
        """Kinds of ledger."""
        return ()

    @hookspec
    def register_limits(self) -> Iterable[Factory[Any, LimitsPort]]:
        """Kinds of store for limits and budgets."""
        return ()

    @hookspec
    def register_steps(self) -> Iterable[Factory[Any, Step]]:
        """Kinds of step; settings put them in order."""
        return ()

    @hookspec
    def register_weights(self) -> Iterable[Weights]:
        """Model files that can be fetched by name."""
        return ()

    @hookspec
    def register_commands(self) -> Iterable[Any]:
        """Subcommands of `lockgate`: click commands."""
        return ()
