"""One event to ten thousand people, beside the bare INSERT ... SELECT of the same rows and the per-recipient way."""

from __future__ import annotations

from statistics import median

from bench import peers, stage
from bench.lines import Line
from bench.peers import Peer

PEOPLE = 10_000
# Ours and the peer in turn, so that neither has the machine's better minutes.
TURNS = 3
TARGET, TARGET_PEER = 0.4, 20.0


def measure() -> list[Line]:
    people = stage.scaled(PEOPLE)
    with stage.service() as env:
        turns = [_turn(people, env=env) for _ in range(TURNS)]
    rates = {name: people / median(s for times, _ in turns for s in times[name]) for name in turns[0][0]}
    peer = Peer(turns[0][1].name, median(each.rate for _, each in turns))
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


def _turn(people: int, *, env: stage.Environment) -> tuple[dict[str, list[float]], Peer]:
    """The seconds of each way of ours, and the peer with a quarter of the people."""
    times: dict[str, list[float]] = stage.run("bench.routing_process", people, env=env)
    return times, peers.per_recipient(people // 4, env=env)
