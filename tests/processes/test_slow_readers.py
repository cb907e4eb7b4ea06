"""A client that doesn't read costs the process nothing, and is dropped."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.processes import Process, free_port

pytestmark = [pytest.mark.process, pytest.mark.embedded]

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MEGABYTE = 1_000_000


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def flooding(port, tmp_path) -> Iterator[Process]:
    process = Process(
        "-m", "tests.processes.programs.flooding_server", str(port), "3", env={"DEBUG": "true"}, folder=tmp_path
    )
    process.wait_for_output("ready")
    yield process
    process.kill()


def connected(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(HANDSHAKE)
    assert b"101 Switching" in client.recv(200)
    return client


def memory(process: Process) -> int:
    return int(psutil.Process(process.pid).memory_info().rss)


def test_memory_stays_flat_and_the_client_is_dropped(flooding, port):
    before = memory(flooding)
    with connected(port) as client:
        time.sleep(2)
        assert memory(flooding) - before < 20 * MEGABYTE
        time.sleep(3)
        left = len(_read_what_is_left(client))
    assert left < 20 * MEGABYTE


def test_a_client_that_reads_again_as_it_is_dropped_is_told_why(flooding, port):
    with connected(port) as client:
        flooding.wait_for_output("Dropped a socket", timeout=20)
        end = _read_what_is_left(client)[-200:]
    assert b'"code": "too_slow"' in end
    assert end.endswith((4408).to_bytes(2))


def test_a_client_that_reads_gets_all_it_can_take(flooding, port):
    with connected(port) as client:
        client.settimeout(10)
        taken = sum(len(client.recv(MEGABYTE)) for _ in range(400))
    assert taken > 20 * MEGABYTE


def _read_what_is_left(client: socket.socket) -> bytes:
    """Up to the end: the server has hung up."""
    client.settimeout(10)
    taken = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(MEGABYTE):
            taken += chunk
    return bytes(taken)
