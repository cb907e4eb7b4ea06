"""Whether the resolver of this machine answers at all: what tells its failure from that of a receiver's domain."""

from __future__ import annotations

import ipaddress
import select
import socket
import time
from pathlib import Path

RESOLV_CONF = Path("/etc/resolv.conf")
PORT = 53
# One question for the name servers of the root: each resolver knows them, and even a refusal is a sign of life.
_QUESTION = b"\xca\x11\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"\x00" + b"\x00\x02\x00\x01"


def answer(*, seconds: float = 1.0, port: int = PORT) -> bool:
    """True if one of the configured name servers answers anything within that time."""
    sockets = [opened for server in _configured() if (opened := _asked(server, port=port))]
    try:
        return _any_answers(sockets, until=time.monotonic() + seconds)
    finally:
        for opened in sockets:
            opened.close()


def _configured() -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Without a readable file the C library asks this machine itself."""
    try:
        lines = RESOLV_CONF.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    found = []
    for words in (line.split() for line in lines):
        if len(words) > 1 and words[0] == "nameserver":
            try:
                found.append(ipaddress.ip_address(words[1]))
            except ValueError:
                continue
    return found or [ipaddress.IPv4Address("127.0.0.1")]


def _asked(server: ipaddress.IPv4Address | ipaddress.IPv6Address, *, port: int) -> socket.socket | None:
    opened = socket.socket(socket.AF_INET if server.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        # Connected: datagrams of others are not seen, and a closed port is reported.
        opened.connect((str(server), port))
        opened.send(_QUESTION)
    except OSError:
        opened.close()
        return None
    return opened


def _any_answers(sockets: list[socket.socket], *, until: float) -> bool:
    waiting = list(sockets)
    while waiting and (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select(waiting, [], [], left)
        for one in ready:
            try:
                if one.recv(512)[:2] == _QUESTION[:2]:
                    return True
            except OSError:
                waiting.remove(one)
    return False
