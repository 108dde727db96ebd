"""What settings may choose from: the kinds that plugins offer."""

from collections.abc import Mapping
from typing import Any, Protocol

from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.hooks import Factory, ModelFactory
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.limits import LimitsPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.secrets import SecretsPort
from lockgate_ports.steps import Step
from lockgate_ports.tracing import TracesPort


class Offers(Protocol):
    """Kinds by family; `lockgate.plugins.Plugins` is one."""

    @property
    def models(self) -> Mapping[str, ModelFactory[Any]]:
        """Kinds of provider."""
        ...

    @property
    def secrets(self) -> Mapping[str, Factory[Any, SecretsPort]]:
        """Secret stores by scheme."""
        ...

    @property
    def egress(self) -> Mapping[str, Factory[Any, EgressPolicyPort]]:
        """Kinds of egress policy."""
        ...

    @property
    def metrics(self) -> Mapping[str, Factory[Any, MetricsPort]]:
        """Kinds of metrics backend."""
        ...

    @property
    def traces(self) -> Mapping[str, Factory[Any, TracesPort]]:
        """Kinds of trace exporter."""
        ...

    @property
    def ledgers(self) -> Mapping[str, Factory[Any, LedgerPort]]:
        """Kinds of ledger."""
        ...

    @property
    def limits(self) -> Mapping[str, Factory[Any, LimitsPort]]:
        """Kinds of store for limits and budgets."""
        ...

    @property
    def steps(self) -> Mapping[str, Factory[Any, Step]]:
        """Kinds of step."""
        ...

    def reason_for(self, kind: str) -> str | None:
        """Why a kind that is not there is not there, in one line; None when nothing is known of it."""
        ...
