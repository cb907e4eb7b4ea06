"""Clients that mean harm, as bytes over sockets, and the neighbour who wants to read an inbox meanwhile."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Self

import httpx

MEGABYTE = 1024 * 1024
# Masked, as a client's have to be.
EMPTY_PINGS = b"\x89\x80\0\0\0\0" * 10_000
# A question that a text frame answers, and the end of the conversation.
QUESTION = b'\x81\x8f\0\0\0\0{"type":"ping"}'
FAREWELL = b"\x88\x80\0\0\0\0"
PASSWORD = "carillon-demo"


def send_spaces(port: int, *, megabytes: int, chunked: bool = False, path: str = "/sign-in/") -> bytes:
    """Post that many spaces until the server hangs up; what it answered, empty where its answer was lost."""
    kind = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {megabytes * MEGABYTE}"
    part = b" " * MEGABYTE
    if chunked:
        part = f"{MEGABYTE:x}\r\n".encode() + part + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        with contextlib.suppress(OSError):
            client.sendall(_head("POST", path, kind, "Content-Type: application/x-www-form-urlencoded"))
            for _ in range(megabytes):
                client.sendall(part)
            if chunked:
                client.sendall(b"0\r\n\r\n")
        with contextlib.suppress(OSError):
            return client.recv(65536)
    return b""


@contextlib.contextmanager
def half_sent(
    port: int, *, count: int, what: bytes = b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
) -> Iterator[list[socket.socket]]:
    """Connections that send the beginning of a request and then nothing."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
        for client in clients:
            client.sendall(what)
        yield clients


@contextlib.contextmanager
def asking_without_reading(port: int, *, path: str, times: int) -> Iterator[socket.socket]:
    """A connection that asks many times at once and reads no answer."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(_head("GET", path) * times)
        yield client


@contextlib.contextmanager
def flooding_sockets(port: int, *, key: str, count: int) -> Iterator[list[int]]:
    """WebSockets of one person that send empty frames as fast as they go; the list has a number for each that began."""
    stopping = threading.Event()
    begun: list[int] = []

    def flood(number: int) -> None:
        while not stopping.is_set():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                client.sendall(_handshake(key))
                client.recv(4096)
                begun.append(number)
                while not stopping.is_set():
                    client.sendall(EMPTY_PINGS)

    threads = [threading.Thread(target=flood, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    yield begun
    stopping.set()
    for thread in threads:
        thread.join(30)


def ask_and_leave(port: int, *, key: str, times: int) -> None:
    """Open sockets of one person, each of which asks some questions, and leaves before it has the answers."""
    for number in range(times):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(_handshake(key))
            while b'"hello"' not in client.recv(65536):
                pass
            if number % 2:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(QUESTION * 5 + FAREWELL)


def read_to_the_end(client: socket.socket) -> bytes:
    """All that comes until the server has hung up."""
    taken = bytearray()
    client.settimeout(60)
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            taken += part
    return bytes(taken)


def _handshake(key: str) -> bytes:
    return _head(
        "GET",
        "/ws/notifications/",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {key}",
    )


def _head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


class Neighbour:
    """A person who is signed in and reads the inbox again and again; `seconds` has how long each took."""

    def __init__(self, url: str, *, username: str = "alice", pause: float = 0.05) -> None:
        self.seconds: list[float] = []
        self.failed: list[str] = []
        self._client = httpx.Client(base_url=url, timeout=60)
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        page = self._client.get("/sign-in/").text
        token = re.findall('name="csrfmiddlewaretoken" value="(.+?)"', page)[0]
        form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token}
        assert self._client.post("/sign-in/", data=form).status_code == 302

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._thread.join(60)
        self._client.close()

    def _run(self) -> None:
        while not self._stopping.wait(self._pause):
            begun = time.monotonic()
            try:
                answer = self._client.get("/notifications/")
            except httpx.HTTPError as error:
                self.failed.append(repr(error))
                continue
            self.seconds.append(time.monotonic() - begun)
            if answer.status_code != 200:
                self.failed.append(f"{answer.status_code} {answer.text[:200]}")
