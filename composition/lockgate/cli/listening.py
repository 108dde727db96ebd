"""Opens the port, by the settings and what the command line says in their place."""

import gc
from collections.abc import Mapping, Sequence
from socket import socket

from lockgate.cli.terminal import counted
from lockgate.cli.where import LOOPBACK, cannot_listen
from lockgate.gateway import Gateway
from lockgate.surfaces.front_door import Serve
from lockgate.surfaces.listener import Listener
from lockgate_ports.dialect import Surface
from lockgate_ports.errors import SettingsError

_OPEN = (
    "whoever reaches {host} could spend your keys, since no client is asked for one; make virtual keys "
    "(`auth: {{keys: {{path: keys.db}}}}`, then `lockgate keys create`), or name keys in "
    "server.client_credential_refs, or listen on 127.0.0.1; where all of this is meant, say `auth: {{open: true}}`"
)


async def listen(
    gateway: Gateway,
    host: str,
    port: int,
    sockets: Sequence[socket] = (),
    instead: Mapping[Surface, Serve] | None = None,
) -> Listener:
    """Listens, on `sockets` where there are any. `instead`: pages in place of the gateway's own. Raises SettingsError
    where it cannot, and where anybody could come in unasked."""
    if host not in LOOPBACK and not gateway.callers.asked and not gateway.settings.auth.open:
        raise SettingsError(_OPEN.format(host=host))
    door = gateway.front_door(loopback=host in LOOPBACK, instead=instead)
    listener = Listener(door, gateway.bounds, host, port, gateway.settings.server.drain_timeout, sockets)
    try:
        await listener.start()
    except OSError as error:
        raise cannot_listen(error, host, port) from error
    return listener


def contents(gateway: Gateway) -> str:
    """How much it serves, in words."""
    settings = gateway.settings
    return f"{counted(len(settings.providers), 'provider')}, {counted(len(settings.routes), 'route')}"


def settle_down() -> None:
    """What is open by now stays for long: the collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()
