"""Process that tells one event to so many people, and counts the CPU of each."""

from __future__ import annotations

from bench import cpu
from bench.million import process

# Above, the audience is told chunk by chunk, each in its own transaction.
AT_ONCE = 10_000
# People that are told at each size, over all its rounds.
LEAST_TOLD = 20_000


def main(people: int) -> float:
    """Microseconds of CPU a person, from the publish to the last commit. Where they are few, one event warms up."""
    process.prepare(people, people)
    tell = process.at_once if people <= AT_ONCE else process.in_chunks
    rounds = max(1, LEAST_TOLD // people)
    if rounds > 1:
        tell()
    return 1e6 * sum(cpu.spent(tell) for _ in range(rounds)) / rounds / people
