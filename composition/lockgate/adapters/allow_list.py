"""The egress policy that lockgate comes with: nothing leaves but to where a provider or the operator said."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any, Literal

from msgspec import Struct

from lockgate.adapters.addresses import Address, Network, read_address, sort_of, unwrapped
from lockgate.adapters.data_rules import DataRule, DataRules
from lockgate_ports.egress import Allowance, Decision, EgressRequest
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Origin, Purpose

Mode = Literal["enforce", "shadow", "air-gap"]

_CACHED = 4096
"""Decisions about addresses that are kept; past it they are forgotten all at once, and made anew."""
_NEVER_BY_NAME = frozenset({"metadata", "link-local"})


class AllowListSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be reached besides the providers' own origins, and which data may go to which of them."""

    mode: Mode = "enforce"
    """`shadow`: what it would refuse is recorded and let through, addresses aside: a private one stays refused.
    `air-gap`: loopback and the hosts of `allow` alone, whatever providers declare."""
    allow: tuple[str, ...] = ()
    """Hosts that any provider may be asked at: `api.example.com`, `*.example.com` (its subdomains, of any depth), with
    `:8443` for that port alone. Without a port, https on port 443 is meant."""
    rules: tuple[DataRule, ...] = ()
    """Which calls may be given to which providers, by tenant and labels."""
    require: tuple[str, ...] = ()
    """Labels that every call must carry, `residency` say; one without is refused everywhere."""

    def __post_init__(self) -> None:
        for pattern in self.allow:
            _read_pattern(pattern)


