"""One event to ten thousand people, beside the bare INSERT ... SELECT of the same rows and the per-recipient way."""

from __future__ import annotations

from statistics import median

from bench import environment, processes
from bench.environment import Environment, scaled
from bench.results import Result
from bench.routing import peer

PEOPLE = 10_000
ROUNDS = 3
TARGET, TARGET_PEER = 0.5, 18.0


def measure() -> list[Result]:
    people = scaled(PEOPLE)
    with environment.isolated() as env:
        rates, peer_rates = _rates(people, env=env)
    name = f"one event to {people:,} people with preferences: routing transaction"
    peer_name, peer_rate = peer_rates[0].name, median(rate.rows_per_second for rate in peer_rates)
    return [
        Result(
            name=name,
            unit="rows/s",
            ours=rates["transaction"],
            target=f">= {TARGET} of the limit",
            is_met=rates["transaction"] >= TARGET * rates["bare"],
            compared_with="bare INSERT ... SELECT",
            theirs=rates["bare"],
            details={"end to end with frames": rates["end_to_end"]},
        ),
        Result(
            name=name,
            unit="rows/s",
            ours=rates["transaction"],
            target=f">= {TARGET_PEER:.0f} times",
            is_met=rates["transaction"] >= TARGET_PEER * peer_rate,
            compared_with=peer_name,
            theirs=peer_rate,
        ),
    ]


def _rates(people: int, *, env: Environment) -> tuple[dict[str, float], list[peer.Rate]]:
    """Rows a second of each of our ways, and of the peer with a quarter of the people."""
    ours: list[dict[str, list[float]]] = []
    peers: list[peer.Rate] = []
    for _ in range(ROUNDS):
        ours.append(processes.call("bench.routing.process", people, env=env))
        peers.append(peer.measure(people // 4, env=env))
    rates = {name: people / median(second for times in ours for second in times[name]) for name in ours[0]}
    return rates, peers
