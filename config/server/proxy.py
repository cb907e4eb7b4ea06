"""The client's address and scheme: a proxy's word for them counts if TRUSTED_PROXIES names the proxy."""

import ipaddress
from collections.abc import Iterable
from typing import Any

from django.conf import settings

Scope = dict[str, Any]

# Headers that change what a request is taken for. Every web server in front may be made to pass them on from anybody.
_MEANING = (b"x-forwarded-", b"forwarded", b"x-real-ip", b"daphne-root-path")
_SECURE = {"http": "https", "websocket": "wss"}
_PLAIN = {"http": "http", "websocket": "ws"}


def described(scope: Scope) -> Scope:
    """A copy of an HTTP or WebSocket scope with the client's own address and scheme, and without headers of strangers.

    `client` becomes the rightmost address in X-Forwarded-For that is no trusted proxy, in its one spelling, and
    `scheme` what X-Forwarded-Proto says. A prefix of the path is never taken from a request: `root_path` is empty.
    """
    peer, port = scope.get("client") or ("", 0)
    is_proxy, headers = is_trusted(peer), scope["headers"]
    host = client_address(peer, _values(headers, b"x-forwarded-for"))
    schemes = _values(headers, b"x-forwarded-proto") if is_proxy else []
    return scope | {
        "client": [host, port if host == _spelled(peer) else 0] if peer else None,
        "scheme": _scheme(scope, told=schemes[-1] if schemes else b""),
        "root_path": "",
        "headers": [(name, value) for name, value in headers if _may_pass(name, is_proxy=is_proxy)],
    }


def client_address(peer: str, forwarded_for: Iterable[bytes]) -> str:
    """The client's address: the peer's, or what trusted proxies say of it in these X-Forwarded-For headers."""
    hops = [hop for value in forwarded_for for hop in value.decode("latin-1").split(",")]
    found = _spelled(peer)
    while hops and is_trusted(found) and (further := _spelled(hops.pop())):
        found = further
    return found or peer


def is_trusted(host: str) -> bool:
    address = _address(host)
    return address is not None and any(address in network for network in settings.TRUSTED_PROXIES)


def is_loopback(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_loopback


def _scheme(scope: Scope, *, told: bytes) -> str:
    kind = scope["type"]
    # Of several in one header the last is the trusted proxy's own; some say wss of a WebSocket.
    match told.rpartition(b",")[2].strip().lower():
        case b"https" | b"wss":
            return _SECURE[kind]
        case b"http" | b"ws":
            return _PLAIN[kind]
        case _:
            return str(scope.get("scheme", _PLAIN[kind]))


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def _may_pass(name: bytes, *, is_proxy: bool) -> bool:
    return name != b"daphne-root-path" and (is_proxy or not name.startswith(_MEANING))


def _spelled(host: str) -> str:
    """One spelling for each address; empty for what is none."""
    return str(_address(host) or "")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an address as proxies write it: with or without a port, IPv6 in brackets or bare, IPv4 inside IPv6."""
    host = host.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
