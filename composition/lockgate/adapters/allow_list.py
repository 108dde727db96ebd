"""The egress policy that lockgate comes with: nothing leaves but to where a provider or the operator said."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from msgspec import Struct

from lockgate.adapters.addresses import Address, Network, read_address, sort_of, unwrapped
from lockgate_ports.egress import Allowance, Decision, EgressRequest
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Origin

_CACHED = 4096
"""Decisions about addresses that are kept; past it they are forgotten all at once, and made anew."""
_NEVER_BY_NAME = frozenset({"metadata", "link-local"})


class AllowListSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be reached besides the providers' own origins."""

    allow: tuple[str, ...] = ()
    """Hosts that any provider may be asked at: `api.example.com`, `*.example.com` (its subdomains, of any depth), with
    `:8443` for that port alone. Without a port, https on port 443 is meant."""

    def __post_init__(self) -> None:
        for pattern in self.allow:
            _read_pattern(pattern)


class _Known(Struct, frozen=True):
    """One provider: the origins it declares, the networks its operator names, and the hosts written as an address."""

    origins: frozenset[Origin]
    networks: tuple[Network, ...]
    named_hosts: frozenset[str]


class AllowList:
    """Denies by default. A provider may be asked at its own origins and at the hosts of `settings.allow`.

    A socket may connect to public addresses alone, whatever a name resolves to. It may connect to another when the
    provider's `private_addresses` name its network, or when the operator wrote it as the provider's base URL: an IP
    literal, or `localhost` for the loopback addresses. A link-local address must be named in `private_addresses`, and
    that of a metadata service must stand there by itself (`169.254.169.254/32`), not in a wider network. IPv4
    addresses inside IPv6 ones (mapped, NAT64, 6to4, Teredo) are judged as themselves.
    """

    def __init__(self, allowances: Iterable[Allowance], settings: AllowListSettings | None = None) -> None:
        self._known = {allowance.provider_id: _read_allowance(allowance) for allowance in allowances}
        self._exact: dict[tuple[str, int], str] = {}
        self._suffixes: list[tuple[str, int, str]] = []
        for pattern in (settings or AllowListSettings()).allow:
            host, port = _read_pattern(pattern)
            if host.startswith("*."):
                self._suffixes.append((host[1:], port, pattern))
            else:
                self._exact[host, port] = pattern
        self._origins: dict[tuple[str, Origin], Decision] = {}
        self._addresses: dict[tuple[str, str, str], Decision] = {}

    def decide(self, request: EgressRequest) -> Decision:
        """By provider and origin."""
        key = (request.provider_id, request.origin)
        decision = self._origins.get(key)
        if decision is None:
            decision = self._decide(*key)
            _keep(self._origins, key, decision)
        return decision

    def decide_address(self, provider_id: str, host: str, address: str, port: int) -> Decision:
        """By provider, the host that was asked for and the address it led to; the port was decided with the origin."""
        key = (provider_id, host, address)
        decision = self._addresses.get(key)
        if decision is None:
            decision = self._decide_address(*key)
            _keep(self._addresses, key, decision)
        return decision

    def _decide(self, provider_id: str, origin: Origin) -> Decision:
        known = self._known.get(provider_id)
        host = _bare(origin.host)
        if known is not None and Origin(origin.scheme, host, origin.port) in known.origins:
            return Decision(True, f"declared by {provider_id}")
        # A pattern without a port means https: it must not open a way for keys in the clear.
        pattern = self._pattern(host, origin.port) if origin.scheme == "https" or origin.port != 443 else None
        if pattern is not None:
            return Decision(True, f"egress.allow: {pattern}")
        return Decision(False, f"default deny: {origin} is neither declared by {provider_id} nor in egress.allow")

    def _pattern(self, host: str, port: int) -> str | None:
        if (pattern := self._exact.get((host, port))) is not None:
            return pattern
        for suffix, at, pattern in self._suffixes:
            if at == port and host.endswith(suffix) and len(host) > len(suffix):
                return pattern
        return None

    def _decide_address(self, provider_id: str, host: str, text: str) -> Decision:
        address = read_address(text)
        if address is None:
            return Decision(False, "not an IP address")
        known = self._known.get(provider_id)
        sorts: list[str] = []
        for each in unwrapped(address):
            sort = sort_of(each)
            if not sort:
                continue
            if known is not None and any(_names(network, each, sort) for network in known.networks):
                sorts.append(f"private_addresses of {provider_id}")
            elif known is not None and sort not in _NEVER_BY_NAME and _is_named(known, host, text, sort):
                sorts.append(f"the base URL of {provider_id}")
            else:
                hint = f"name its network in private_addresses of {provider_id} if this is meant"
                return Decision(False, f"{sort} address; {hint}")
        return Decision(True, sorts[0] if sorts else "public address")


def _names(network: Network, address: Address, sort: str) -> bool:
    wide = network.prefixlen < network.max_prefixlen
    return address.version == network.version and address in network and not (sort == "metadata" and wide)


def _is_named(known: _Known, host: str, address: str, sort: str) -> bool:
    host = _bare(host)
    if host not in known.named_hosts:
        return False
    return sort == "loopback" if host == "localhost" else read_address(host) == read_address(address)


def _read_allowance(allowance: Allowance) -> _Known:
    origins = frozenset(Origin(origin.scheme, _bare(origin.host), origin.port) for origin in allowance.origins)
    hosts = (origin.host for origin in origins)
    try:
        networks = tuple(map(ip_network, allowance.private_addresses))
    except ValueError as error:
        raise SettingsError(f"providers.{allowance.provider_id}.private_addresses: {error}") from None
    return _Known(origins, networks, frozenset(host for host in hosts if host == "localhost" or read_address(host)))


def _read_pattern(pattern: str) -> tuple[str, int]:
    host, port = pattern, "443"
    if pattern.startswith("["):
        host, _, rest = pattern[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif pattern.count(":") == 1:
        host, _, port = pattern.partition(":")
    name = host.removeprefix("*.")
    fits = name and not set(name) & set("*/@?# ") and port.isascii() and port.isdigit() and 0 < int(port) < 65536
    if not fits:
        raise SettingsError(f"egress.allow: {pattern!r} is no host; write api.example.com, *.example.com or host:8443")
    return _bare(host), int(port)


def _bare(host: str) -> str:
    """A host as it is compared: lower case, without the dot at the end of a full name."""
    return host.lower().removesuffix(".")


def _keep(cache: dict[Any, Decision], key: Any, decision: Decision) -> None:
    if len(cache) >= _CACHED:
        cache.clear()
    cache[key] = decision
