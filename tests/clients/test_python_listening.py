"""The Python client's socket, against a server that drops connections and frames."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest
from carillon_client import RefusedError, listening
from carillon_client.listening import listen
from websockets.sync.server import ServerConnection, serve

Script = Callable[["Connection"], None]


class Connection:
    """One connection from the server's side."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.path = socket.request.path if socket.request else ""

    def tell(self, kind: str, seq: int | None = None, **more: Any) -> None:
        self.socket.send(json.dumps({"type": kind} | ({} if seq is None else {"seq": seq}) | more))

    def heard(self) -> Any:
        return json.loads(self.socket.recv(5))


@contextmanager
def serving(*scripts: Script) -> Iterator[tuple[str, list[str]]]:
    """A server that goes by one script for each connection: its URL, and the paths that were asked for."""
    waiting, paths = iter(scripts), []

    def handle(socket: ServerConnection) -> None:
        connection = Connection(socket)
        paths.append(connection.path)
        next(waiting)(connection)

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}", paths
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch) -> None:
    monkeypatch.setattr(listening, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(listening, "LONGEST_PAUSE", 0.02)


def told(url: str, count: int, *, seq: int | None = None) -> list[tuple[str, int | None]]:
    frames = islice(listen(url, key="crl_1", seq=seq), count)
    return [(frame["type"], frame.get("seq")) for frame in frames]


def test_it_comes_back_after_the_last_frame_that_it_had():
    def first(connection: Connection) -> None:
        connection.tell("hello", 4)
        connection.tell("notification", 5)

    def second(connection: Connection) -> None:
        connection.tell("hello", 6)

    with serving(first, second) as (url, paths):
        assert told(url, 3) == [("hello", 4), ("notification", 5), ("hello", 6)]
    assert paths == ["/ws/notifications/", "/ws/notifications/?seq=5"]


def test_what_is_missing_is_asked_for_once_and_nothing_comes_twice():
    asked = []

    def script(connection: Connection) -> None:
        connection.tell("hello", 4)
        for seq in (5, 7, 8):
            connection.tell("notification", seq)
        asked.append(connection.heard())
        connection.tell("hello", 8, notifications=[6, 7, 8])
        connection.tell("notification", 8)
        connection.tell("notification", 9)

    with serving(script) as (url, _paths):
        assert told(url, 4) == [("hello", 4), ("notification", 5), ("hello", 8), ("notification", 9)]
    assert asked == [{"type": "resume", "seq": 5}]


def test_frames_without_a_number_pass():
    def script(connection: Connection) -> None:
        connection.tell("hello", 4)
        connection.tell("pulse", 0)
        connection.tell("error", code="too_many")

    with serving(script) as (url, _paths):
        assert told(url, 3) == [("hello", 4), ("pulse", 0), ("error", None)]


def test_it_begins_where_it_is_told_to():
    with serving(lambda connection: connection.tell("hello", 12)) as (url, paths):
        assert told(url, 1, seq=10) == [("hello", 12)]
    assert paths == ["/ws/notifications/?seq=10"]


@pytest.mark.parametrize("code", [4503, 4429, 1011])
def test_any_other_end_is_a_pause(code):
    with serving(lambda one: one.socket.close(code), lambda one: one.tell("hello", 4)) as (url, _paths):
        assert told(url, 1) == [("hello", 4)]


def test_a_key_that_no_longer_holds_ends_it():
    with serving(lambda one: one.socket.close(4401)) as (url, _paths), pytest.raises(RefusedError, match="401"):
        told(url, 1)
