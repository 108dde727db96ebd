"""A worker's own part of what is told of all of them."""

import asyncio
from functools import partial

import msgspec

from lockgate.cli.workers.channel import Channel
from lockgate.cli.workers.messages import Gather, Gathered, Show, encode
from lockgate.gateway import Gateway
from lockgate.surfaces.health import counted
from lockgate.surfaces.slots_text import slots_text
from lockgate_core.rollout import Move

_MOVE = msgspec.msgpack.Decoder(Move).decode
_MOVES = msgspec.msgpack.Decoder(tuple[Move, ...]).decode


class OwnParts:
    """Of the engine that serves when it is asked."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def show(self, asked: Show) -> bytes:
        """The part of a page, as MessagePack of what the page is made of."""
        gateway = self._gateway
        match asked.page:
            case "health":
                return encode(b"")
            case "metrics":
                return encode(await self.counted())
            case "rollouts":
                return _shown(gateway.rollouts.status)
            case "shadows":
                return _shown(() if gateway.shadows is None else gateway.shadows.reports)
            case "moves":
                return _shown(gateway.rollouts.last_moves)
            case "move":
                move = _MOVE(asked.body)
                self._take(move)
                rollout = gateway.rollouts.of(move.route)
                return _shown(() if rollout is None else (rollout.status,))
            case "hello":
                from lockgate.cli.hello import hello  # brings an HTTP client that nothing else here needs

                await hello(gateway, asked.body.decode())
                return encode(b"")

    async def counted(self) -> bytes:
        """As Prometheus reads it."""
        return await counted(self._gateway.metrics, self._gateway.ledger, partial(slots_text, self._gateway.providers))

    async def catch_up(self, channel: Channel) -> None:
        """Brings rollouts to where they are elsewhere."""
        gathered = await channel.ask(Gather("moves"), Gathered)
        for part in gathered.parts:
            for move in _MOVES(part.body):
                self._take(move)

    def _take(self, move: Move) -> None:
        if (rollout := self._gateway.rollouts.of(move.route)) is not None:
            rollout.take(move, asyncio.get_running_loop().time())


def _shown(value: object) -> bytes:
    return encode(msgspec.msgpack.encode(value))
