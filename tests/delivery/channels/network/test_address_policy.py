"""Which addresses may be connected to: the table fails closed, whatever an address is dressed as."""

from __future__ import annotations

import ipaddress
import socket

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.channels.network.address_policy import _CLOSED_V4, _CLOSED_V6, Policy, policy

FORBIDDEN = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.255
168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 169.254.169.123 172.16.0.1 172.17.0.1 172.31.255.255
192.0.0.1 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1
198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 224.0.0.251 233.252.0.1 239.255.255.250 240.0.0.1
254.1.2.3 255.255.255.255
:: ::1 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8
::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b::192.168.1.1
64:ff9b::100.64.0.1 64:ff9b::0.0.0.0 64:ff9b::224.0.0.1 64:ff9b:1::10.0.0.1 64:ff9b:1::8.8.8.8 64:ff9b:0:1::8.8.8.8
100::1 100:0:0:1::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:0:7f00:1::1 2001:2::1 2001:3::1 2001:4:112::1
2001:10::1 2001:20::1 2001:30::1 2001:1::1 2001:db8::1 2001:db8:ffff::1 2002:7f00:1::1 2002:a00:1::1
2002:c0a8:101::1 2002:808:808::1 2620:4f:8000::1 2a01:4f8::5efe:10.0.0.1 2a01:4f8::200:5efe:10.0.0.1 3ffe::1 3fff::1
3fff:fff::1 4000::1 5f00::1 6000::1 8000::1 fc00::1 fd00::1 fd00:ec2::254 fd12:3456:789a::1 fe80::1 fe80::1%eth0
febf::1 fec0::1 feff::1 ff01::1 ff02::1 ff02::fb ff05::2 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
not-an-address 1.2.3 2130706433 0x7f.0.0.1 0177.0.0.1 127.1
""".split()  # fmt: skip
PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.215.14 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255
192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111
2a00:1450:4001::1 2a01:4f8::1 64:ff9b::8.8.8.8 64:ff9b::1.1.1.1
""".split()  # fmt: skip

v4 = st.ip_addresses(v=4)
v6 = st.ip_addresses(v=6)
# Uniform draws would hardly ever meet a closed network; these do.
networks = [*_CLOSED_V4, *_CLOSED_V6, *map(ipaddress.ip_network, ("64:ff9b::/96", "fe80::/9"))]
networks += [ipaddress.ip_network(f"{one}/{64 if ':' in one else 8}", strict=False) for one in PUBLIC]
dressed = st.builds(
    lambda network, host: network[host % network.num_addresses], st.sampled_from(networks), st.integers(0, 2**128)
)
anywhere = v4 | v6 | dressed
EVERYWHERE = Policy()


def test_the_table_is_long_enough():
    assert len(set(FORBIDDEN)) >= 80


@pytest.mark.parametrize("address", FORBIDDEN)
def test_forbidden_with_a_reason(address):
    assert EVERYWHERE.forbids(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_and_the_neighbours_of_closed_networks_are_open(address):
    assert EVERYWHERE.forbids(address) == ""


@given(anywhere)
def test_nothing_is_open_that_python_calls_private_or_multicast(address):
    if not EVERYWHERE.forbids(str(address)):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if str(address).startswith("64:ff9b::") else address
        assert inner.is_global
        assert not inner.is_multicast
        assert not inner.is_reserved or address != inner


@given(v4)
def test_nat64_inherits_the_verdict_of_the_address_inside(address):
    assert EVERYWHERE.forbids(f"64:ff9b::{address}") == EVERYWHERE.forbids(str(address))


@given(v4, st.integers(0, 2**80 - 1))
def test_6to4_is_closed_whatever_is_inside(address, rest):
    assert EVERYWHERE.forbids(str(ipaddress.IPv6Address(0x2002 << 112 | int(address) << 80 | rest)))


@given(st.integers(0, 2**96 - 1))
def test_teredo_is_closed_whatever_is_inside(rest):
    assert EVERYWHERE.forbids(str(ipaddress.IPv6Address(0x20010000 << 96 | rest)))


@given(v4, st.sampled_from(["::ffff:{}", "::{}", "::ffff:0:{}", "64:ff9b:1::{}", "2a01:4f8::5efe:{}"]))
def test_every_other_way_to_write_an_ipv4_address_in_ipv6_is_closed(address, form):
    assert EVERYWHERE.forbids(form.format(address))


@given(v6)
def test_outside_global_unicast_only_nat64_is_open(address):
    if not EVERYWHERE.forbids(str(address)):
        assert int(address) >> 125 == 1 or address in ipaddress.ip_network("64:ff9b::/96")


@given(anywhere, st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "fd00::/8", "169.254.169.254/32"]))
def test_an_allowed_network_opens_itself_and_nothing_else(address, network):
    opened = ipaddress.ip_network(network)
    inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if str(address).startswith("64:ff9b::") else address
    closed = EVERYWHERE.forbids(str(address))
    assert Policy(allowed=[opened]).forbids(str(address)) == ("" if inner in opened else closed)


def test_this_machine_is_not_a_receiver_even_on_a_public_address():
    own = frozenset({ipaddress.ip_address("93.184.215.14")})
    assert Policy(own=own).forbids("93.184.215.14")
    assert Policy(own=own).forbids("64:ff9b::93.184.215.14")
    assert not Policy(own=own, allowed=[ipaddress.ip_network("93.184.215.14/32")]).forbids("93.184.215.14")


def test_the_addresses_of_this_machine_are_known():
    here = [one.address for some in psutil.net_if_addrs().values() for one in some if one.family == socket.AF_INET]
    assert {ipaddress.ip_address(one) for one in here} <= set(policy().own)
