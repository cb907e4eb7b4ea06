"""A person's notification socket, as a program with a key opens it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect


@contextmanager
def listening(url: str, *, key: str) -> Iterator[ClientConnection]:
    """Connected, greeted, and with the greeting read."""
    address = url.replace("http", "ws", 1) + "/ws/notifications/"
    with connect(address, additional_headers={"Authorization": f"Bearer {key}"}) as socket:
        assert read(socket)["type"] == "hello"
        yield socket


def read(socket: ClientConnection, *, timeout: float = 15) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(socket.recv(timeout))
    return frame


def read_to_the_end(socket: ClientConnection) -> tuple[list[dict[str, Any]], int | None]:
    """Frames that still came, and the code that the socket was closed with."""
    frames = []
    try:
        while True:
            frames.append(read(socket))
    except ConnectionClosed as closed:
        return frames, closed.rcvd.code if closed.rcvd else None
