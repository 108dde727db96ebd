"""The pages that tell of all workers as of one, in place of a process's own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from lockgate.cli.workers.channel import Channel
from lockgate.cli.workers.messages import Gather, Gathered, Page, Reload, encode
from lockgate.cli.workers.sums import summed
from lockgate.gateway import Gateway
from lockgate.reloaded import Reloaded
from lockgate.surfaces.admin import asked_move, reload_page
from lockgate.surfaces.front_door import Serve
from lockgate.surfaces.head import Head, ReadBody
from lockgate.surfaces.health import METRICS
from lockgate.surfaces.lines import id_line
from lockgate.surfaces.replies import Whole
from lockgate_core.rollout import RolloutStatus
from lockgate_core.rollout import added as added_rollouts
from lockgate_core.shadow_report import ShadowReport
from lockgate_core.shadow_report import added as added_reports
from lockgate_ports.dialect import Surface
from lockgate_ports.errors import LockgateError

T = TypeVar("T")

_WORKERS = b"""\
# HELP lockgate_workers Workers that serve.
# TYPE lockgate_workers gauge
lockgate_workers %d
# HELP lockgate_worker_restarts_total Workers that were started in place of others that had ended.
# TYPE lockgate_worker_restarts_total counter
lockgate_worker_restarts_total %d
"""


class SharedPages:
    """Asks the supervisor for everybody's part."""

    def __init__(self, gateway: Gateway, channel: Channel) -> None:
        self._gateway = gateway
        self._channel = channel
        self.instead: Mapping[Surface, Serve] = {
            Surface("GET", "/health"): self._health,
            Surface("GET", "/metrics"): self._metrics,
            Surface("POST", "/admin/reload"): reload_page(self._reload),
            Surface("GET", "/admin/rollouts"): self._rollouts,
            Surface("GET", "/admin/shadows"): self._shadows,
            Surface("POST", "/admin/rollouts/{act}/{route:path}"): self._act,
        }

    async def _health(self, _: Head, __: Mapping[str, str], ___: ReadBody, request_id: str) -> Whole:
        """Well when all are."""
        try:
            gathered = await self._gather("health")
        except LockgateError:  # the supervisor is gone, and this worker about to end
            return _json({"status": "failing"}, request_id, 503)
        up, of = len(gathered.parts), gathered.of
        status = "ok" if up == of else "failing"
        return _json({"status": status, "workers": of, "serving": up}, request_id, 200 if up == of else 503)

    async def _metrics(self, _: Head, __: Mapping[str, str], ___: ReadBody, request_id: str) -> Whole:
        gathered = await self._gather("metrics")
        parts = [(part.number, part.body) for part in gathered.parts]
        # As long as writing out one: not on the event loop.
        text = await asyncio.to_thread(summed, parts, gathered.kept)
        text += _WORKERS % (gathered.of, gathered.restarts)
        return Whole(200, text, METRICS, id_line(request_id))

    async def _reload(self, _: None, actor: str) -> Reloaded:
        return await self._channel.ask(Reload(actor), Reloaded)

    async def _rollouts(self, _: Head, __: Mapping[str, str], ___: ReadBody, request_id: str) -> Whole:
        return _json(
            _by(lambda each: each.route, RolloutStatus, added_rollouts, await self._gather("rollouts")), request_id
        )

    async def _shadows(self, _: Head, __: Mapping[str, str], ___: ReadBody, request_id: str) -> Whole:
        gathered = await self._gather("shadows")
        return _json(_by(lambda each: (each.route, each.target), ShadowReport, added_reports, gathered), request_id)

    async def _act(self, head: Head, values: Mapping[str, str], _: ReadBody, request_id: str) -> Whole:
        """Raises NotFound."""
        move = asked_move(self._gateway.rollouts, values, head)[1]
        gathered = await self._gather("move", encode(move))
        (status,) = _by(lambda each: each.route, RolloutStatus, added_rollouts, gathered)
        return _json(status, request_id)

    async def _gather(self, page: Page, body: bytes = b"") -> Gathered:
        return await self._channel.ask(Gather(page, body), Gathered)


def _by(key: Callable[[T], object], kind: type[T], added: Callable[[T, T], T], gathered: Gathered) -> Sequence[T]:
    """Everybody's, those with the same key as one."""
    found: dict[object, T] = {}
    for part in gathered.parts:
        for each in msgspec.msgpack.decode(part.body, type=list[kind]):  # type: ignore[valid-type]
            name = key(each)
            found[name] = added(found[name], each) if name in found else each
    return list(found.values())


def _json(value: object, request_id: str, status: int = 200) -> Whole:
    return Whole(status, msgspec.json.encode(value), headers=id_line(request_id))
