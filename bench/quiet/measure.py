"""Ten thousand people whose digest is due, with two hundred thousand held rows: releasing them, chunk by chunk.

Rendering and sending what they get is measured elsewhere.
"""

from __future__ import annotations

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

PEOPLE, ROWS_EACH = 10_000, 20
TARGET = 500


def measure() -> list[Result]:
    people = scaled(PEOPLE)
    with environment.isolated() as env:
        figures: dict[str, float] = processes.call("bench.quiet.process", people, ROWS_EACH, env=env)
    rate = people / figures["seconds"]
    return [
        Result(
            name=f"windows closed for {people:,} due people with {people * ROWS_EACH:,} held rows",
            unit="people/s",
            ours=rate,
            target=f">= {TARGET}; queries per 500 people constant",
            is_met=rate >= TARGET and figures["fewest_queries"] == figures["most_queries"],
            details={
                "queries a chunk of at most 500": figures["most_queries"],
                "longest transaction ms": figures["longest_ms"],
            },
        )
    ]
