"""The egress policy as an HttpPort asks it: at each request, and at each address before its socket connects."""

import socket
from collections.abc import Callable
from typing import Any

from lockgate.adapters.addresses import read_address
from lockgate.adapters.bypass_watch import ClearedSocket
from lockgate_ports.egress import Decision, EgressPolicyPort, EgressRequest
from lockgate_ports.errors import EgressDenied
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.metrics import Note


def unnoted(note: Note) -> None:
    """For a way out whose refusals nobody counts."""


class EgressGate:
    """Bound to one provider when it is made: a plugin cannot speak in another's name. `note` is told of refusals."""

    def __init__(
        self, provider_id: str, policy: EgressPolicyPort, proxy: Origin | None, note: Callable[[Note], None]
    ) -> None:
        self._provider_id = provider_id
        self._policy = policy
        self._proxy = proxy
        self._note = note

    def pass_request(self, request: HttpRequest) -> None:
        """Raises EgressDenied when this provider may not be asked there."""
        asked = EgressRequest(self._provider_id, request.origin, request.purpose, self._proxy)
        decision = self._policy.decide(asked)
        if decision.shadow:
            self._note(Note("egress_would_deny", self._provider_id, decision.rule))
        elif not decision.allowed:
            raise self._denied(str(request.origin), decision)
        if self._proxy is not None and (literal := _literal(request.origin.host)):
            # A name is resolved by the proxy; an address, however it is written, can be judged here.
            decision = self.decide_address(request.origin.host, literal, request.origin.port)
            if not decision.allowed:
                raise self._denied(str(request.origin), decision)

    def approach(self, origin: Origin) -> "Approach":
        """For one attempt to connect."""
        return Approach(self, origin)

    def decide_address(self, host: str, address: str, port: int) -> Decision:
        """What the policy says to an address that `host` resolved to."""
        return self._policy.decide_address(self._provider_id, host, address, port)

    def denied_at(self, origin: Origin, decision: Decision) -> EgressDenied:
        """The refusal of an address."""
        return self._denied(f"{origin} at the address it resolves to", decision)

    def _denied(self, where: str, decision: Decision) -> EgressDenied:
        self._note(Note("egress_denied", self._provider_id, decision.rule))
        return EgressDenied(
            f"{self._provider_id}: the egress policy forbids {where} ({decision.rule})",
            rule=decision.rule,
            provider_id=self._provider_id,
        )


def _literal(host: str) -> str | None:
    """The address that `host` is, in any form that resolvers take (`0x7f.1`); None for a name."""
    if read_address(host) is not None:
        return host
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


class Approach:
    """One attempt to connect: makes sockets for addresses that pass, and remembers a denial that the connecting
    library would swallow."""

    __slots__ = ("_gate", "_origin", "denied")

    def __init__(self, gate: EgressGate, origin: Origin) -> None:
        self._gate = gate
        self._origin = origin
        self.denied: EgressDenied | None = None

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The last gate: every address, a literal or a name's, passes here. Raises PermissionError."""
        family, kind, protocol, _, address = info
        decision = self._gate.decide_address(self._origin.host, address[0], address[1])
        if not decision.allowed:
            self.denied = self._gate.denied_at(self._origin, decision)
            raise PermissionError(f"the egress policy forbids this address ({decision.rule})")
        made = ClearedSocket(family, kind, protocol)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
