"""EgressPolicyPort: where bytes may go. Decides at once, from memory."""

from typing import Protocol

from msgspec import Struct

from lockgate_ports.http import NO_PURPOSE, Origin, Purpose


class EgressRequest(Struct, frozen=True):
    """A request that is about to leave."""

    provider_id: str
    origin: Origin
    purpose: Purpose = NO_PURPOSE


class Decision(Struct, frozen=True):
    """Yes or no, and the rule that said so."""

    allowed: bool
    rule: str


class Allowance(Struct, frozen=True, kw_only=True):
    """What one configured provider says of itself: the origins it is asked at, and the networks (`10.20.0.0/16`) that
    its operator names although they are private."""

    provider_id: str
    origins: tuple[Origin, ...]
    private_addresses: tuple[str, ...] = ()


class EgressPolicyPort(Protocol):
    """Asked by HttpPort for every request, and again for each address before a socket connects to it."""

    def decide(self, request: EgressRequest) -> Decision:
        """May this provider be asked at this origin, on this behalf?"""
        ...

    def decide_address(self, provider_id: str, host: str, address: str, port: int) -> Decision:
        """May a socket connect to `address` (an IP literal), which `host` resolved to?"""
        ...
