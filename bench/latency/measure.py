"""From commit to WebSocket frame at fifty events a second, beside an empty Celery task that sends one frame."""

from __future__ import annotations

import contextlib
import socket

from bench import stage
from bench.lines import Line, percentile

EVENTS = 250
TARGETS = {"p50": (0.5, 4.0), "p95": (0.95, 8.0)}
WORKERS = (("-A", "config"), ("-A", "bench.celery_peer"))


def measure() -> list[Line]:
    port = free_port()
    with stage.service(with_redis=True, with_web=True) as env, contextlib.ExitStack() as running:
        running.enter_context(stage.started("manage.py", "web", "--port", str(port), env=env))
        for application in WORKERS:
            worker = ("-m", "celery", *application, "worker", "--concurrency", "2", "--loglevel", "WARNING")
            running.enter_context(stage.started(*worker, env=env | stage.AS_IN_PRODUCTION))
        measuring = env | stage.AS_IN_PRODUCTION
        times = stage.run("bench.latency_process", port, stage.scaled(EVENTS), env=measuring)
    return [_line(name, times=times, share=share, target=target) for name, (share, target) in TARGETS.items()]


def _line(name: str, *, times: dict[str, list[float]], share: float, target: float) -> Line:
    ours, theirs = (1000 * percentile(times[key], share) for key in ("ours", "task"))
    return Line(
        name=f"commit to WebSocket frame at 50 events/s, {name}",
        unit="ms",
        ours=ours,
        target=f"<= {target:.0f} times",
        is_met=ours <= target * theirs,
        compared_with="an empty Celery task that sends one frame over the layer",
        theirs=theirs,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
