"""What an IP address is: public, or one of the many sorts that a gateway must not be talked into asking."""

import ipaddress
from collections.abc import Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
METADATA = frozenset(
    map(ipaddress.ip_address, ("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200"))
)
"""Where clouds hand out the keys of the machine itself (AWS, its containers, Google, Azure; AWS by IPv6; Alibaba)."""

_SORTS: tuple[tuple[str, tuple[Network, ...]], ...] = tuple(
    (sort, tuple(map(ipaddress.ip_network, networks.split())))
    for sort, networks in (
        ("loopback", "127.0.0.0/8 ::1/128"),
        ("link-local", "169.254.0.0/16 fe80::/10"),
        ("private", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10"),
        ("shared (CGNAT)", "100.64.0.0/10"),
        ("multicast", "224.0.0.0/4 ff00::/8"),
        ("unspecified", "0.0.0.0/8 ::/128"),
    )
)


def read_address(text: str) -> Address | None:
    """An IP literal, a zone (`fe80::1%eth0`) aside; None for anything else."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def unwrapped(address: Address) -> Iterator[Address]:
    """The address, and each IPv4 address that a packet to it may end at: IPv4-mapped (RFC 4291), IPv4-compatible,
    NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo's server and client (RFC 4380)."""
    yield address
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def sort_of(address: Address) -> str:
    """`metadata`, `loopback`, `link-local`, `private`...; empty for a public address, or for one that wraps another."""
    if address in METADATA:
        return "metadata"
    for sort, networks in _SORTS:
        if any(address.version == network.version and address in network for network in networks):
            return sort
    if len(list(unwrapped(address))) > 1:
        return ""
    return "" if address.is_global and not address.is_reserved else "reserved"