class _Known(Struct, frozen=True):
    """One provider: what it declares, the networks its operator names, and the hosts written as an address."""

    allowance: Allowance
    origins: frozenset[Origin]
    proxies: frozenset[Origin]
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
        settings = settings or AllowListSettings()
        self._known = {allowance.provider_id: _read_allowance(allowance) for allowance in allowances}
        self._shadow = settings.mode == "shadow"
        self._air_gap = settings.mode == "air-gap"
        providers = {provider_id for provider_id, known in self._known.items() if known.allowance.calls}
        self._rules = DataRules(settings.rules, settings.require, providers)
        self._exact: dict[tuple[str, int], str] = {}
        self._suffixes: list[tuple[str, int, str]] = []
        for pattern in settings.allow:
            host, port = _read_pattern(pattern)
            if host.startswith("*."):
                self._suffixes.append((host[1:], port, pattern))
            else:
                self._exact[host, port] = pattern
        self._places: dict[tuple[str, Origin, Origin | None], Decision] = {}
        self._data: dict[tuple[str, Purpose, bool], Decision | None] = {}
        self._addresses: dict[tuple[str, str, str], Decision] = {}
        self._providers = {
            provider_id: self._judged(self._decide_provider(known)) for provider_id, known in self._known.items()
        }

    def decide_provider(self, provider_id: str, purpose: Purpose) -> Decision:
        """By the rules about data, and by whether any origin that it declares may be asked."""
        decision = self._providers.get(provider_id)
        if decision is None:
            return self._judged(Decision(False, f"default deny: there is no provider {provider_id}"))
        if not self._rules.some:
            return decision
        leaves = bool(self._known[provider_id].origins)
        return self._decide_data(provider_id, purpose, leaves) or decision

    def decide(self, request: EgressRequest) -> Decision:
        """By provider, origin and proxy; then by the rules about data."""
        key = (request.provider_id, request.origin, request.proxy)
        decision = self._places.get(key)
        if decision is None:
            decision = self._judged(self._decide(*key))
            _keep(self._places, key, decision)
        if not self._rules.some or not decision.allowed:
            return decision
        return self._decide_data(request.provider_id, request.purpose, True) or decision

    def decide_address(self, provider_id: str, host: str, address: str, port: int) -> Decision:
        """By provider, the host that was asked for and the address it led to; the port was decided with the origin."""
        key = (provider_id, host, address)
        decision = self._addresses.get(key)
        if decision is None:
            decision = self._decide_address(*key)
            _keep(self._addresses, key, decision)
        return decision

    def _judged(self, decision: Decision) -> Decision:
        return decision if decision.allowed or not self._shadow else Decision(True, decision.rule, shadow=True)

    def _decide_provider(self, known: _Known) -> Decision:
        if not known.origins:
            return Decision(True, "nothing leaves the process")
        proxies = known.proxies or {None}
        all_ways = [
            self._decide(known.allowance.provider_id, origin, proxy)
            for origin in known.allowance.origins
            for proxy in proxies
        ]
        return next((decision for decision in all_ways if decision.allowed), all_ways[0])

    def _decide_data(self, provider_id: str, purpose: Purpose, leaves: bool) -> Decision | None:
        """What the rules about data refuse."""
        key = (provider_id, purpose, leaves)
        if key in self._data:
            return self._data[key]
        known = self._known.get(provider_id)
        reason = None
        if known is not None and known.allowance.calls:
            reason = self._rules.refusal(known.allowance, purpose, leaves=leaves)
        decision = None if reason is None else self._judged(Decision(False, reason))
        _keep(self._data, key, decision)
        return decision

    def _decide(self, provider_id: str, origin: Origin, proxy: Origin | None) -> Decision:
        known = self._known.get(provider_id)
        if proxy is not None:
            if known is None or _plain(proxy) not in known.proxies:
                return Decision(False, f"default deny: {proxy} is no proxy of {provider_id}")
            if self._air_gap and not self._within(proxy):
                return Decision(False, f"air-gap: the proxy {proxy} is neither loopback nor in egress.allow")
        declared = known is not None and _plain(origin) in known.origins
        if declared and (not self._air_gap or _is_loopback(origin.host)):
            return Decision(True, f"declared by {provider_id}")
        pattern = self._allowed(origin)
        if pattern is not None:
            return Decision(True, f"egress.allow: {pattern}")
        if self._air_gap:
            return Decision(False, f"air-gap: {origin} is neither loopback nor in egress.allow")
        return Decision(False, f"default deny: {origin} is neither declared by {provider_id} nor in egress.allow")

    def _within(self, origin: Origin) -> bool:
        return _is_loopback(origin.host) or self._allowed(origin) is not None

    def _allowed(self, origin: Origin) -> str | None:
        # A pattern without a port means https: it must not open a way for keys in the clear.
        if origin.scheme != "https" and origin.port == 443:
            return None
        return self._pattern(_bare(origin.host), origin.port)

    def _pattern(self, host: str, port: int) -> str | None:
        if (pattern := self._exact.get((host, port))) is not None:
            return pattern
        for suffix, at, pattern in self._suffixes:
            if at == port and host.endswith(suffix) and len(host) > len(suffix):
                return pattern
        return None

    def _is_named_host(self, host: str) -> bool:
        return any(host == name for name, _ in self._exact) or any(host.endswith(name) for name, _, _ in self._suffixes)

    def _decide_address(self, provider_id: str, host: str, text: str) -> Decision:
        address = read_address(text)
        if address is None:
            return Decision(False, "not an IP address")
        known = self._known.get(provider_id)
        if self._air_gap and not address.is_loopback and not self._is_named_host(_bare(host)):
            return Decision(False, f"air-gap: {host} is not in egress.allow, and leads away from this machine")
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
    origins = frozenset(map(_plain, allowance.origins))
    proxies = frozenset(map(_plain, allowance.proxies))
    hosts = (origin.host for origin in origins | proxies)
    try:
        networks = tuple(map(ip_network, allowance.private_addresses))
    except ValueError as error:
        raise SettingsError(f"{allowance.provider_id}: private_addresses: {error}") from None
    named = frozenset(host for host in hosts if host == "localhost" or read_address(host))
    return _Known(allowance, origins, proxies, networks, named)


def _plain(origin: Origin) -> Origin:
    return Origin(origin.scheme, _bare(origin.host), origin.port)


def _is_loopback(host: str) -> bool:
    address = read_address(host)
    return address.is_loopback if address is not None else _bare(host) == "localhost"


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


def _keep(cache: dict[Any, Any], key: Any, decision: Decision | None) -> None:
    if len(cache) >= _CACHED:
        cache.clear()
    cache[key] = decision
