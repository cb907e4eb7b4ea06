"""Latency from commit to WebSocket frame at fifty events a second, beside an empty Celery task that sends one frame."""

from __future__ import annotations

import contextlib

from bench import environment, processes
from bench.environment import PRODUCTION, scaled
from bench.results import Result
from bench.timing import percentile

EVENTS = 250
TARGETS = {"p50": (0.5, 4.0), "p95": (0.95, 8.0)}
WORKERS = (("-A", "config"), ("-A", "bench.latency.celery_peer"))


def measure() -> list[Result]:
    port = processes.free_port()
    with environment.isolated(with_redis=True, with_web=True) as env, contextlib.ExitStack() as running:
        running.enter_context(processes.started("manage.py", "web", "--port", str(port), env=env))
        for application in WORKERS:
            worker = ("-m", "celery", *application, "worker", "--concurrency", "2", "--loglevel", "WARNING")
            running.enter_context(processes.started(*worker, env=env | PRODUCTION))
        times = processes.call("bench.latency.process", port, scaled(EVENTS), env=env | PRODUCTION)
    return [_result(name, times=times, share=share, target=target) for name, (share, target) in TARGETS.items()]


def _result(name: str, *, times: dict[str, list[float]], share: float, target: float) -> Result:
    ours, theirs = (1000 * percentile(times[key], share) for key in ("ours", "task"))
    return Result(
        name=f"commit to WebSocket frame at 50 events/s, {name}",
        unit="ms",
        ours=ours,
        target=f"<= {target:.0f} times",
        is_met=ours <= target * theirs,
        compared_with="an empty Celery task that sends one frame over the layer",
        theirs=theirs,
    )
