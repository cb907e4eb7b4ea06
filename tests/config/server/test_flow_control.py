"""Sockets read and write their frames themselves, which stands on two methods of Autobahn's."""

from __future__ import annotations

import hashlib
import inspect

import pytest
from daphne.ws_protocol import WebSocketProtocol

# Of the methods that those of `Socket` stand in for.
AUTOBAHN = {"sendData": "5dcca425b048b07e", "consumeData": "aaa88196e762438f"}


@pytest.mark.parametrize("method", AUTOBAHN)
def test_autobahn_still_works_as_our_socket_takes_it_to(method):
    """After an upgrade that fails here: compare Autobahn's method with that of `Socket`, then renew the digest."""
    source = inspect.getsource(getattr(WebSocketProtocol, method))
    assert hashlib.sha256(source.encode()).hexdigest()[:16] == AUTOBAHN[method]
