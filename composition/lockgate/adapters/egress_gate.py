"""The egress policy as an HttpPort asks it: at each request, and at each address before its socket connects."""

import socket
from typing import Any

from lockgate_ports.egress import Decision, EgressPolicyPort, EgressRequest
from lockgate_ports.errors import EgressDenied
from lockgate_ports.http import HttpRequest, Origin


class EgressGate:
    """Bound to one provider when it is made: a plugin cannot speak in another's name."""

    def __init__(self, provider_id: str, policy: EgressPolicyPort) -> None:
        self._provider_id = provider_id
        self._policy = policy

    def pass_request(self, request: HttpRequest) -> None:
        """Raises EgressDenied when this provider may not be asked there."""
        decision = self._policy.decide(EgressRequest(self._provider_id, request.origin, request.purpose))
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
        return EgressDenied(
            f"{self._provider_id}: the egress policy forbids {where} ({decision.rule})",
            rule=decision.rule,
            provider_id=self._provider_id,
        )


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
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
