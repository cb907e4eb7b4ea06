"""Curves of what one more of something costs, each with its axes and the process that measures it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import environment, processes
from bench.curves import scaling
from bench.drawing import Axis
from bench.environment import scaled
from bench.feeds import measure as feeds

# A million of anything takes minutes to write.
TIMEOUT = 3600.0
PEOPLE = (1_000, 10_000, 100_000, 1_000_000)
EVENTS = (1, 10, 100, 1_000, 10_000)
ROWS = (10_000, 100_000, 1_000_000, 10_000_000)
DELIVERIES = (1_000, 10_000, 100_000, 1_000_000)
ADDRESSES = (100, 900)
SOCKETS, SOCKETS_EACH = (100, 1_000, 4_000, 10_000), 4_000

Series = dict[str, list[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Curve:
    """Series of one unit over one count, both drawn by powers of ten."""

    count: str
    cost: str
    unit: str
    measure: Callable[[], Series]

    @property
    def axes(self) -> dict[str, Axis]:
        return {"x": Axis(self.count, is_log=True), "y": Axis(self.cost, is_log=True)}


def people() -> Series:
    measured: list[tuple[float, float]] = []
    for count in _scaled(PEOPLE):
        with environment.isolated() as env:
            measured.append((count, processes.call("bench.curves.people", count, env=env, timeout=TIMEOUT)))
    return {"one event": measured}


def events() -> Series:
    sizes = _scaled(EVENTS)
    with environment.isolated(with_redis=True) as env:
        costs = processes.call("bench.curves.events", sizes, env=env, timeout=TIMEOUT)
    return {name: _points(sizes, values) for name, values in costs.items()}


def rows() -> Series:
    sizes = _scaled(ROWS)
    return {
        name: _points(sizes, [float(plan["buffers"]) for plan in plans]) for name, plans in feeds.plans(sizes).items()
    }


def deliveries() -> Series:
    sizes, series = _scaled(DELIVERIES), {}
    for addresses in ADDRESSES:
        with environment.isolated() as env:
            costs = processes.call("bench.curves.deliveries", sizes, addresses, env=env, timeout=TIMEOUT)
        series[f"at {addresses:,} addresses"] = _points(sizes, costs)
    return series


def sockets() -> Series:
    """Costs of each socket to as many web processes as the most need, each of which takes 4,096 connections."""
    sizes = _scaled(SOCKETS)
    with environment.isolated(with_redis=True, with_web=True) as env, contextlib.ExitStack() as started:
        webs = []
        for _ in range(math.ceil(max(sizes) / SOCKETS_EACH)):
            port = processes.free_port()
            web = started.enter_context(processes.started("manage.py", "web", "--port", str(port), env=env))
            processes.read_line(web)
            webs.append((port, web.pid))
        costs = processes.call("bench.curves.sockets", webs, sizes, SOCKETS_EACH, env=env, timeout=TIMEOUT)
    return {name: _points(sizes, values) for name, values in costs.items()}


def workers() -> Series:
    series: Series = {}
    for work in scaling.WORKS:
        measured = scaling.measure(work)
        series[f"{work}, CPU ms"] = [(number, spent) for number, spent, _ in measured]
        series[f"{work}, in a second"] = [(number, rate) for number, _, rate in measured]
    return series


def _scaled(sizes: Sequence[int]) -> list[int]:
    return [scaled(size) for size in sizes]


def _points(sizes: Sequence[int], values: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(sizes, values, strict=True))


CURVES = {
    "people": Curve("people who are told of one event", "CPU of each, µs", "µs", people),
    "events": Curve("events that one look finds", "CPU of each, ms", "ms", events),
    "rows": Curve("rows of notifications", "buffers of 8 KB that a query touches", "buffers", rows),
    "deliveries": Curve("deliveries that wait", "CPU of each that is claimed and settled, ms", "ms", deliveries),
    "sockets": Curve("sockets, at most 4,000 on a process", "of each socket", "", sockets),
    "workers": Curve("processes at the same work", "of each piece", "", workers),
}
