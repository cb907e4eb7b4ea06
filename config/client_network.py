"""The network that a client is counted by."""

import ipaddress

# What one customer is given: addresses within it are anybody's to choose.
_IPV6_PREFIX = 64


def network(address: str) -> str:
    """The address itself for IPv4, also where it comes mapped into IPv6; the /64 for IPv6. Other text stays."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
