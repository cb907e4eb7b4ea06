"""Webhooks from the outbox, signed and written down, beside bare aiohttp, beside one Celery task for each, and while
other receivers hang. The receiver is a process of its own on this machine: figures are of both together."""

from __future__ import annotations

import time
from statistics import median

from bench import environment, processes
from bench.environment import Environment, scaled
from bench.results import Result
from bench.webhooks import arrivals

DELIVERIES = 4000
BARE_TARGET, TASK_TARGET, HANGING_TARGET = 0.25, 3.0, 0.9


def measure() -> list[Result]:
    deliveries = scaled(DELIVERIES)
    with (
        environment.isolated(with_redis=True) as env,
        processes.started("-m", "bench.webhooks.receiver", env=env) as process,
    ):
        receiver = f"http://127.0.0.1:{processes.read_line(process)}"
        allowed = env | {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
        times: dict[str, list[float]] = processes.call("bench.webhooks.process", receiver, deliveries, env=allowed)
        tasks = _task_rate(receiver, deliveries, env=env)
    rates = {name: deliveries / median(seconds) for name, seconds in times.items()}
    name = "webhooks with all bookkeeping"
    return [
        _result(name, rates["ours"], BARE_TARGET, "bare aiohttp, same bodies", rates["bare"]),
        _result(name, rates["ours"], TASK_TARGET, "one Celery task each, requests", tasks),
        _result(
            "webhooks while 20 others hang for 10 s each", rates["beside"], HANGING_TARGET, "alone", rates["alone"]
        ),
    ]


def _result(name: str, ours: float, target: float, peer: str, theirs: float) -> Result:
    is_met = ours >= target * theirs
    return Result(name, "/s", ours, f">= {target:g}", is_met, compared_with=peer, theirs=theirs)


def _task_rate(receiver: str, deliveries: int, *, env: Environment) -> float:
    """Webhooks a second, from the first that arrives to the last: filling the queue and starting up don't count."""
    fill = ("-m", "bench.webhooks.celery_peer", f"{receiver}/hook/1", str(deliveries))
    with processes.started(*fill, env=env) as filling:
        filling.wait()
    arrivals.since_last(receiver)
    worker = ("-m", "celery", "-A", "bench.webhooks.celery_peer", "worker", "--loglevel=ERROR")
    with processes.started(*worker, env=env):
        return _arrival_rate(receiver, deliveries)


def _arrival_rate(receiver: str, deliveries: int) -> float:
    count, first, last = 0, 0.0, 0.0
    until = time.monotonic() + processes.TIMEOUT
    while count < deliveries and time.monotonic() < until:
        time.sleep(0.2)
        arrived = arrivals.since_last(receiver)
        if arrived.count:
            first, last = first or arrived.first, arrived.last
            count += arrived.count
    assert count == deliveries, f"{count} of {deliveries} arrived"
    return (count - 1) / (last - first)
