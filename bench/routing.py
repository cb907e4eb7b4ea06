"""One event to ten thousand people, beside the bare INSERT ... SELECT of the same rows and the per-recipient way."""

from __future__ import annotations

from statistics import median

from bench import peers, stage
from bench.lines import Line

PEOPLE = 10_000
TARGET, TARGET_PEER = 0.4, 20.0


def measure() -> list[Line]:
    people = stage.scaled(PEOPLE)
    with stage.service() as env:
        before: dict[str, list[float]] = stage.run("bench.routing_process", people, env=env)
        peer = peers.per_recipient(people // 4, env=env)
        after: dict[str, list[float]] = stage.run("bench.routing_process", people, env=env)
    times = {name: before[name] + after[name] for name in before}
    rates = {name: people / median(seconds) for name, seconds in times.items()}
    share = rates["transaction"] / rates["bare"]
    name = f"one event to {people:,} people with preferences: routing transaction"
    return [
        Line(
            name=name,
            unit="rows/s",
            ours=rates["transaction"],
            target=f">= {TARGET} of the limit",
            is_met=share >= TARGET,
            compared_with="bare INSERT ... SELECT",
            theirs=rates["bare"],
            details={"end to end with frames": rates["end_to_end"]},
        ),
        Line(
            name=name,
            unit="rows/s",
            ours=rates["transaction"],
            target=f">= {TARGET_PEER:.0f} times",
            is_met=rates["transaction"] >= TARGET_PEER * peer.rate,
            compared_with=peer.name,
            theirs=peer.rate,
        ),
    ]
