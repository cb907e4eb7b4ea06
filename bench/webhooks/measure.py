"""Webhooks from the outbox, signed and written down, beside bare aiohttp, beside one Celery task for each, and while
other receivers hang. The receiver is a process of its own on this machine: figures are of both together."""

from __future__ import annotations

import json
import time
from statistics import median
from urllib.request import urlopen

from bench import stage
from bench.lines import Line

DELIVERIES = 4000
BARE_TARGET, TASK_TARGET, HANGING_TARGET = 0.25, 3.0, 0.9


def measure() -> list[Line]:
    deliveries = stage.scaled(DELIVERIES)
    with stage.service(with_redis=True) as env, stage.started("-m", "bench.webhook_receiver", env=env) as process:
        assert process.stdout is not None
        receiver = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        allowed = env | {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
        times: dict[str, list[float]] = stage.run("bench.webhooks_process", receiver, deliveries, env=allowed)
        tasks = _one_task_each(receiver, deliveries, env=env)
    rates = {name: deliveries / median(seconds) for name, seconds in times.items()}
    name = "webhooks with all bookkeeping"
    return [
        _line(name, rates["ours"], BARE_TARGET, "bare aiohttp, same bodies", rates["bare"]),
        _line(name, rates["ours"], TASK_TARGET, "one Celery task each, requests", tasks),
        _line("webhooks while 20 others hang for 10 s each", rates["beside"], HANGING_TARGET, "alone", rates["alone"]),
    ]


def _line(name: str, ours: float, target: float, peer: str, theirs: float) -> Line:
    met = ours >= target * theirs
    return Line(name, "/s", ours, f">= {target:g}", met, compared_with=peer, theirs=theirs)


def _one_task_each(receiver: str, deliveries: int, *, env: stage.Environment) -> float:
    """Webhooks a second, from the first that arrives to the last: filling the queue and starting up don't count."""
    with stage.started("-m", "bench.webhook_tasks", f"{receiver}/hook/1", str(deliveries), env=env) as filling:
        filling.wait()
    _counted(receiver)
    with stage.started("-m", "celery", "-A", "bench.webhook_tasks", "worker", "--loglevel=ERROR", env=env):
        return _rate(receiver, deliveries)


def _rate(receiver: str, deliveries: int) -> float:
    count, first, last = 0, 0.0, 0.0
    until = time.monotonic() + stage.PATIENCE
    while count < deliveries and time.monotonic() < until:
        time.sleep(0.2)
        found = _counted(receiver)
        if found["count"]:
            first, last = first or found["first"], found["last"]
            count += int(found["count"])
    assert count == deliveries, f"{count} of {deliveries} arrived"
    return (count - 1) / (last - first)


def _counted(receiver: str) -> dict[str, float]:
    with urlopen(f"{receiver}/count") as answer:
        found: dict[str, float] = json.load(answer)
    return found
