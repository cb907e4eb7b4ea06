"""Addresses that a webhook may be sent to: an explicit table that fails closed.

`ipaddress.is_global` is no guard: it is true for NAT64, 6to4, site-local and multicast addresses and for the wire
server of Azure. The table is the IANA special-purpose registries' and what clouds answer metadata on; of IPv6 only
2000::/3 is open at all.
"""

import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import psutil

from delivery.conf import conf, networks

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_CLOSED_V4 = {
    ipaddress.IPv4Network(network): name
    for network, name in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by a provider, and metadata of a cloud",
        "127.0.0.0/8": "loopback",
        "168.63.129.16/32": "a cloud's wire server",
        "169.254.0.0/16": "link-local, and metadata of clouds",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "protocol assignments",
        "192.0.2.0/24": "documentation",
        "192.31.196.0/24": "AS112",
        "192.52.193.0/24": "multicast tunnels",
        "192.88.99.0/24": "6to4 relays",
        "192.168.0.0/16": "private",
        "192.175.48.0/24": "AS112",
        "198.18.0.0/15": "benchmarks",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved, and broadcast",
    }.items()
}
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6 = {
    ipaddress.IPv6Network(network): name
    for network, name in {
        "2001::/23": "Teredo and other protocol assignments",
        "2001:db8::/32": "documentation",
        "2002::/16": "6to4",
        "2620:4f:8000::/48": "AS112",
        "3ffe::/16": "the former test network",
        "3fff::/20": "documentation",
    }.items()
}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# ISATAP: the lower half of the address says so, and carries an IPv4 address (RFC 5214, section 6.1).
_ISATAP, _ISATAP_MASK = 0x0000_5EFE, 0xFDFF_FFFF


@dataclass(frozen=True, slots=True)
class Policy:
    """`allowed` opens what the table closes (WEBHOOK_ALLOWED_NETWORKS); `own` are this machine's own addresses."""

    allowed: Sequence[Network] = ()
    own: Collection[IPv4Address | IPv6Address] = frozenset()

    def forbids(self, address: str) -> str:
        """Say why nothing may be sent to this address, for the operator; empty: it may."""
        try:
            # getaddrinfo and getpeername add the interface to link-local addresses.
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return "not an address"
        return self._closes(parsed)

    def _closes(self, address: IPv4Address | IPv6Address) -> str:
        if any(address in network for network in self.allowed):
            return ""
        if address in self.own:
            return "this machine itself"
        if isinstance(address, IPv4Address):
            return next((name for network, name in _CLOSED_V4.items() if address in network), "")
        if address in _NAT64:
            # Networks of IPv6 only reach all of IPv4 this way: refusing it would refuse everything.
            return self._closes(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in _OPEN_V6:
            return "outside global unicast"
        if (int(address) >> 32) & _ISATAP_MASK == _ISATAP:
            return "a tunnel into IPv4"
        return next((name for network, name in _CLOSED_V6.items() if address in network), "")


def policy() -> Policy:
    return Policy(allowed=networks(conf.WEBHOOK_ALLOWED_NETWORKS), own=_own_addresses())


def _own_addresses() -> frozenset[IPv4Address | IPv6Address]:
    addresses = set()
    for interface in psutil.net_if_addrs().values():
        for one in interface:
            try:
                addresses.add(ipaddress.ip_address(one.address.partition("%")[0]))
            except ValueError:
                # A hardware address.
                continue
    return frozenset(addresses)
