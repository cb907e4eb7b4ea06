"""Sockets write their frames themselves, which stands on one method of Autobahn's."""

from __future__ import annotations

import hashlib
import inspect

from daphne.ws_protocol import WebSocketProtocol

# Of the method that `Socket.sendData` stands in for.
AUTOBAHN = "5dcca425b048b07e"


def test_autobahn_still_sends_as_our_socket_takes_it_to():
    """After an upgrade that fails here: compare Autobahn's method with `Socket.sendData`, then renew the digest."""
    source = inspect.getsource(WebSocketProtocol.sendData)
    assert hashlib.sha256(source.encode()).hexdigest()[:16] == AUTOBAHN
