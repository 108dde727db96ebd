"""The parts of a settings file about where data may go and by which way: labels, proxies, what providers declare."""

import ipaddress
from typing import Annotated, Literal

from msgspec import Meta, Struct

from lockgate_ports.http import UrlError, split_url
from lockgate_ports.secret_store import LOCAL_SCHEMES
from lockgate_ports.secrets import CredentialRef


class Labels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On whose behalf calls are made, for the rules of the egress policy, where the caller does not say."""

    tenant: str | None = None
    """The tenant of calls that name none."""
    default: dict[str, str] = {}
    """Labels of calls that do not carry one of that name: `{residency: eu}`."""
    header: str | None = None
    """A request header whose labels are believed, `x-lockgate-labels` say, as `residency=eu, classification=secret`;
    `tenant=acme` names the tenant. Set it only where every client may say so. Absent: no header is read."""


class Proxy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A forward proxy, asked by HTTP CONNECT; TLS goes through it end to end."""

    url: str
    """`http://proxy.corp.example:3128`."""
    credential_ref: CredentialRef | None = None
    """Where `user:password` is kept; `env:` or `file:`, since other stores may lie behind the proxy."""
    private_addresses: tuple[str, ...] = ()
    """Networks (`10.20.0.0/16`) that the proxy's host may resolve to although they are private."""

    def __post_init__(self) -> None:
        try:
            origin, path = split_url(self.url)
        except UrlError as error:
            raise ValueError(f"url: {error}") from None
        if origin.scheme != "http" or path:
            raise ValueError("url: a proxy is written http://host:port, without a path")
        if self.credential_ref is not None and self.credential_ref.partition(":")[0] not in LOCAL_SCHEMES:
            raise ValueError("credential_ref: the proxy's credential must be kept in env: or file:")
        for network in self.private_addresses:
            ipaddress.ip_network(network)


class DataHandling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of data at a provider, as its operator knows it; rules of the egress policy ask for it."""

    region: str | None = None
    """Where it is worked on: `eu-west-1`, `eu`."""
    retention: Literal["none", "unknown"] | Annotated[int, Meta(ge=0)] = "unknown"
    """How long it is kept: `none`, or a number of days."""
    training: bool | None = None
    """Whether models may learn from it; absent: not known."""
