"""Publish to frame in the all-in-one process: SQLite, in-process layer, worker thread, beat and sweeper running.

The publisher is a thread of the served process; the client is this one, over a real WebSocket on the loopback
interface. Both read the machine's one monotonic clock. A time runs from just before `publish()` is called, so it
contains the INSERT and its commit, until the frame has been received and parsed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import websockets

from bench.lines import Line, percentile

ROOT = Path(__file__).resolve().parent.parent
WARM_UP, PUBLISHES = 20, 200
PATIENCE = 60.0
TARGET_MS = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """The process under test: where its socket is, alice's key, and the pipe that tells it to begin."""

    url: str
    key: str
    commands: IO[str]
    said: IO[str]


def measure() -> list[Line]:
    with _served() as served:
        latencies, calls = asyncio.run(asyncio.wait_for(_measured(served), PATIENCE))
    p50 = percentile(latencies, 0.5)
    details = {"p95": percentile(latencies, 0.95), "max": max(latencies), "publish() alone p50": percentile(calls, 0.5)}
    return [
        Line(
            name=f"embedded: {PUBLISHES} publishes from another thread, publish to frame, p50",
            unit="ms",
            ours=p50,
            target=f"<= {TARGET_MS:.0f} ms",
            is_met=p50 <= TARGET_MS,
            details=details,
        )
    ]


async def _measured(served: Served) -> tuple[list[float], list[float]]:
    """Milliseconds from publish to frame, and of each call of `publish()` alone; the warm-up is left out."""
    async with websockets.connect(served.url, additional_headers={"Authorization": f"Bearer {served.key}"}) as client:
        hello = json.loads(await client.recv())
        assert hello["type"] == "hello", hello
        print(WARM_UP + PUBLISHES, file=served.commands, flush=True)
        arrived: dict[int, float] = {}
        while len(arrived) < WARM_UP + PUBLISHES:
            frame = json.loads(await client.recv())
            if frame["type"] == "notification":
                arrived[frame["payload"]["number"]] = time.monotonic()
    calls = list(enumerate(json.loads(served.said.readline())))[WARM_UP:]
    latencies = [1000 * (arrived[number] - begun) for number, (begun, _) in calls]
    return latencies, [1000 * (ended - begun) for _, (begun, ended) in calls]


@contextlib.contextmanager
def _served() -> Iterator[Served]:
    """The all-in-one process on a database and a port of its own."""
    with tempfile.TemporaryDirectory(prefix="carillon-bench-") as folder, contextlib.ExitStack() as stack:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.embedded_process", str(port)],
            cwd=ROOT,
            env=_environment(Path(folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(_end, process)
        assert process.stdin is not None
        assert process.stdout is not None
        key = process.stdout.readline().strip()
        if not key:
            raise SystemExit(f"The process to be measured ended with code {process.wait()} before it was ready.")
        yield Served(f"ws://127.0.0.1:{port}/ws/notifications/", key, process.stdin, process.stdout)


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_URL"}}
    return kept | {"DEBUG": "true", "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}"}


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
