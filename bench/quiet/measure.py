"""Ten thousand people whose digest is due, with two hundred thousand held rows: closing them, chunk by chunk. Rendering
and sending what they get is another matter, and another line."""

from __future__ import annotations

from bench import stage
from bench.lines import Line

PEOPLE, EACH = 10_000, 20
TARGET = 500


def measure() -> list[Line]:
    people = stage.scaled(PEOPLE)
    with stage.service() as env:
        found: dict[str, float] = stage.run("bench.quiet_process", people, EACH, env=env)
    rate = people / found["closing"]
    return [
        Line(
            name=f"windows closed for {people:,} due people with {people * EACH:,} held rows",
            unit="people/s",
            ours=rate,
            target=f">= {TARGET}; queries per 500 people constant",
            is_met=rate >= TARGET and found["fewest_queries"] == found["most_queries"],
            details={
                "queries a chunk of at most 500": found["most_queries"],
                "longest transaction ms": found["longest"],
            },
        )
    ]
