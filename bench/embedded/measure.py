"""Publish to frame in the all-in-one process: SQLite, in-process layer, worker thread, beat and sweeper running.

The publisher is a thread of the server process; the client is this one, over a real WebSocket on the loopback
interface. Both read the machine's one monotonic clock. A time runs from just before `publish()` is called, so it
contains the INSERT and its commit, until the frame has been received and parsed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import websockets

from bench import processes
from bench.results import Result
from bench.timing import percentile

WARM_UP, PUBLISHES = 20, 200
TIMEOUT = 60.0
TARGET_MS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """The process under test, the address of its socket and alice's API key."""

    process: subprocess.Popen[str]
    url: str
    key: str


def measure() -> list[Result]:
    with _server() as server:
        latencies, calls = asyncio.run(asyncio.wait_for(_times(server), TIMEOUT))
    p50 = percentile(latencies, 0.5)
    details = {"p95": percentile(latencies, 0.95), "max": max(latencies), "publish() alone p50": percentile(calls, 0.5)}
    return [
        Result(
            name=f"embedded: {PUBLISHES} publishes from another thread, publish to frame, p50",
            unit="ms",
            ours=p50,
            target=f"<= {TARGET_MS:.0f} ms",
            is_met=p50 <= TARGET_MS,
            details=details,
        )
    ]


async def _times(server: Server) -> tuple[list[float], list[float]]:
    """Milliseconds from publish to frame, and of each call of `publish()` alone; the warm-up is left out."""
    async with websockets.connect(server.url, additional_headers={"Authorization": f"Bearer {server.key}"}) as client:
        hello = json.loads(await client.recv())
        assert hello["type"] == "hello", hello
        processes.write_line(server.process, WARM_UP + PUBLISHES)
        arrivals: dict[int, float] = {}
        while len(arrivals) < WARM_UP + PUBLISHES:
            frame = json.loads(await client.recv())
            if frame["type"] == "notification":
                arrivals[frame["payload"]["number"]] = time.monotonic()
    calls = list(enumerate(json.loads(processes.read_line(server.process))))[WARM_UP:]
    latencies = [1000 * (arrivals[number] - began) for number, (began, _) in calls]
    return latencies, [1000 * (ended - began) for _, (began, ended) in calls]


@contextlib.contextmanager
def _server() -> Iterator[Server]:
    """The all-in-one process on a database and a port of its own."""
    port = processes.free_port()
    command = processes.call_command("bench.embedded.process", port)
    with (
        tempfile.TemporaryDirectory(prefix="carillon-bench-") as folder,
        processes.started(*command, env=_environment(Path(folder))) as process,
    ):
        yield Server(process, f"ws://127.0.0.1:{port}/ws/notifications/", processes.read_line(process))


def _environment(folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_URL"}}
    return inherited | {"DEBUG": "true", "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}"}
