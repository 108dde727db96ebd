"""What lockgate itself offers, through the same hooks as any plugin."""

import time
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from lockgate.adapters import otlp_settings
from lockgate.adapters.allow_list import AllowList, AllowListSettings
from lockgate.adapters.env_secrets import EnvSecrets
from lockgate.adapters.extras import extra
from lockgate.adapters.file_secrets import FileSecrets
from lockgate.adapters.memory_metrics import MemoryMetrics
from lockgate.adapters.otlp_settings import OtlpSettings, OtlpTracesSettings
from lockgate.adapters.sqlite_settings import SqliteLedgerSettings
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.hooks import BuildContext, Factory, NoSettings, hookimpl
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.limits import LimitsPort
from lockgate_ports.memory_limits import MemoryLimits
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.secrets import SecretsPort
from lockgate_ports.tracing import TracesPort


class PrometheusSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`max_label_sets`: how many sets of labels a metric may have before further models share `(other)`."""

    max_label_sets: Annotated[int, Meta(ge=1, le=1_500)] = 1_000


def _env_secrets(settings: NoSettings, context: BuildContext) -> SecretsPort:
    return EnvSecrets(context.env)


def _file_secrets(settings: NoSettings, context: BuildContext) -> SecretsPort:
    return FileSecrets()


def _allow_list(settings: AllowListSettings, context: BuildContext) -> EgressPolicyPort:
    return AllowList(context.allowances, settings)


def _sqlite(settings: SqliteLedgerSettings, context: BuildContext) -> LedgerPort:
    from lockgate.adapters.sqlite_ledger import SqliteLedger  # brings SQLite

    return SqliteLedger(settings)


def _otlp_metrics(settings: OtlpSettings, context: BuildContext) -> MetricsPort:
    with extra("otlp", "metrics.kind: otlp"):
        from lockgate.adapters.otlp import OtlpSender
        from lockgate.adapters.otlp_metrics import OtlpMetrics  # heavy, and an extra

    sender = OtlpSender(context.http, settings.endpoint, otlp_settings.headers(settings))
    return OtlpMetrics(sender, every=settings.every)


def _otlp_traces(settings: OtlpTracesSettings, context: BuildContext) -> TracesPort:
    with extra("otlp", "traces.kind: otlp"):
        from lockgate.adapters.otlp import OtlpSender
        from lockgate.adapters.otlp_traces import OtlpTraces  # heavy, and an extra

    sender = OtlpSender(context.http, settings.endpoint, otlp_settings.headers(settings))
    return OtlpTraces(sender, sample=settings.sample, every=settings.every, queue=settings.queue)


def _prometheus(settings: PrometheusSettings, context: BuildContext) -> MetricsPort:
    return MemoryMetrics(max_label_sets=settings.max_label_sets)


@hookimpl
def register_secrets() -> Iterable[Factory[NoSettings, SecretsPort]]:
    """`env:` and `file:`."""
    return (
        Factory(kind="env", settings=NoSettings, build=_env_secrets, summary="keys in environment variables"),
        Factory(kind="file", settings=NoSettings, build=_file_secrets, summary="keys in files, whole or by a path"),
    )


@hookimpl
def register_egress_policies() -> Iterable[Factory[AllowListSettings, EgressPolicyPort]]:
    """`allow-list`."""
    return (
        Factory(
            kind="allow-list",
            settings=AllowListSettings,
            build=_allow_list,
            summary="each provider's own hosts, those that settings name, and nothing else",
        ),
    )


@hookimpl
def register_ledgers() -> Iterable[Factory[SqliteLedgerSettings, LedgerPort]]:
    """`sqlite`."""
    return (
        Factory(
            kind="sqlite",
            settings=SqliteLedgerSettings,
            build=_sqlite,
            summary="each call and each audit event in a file of SQLite, chained by hashes",
        ),
    )


def _memory(settings: NoSettings, context: BuildContext) -> LimitsPort:
    return MemoryLimits(time.time)


@hookimpl
def register_limits() -> Iterable[Factory[NoSettings, LimitsPort]]:
    """`memory`."""
    return (
        Factory(
            kind="memory",
            settings=NoSettings,
            build=_memory,
            summary="limits and budgets of one process, in memory",
        ),
    )


@hookimpl
def register_metrics() -> Iterable[Factory[PrometheusSettings, MetricsPort] | Factory[OtlpSettings, MetricsPort]]:
    """`prometheus`, `otlp`."""
    return (
        Factory(
            kind="prometheus",
            settings=PrometheusSettings,
            build=_prometheus,
            summary="calls, tokens and times at /metrics, in the Prometheus text format",
        ),
        Factory(
            kind="otlp",
            settings=OtlpSettings,
            build=_otlp_metrics,
            summary="the same, and exported to a collector of OpenTelemetry as well",
            origins=otlp_settings.origins,
            private_addresses=otlp_settings.private_addresses,
        ),
    )


@hookimpl
def register_traces() -> Iterable[Factory[OtlpTracesSettings, TracesPort]]:
    """`otlp`."""
    return (
        Factory(
            kind="otlp",
            settings=OtlpTracesSettings,
            build=_otlp_traces,
            summary="spans of calls and their attempts, exported to a collector of OpenTelemetry",
            origins=otlp_settings.origins,
            private_addresses=otlp_settings.private_addresses,
        ),
    )
