"""`/health`, `/health/providers` and `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from lockgate.plugins import Plugins
from lockgate.redaction import redact
from lockgate.surfaces.head import Head, ReadBody
from lockgate.surfaces.lines import id_line
from lockgate.surfaces.replies import Whole
from lockgate_ports.errors import LockgateError
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.metrics import MetricsPort

_PROBE_TIMEOUT = 30.0
METRICS = "text/plain; version=0.0.4; charset=utf-8"
_LOST = b"""\
# HELP lockgate_ledger_lost_total Rows that the ledger could not keep.
# TYPE lockgate_ledger_lost_total counter
lockgate_ledger_lost_total %d
"""


class ProviderHealth(Struct, frozen=True, omit_defaults=True):
    """One provider. `ok` stands only where it was tested, by a real call; `error` says why not."""

    provider_id: str
    kind: str
    models: tuple[str, ...] = ()
    ok: bool | None = None
    error: str | None = None
    seconds: float | None = None


class Tested(Struct, frozen=True):
    """A provider, and the call that shows whether it works; None when there is no model to ask for."""

    provider_id: str
    kind: str
    models: tuple[str, ...]
    probe: Callable[[], Awaitable[None]] | None


class HealthPlace:
    """Tells whether the gateway and its providers work. Never tells a key or an address."""

    def __init__(
        self,
        providers: Sequence[Tested],
        plugins: Plugins,
        metrics: MetricsPort,
        ledger: LedgerPort | None,
        last_reload: Callable[[], Struct | None],
        slots: Callable[[], bytes],
    ) -> None:
        self._slots = slots
        self._last_reload = last_reload
        self._providers = providers
        self._plugins = plugins
        self._metrics = metrics
        self._ledger = ledger

    async def serve_health(self, _: Head, __: Mapping[str, str], ___: ReadBody, request_id: str) -> Whole:
        """The gateway itself: it answers, so it is well."""
        return _json({"status": "ok"}, request_id)

    async def serve_providers(self, head: Head, _: Mapping[str, str], __: ReadBody, request_id: str) -> Whole:
        """Each provider and each plugin that was set aside; `?test=true` makes a real call to each provider."""
        test = head.query.get("test", "").lower() in ("true", "1", "yes")
        told = await check(self._providers) if test else [_untested(each) for each in self._providers]
        status = "failing" if any(each.ok is False for each in told) else "ok"
        quarantined = [{"plugin": each.name, "reason": each.reason} for each in self._plugins.quarantined]
        answer: dict[str, object] = {"status": status, "providers": told, "quarantined": quarantined}
        if (reload := self._last_reload()) is not None:
            answer["reload"] = reload
        return _json(answer, request_id)

    async def serve_metrics(self, _: Head, __: Mapping[str, str], ___: ReadBody, request_id: str) -> Whole:
        """What was counted, in the Prometheus text format."""
        return Whole(200, await counted(self._metrics, self._ledger, self._slots), METRICS, id_line(request_id))


async def counted(metrics: MetricsPort, ledger: LedgerPort | None, slots: Callable[[], bytes]) -> bytes:
    """All that this process counted, as Prometheus reads it."""
    places = slots()
    # A full set of labels takes most of a second to write out: not on the event loop.
    exposition = await asyncio.to_thread(metrics.exposition)
    if ledger is not None:
        exposition += _LOST % ledger.lost
    return exposition + places


async def check(providers: Sequence[Tested]) -> list[ProviderHealth]:
    """One real call to each provider, all at the same time."""
    return list(await asyncio.gather(*map(_tested, providers)))


async def _tested(provider: Tested) -> ProviderHealth:
    if provider.probe is None:
        return _untested(provider)
    began = asyncio.get_running_loop().time()
    error = None
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT):
            await provider.probe()
    except LockgateError as failed:
        error = redact(failed.message)
    except TimeoutError:
        error = f"no answer within {_PROBE_TIMEOUT:g} s"
    took = round(asyncio.get_running_loop().time() - began, 3)
    return ProviderHealth(provider.provider_id, provider.kind, provider.models, error is None, error, took)


def _untested(provider: Tested) -> ProviderHealth:
    return ProviderHealth(provider.provider_id, provider.kind, provider.models)


def _json(value: object, request_id: str) -> Whole:
    return Whole(200, msgspec.json.encode(value), headers=id_line(request_id))
