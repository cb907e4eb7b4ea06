"""Calm in use by everybody: routing with mutes, bursts and ladders, the closing of bursts, and the back-test."""

from __future__ import annotations

from statistics import median

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

PEOPLE, EVENTS = 10_000, 10_000
SHARE, CLOSED, SECONDS = 0.8, 500, 1.0


def measure() -> list[Result]:
    people, events = scaled(PEOPLE), scaled(EVENTS)
    with environment.isolated() as env:
        times: dict[str, list[list[float]]] = processes.call(
            "bench.calm.process", people, events, env=env, timeout=1800
        )
    seconds = {way: median(wall for wall, _cpu in measured) for way, measured in times.items()}
    cpu = {way: median(cpu for _wall, cpu in measured) for way, measured in times.items()}
    routed = [
        Result(
            name=name,
            unit="people/s",
            ours=people / seconds[way],
            target=f">= {SHARE}",
            is_met=seconds["without"] >= SHARE * seconds[way],
            compared_with="without",
            theirs=people / seconds["without"],
            details={"share by CPU of this process": cpu["without"] / cpu[way]},
        )
        for way, name in (
            ("with", f"one event to {people:,} people with mutes, bursts and ladders"),
            ("following", f"one more event of a burst to {people:,} people"),
        )
    ]
    return [
        *routed,
        Result(
            name=f"bursts of {people:,} people closed",
            unit="people/s",
            ours=people / seconds["closing"],
            target=f">= {CLOSED}",
            is_met=people / seconds["closing"] >= CLOSED,
            details={"a second of CPU of this process": people / cpu["closing"]},
        ),
        Result(
            name=f"back-test of {events:,} events",
            unit="s",
            ours=seconds["back_test"],
            target=f"<= {SECONDS:.0f} s",
            is_met=seconds["back_test"] <= SECONDS,
            details={"CPU of this process": cpu["back_test"]},
        ),
    ]
