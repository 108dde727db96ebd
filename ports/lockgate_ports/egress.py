"""EgressPolicyPort: where bytes may go. Decides at once, from memory."""

from typing import Literal, Protocol

from msgspec import Struct

from lockgate_ports.http import NO_PURPOSE, Origin, Purpose

Retention = Literal["none", "unknown"] | int
"""How long a provider keeps what it is sent: not at all, for so many days, or nobody knows."""


class EgressRequest(Struct, frozen=True):
    """A request that is about to leave; `proxy` is the forward proxy that is to carry it."""

    provider_id: str
    origin: Origin
    purpose: Purpose = NO_PURPOSE
    proxy: Origin | None = None


class Decision(Struct, frozen=True):
    """Yes or no, and the rule that said so. `shadow`: yes, but no if the policy enforced what it says."""

    allowed: bool
    rule: str
    shadow: bool = False


class Allowance(Struct, frozen=True, kw_only=True):
    """What one configured provider says of itself: the origins it is asked at, the networks (`10.20.0.0/16`) that its
    operator names although they are private, and what becomes of data there.

    `proxies` carry its requests. `training`: it may learn from what it is sent; None: nobody knows. `calls` is False
    for what is sent no call's data: a secret store, an exporter of metrics.
    """

    provider_id: str
    origins: tuple[Origin, ...]
    private_addresses: tuple[str, ...] = ()
    proxies: tuple[Origin, ...] = ()
    region: str | None = None
    retention: Retention = "unknown"
    training: bool | None = None
    calls: bool = True


class EgressPolicyPort(Protocol):
    """Asked before a target is tried, by HttpPort for every request, and again for each address before a socket
    connects to it."""

    def decide_provider(self, provider_id: str, purpose: Purpose) -> Decision:
        """May this provider be given a call on this behalf? Routing passes over those that may not."""
        ...

    def decide(self, request: EgressRequest) -> Decision:
        """May this provider be asked at this origin, on this behalf?"""
        ...

    def decide_address(self, provider_id: str, host: str, address: str, port: int) -> Decision:
        """May a socket connect to `address` (an IP literal), which `host` resolved to?"""
        ...
