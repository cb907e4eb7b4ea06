"""`make bench`: measure this machine, print the table, write var/bench.json and var/bench.md."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from bench import (
    drain,
    embedded,
    feeds,
    http_events,
    latency,
    mails,
    million,
    prune,
    publishing,
    quiet,
    routing,
    sockets,
    webhooks,
)
from bench.lines import Line, Measure, markdown, table, write
from bench.stage import LeftOut

OUTCOME = Path(__file__).resolve().parent.parent / "var" / "bench.json"
MEASURES: dict[str, Measure] = {
    "embedded": embedded.measure,
    "routing": routing.measure,
    "million": million.measure,
    "drain": drain.measure,
    "publishing": publishing.measure,
    "latency": latency.measure,
    "sockets": sockets.measure,
    "feeds": feeds.measure,
    "http_events": http_events.measure,
    "prune": prune.measure,
    "quiet": quiet.measure,
    "webhooks": webhooks.measure,
    "mails": mails.measure,
}


def main() -> int:
    """0: measured. Whether a target was met is in the table: a slow machine is no failure of the program."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASURES)} (all)")
    names = parser.parse_args().names or list(MEASURES)
    if unknown := [name for name in names if name not in MEASURES]:
        parser.error(f"there is no {unknown[0]!r}; known are {', '.join(MEASURES)}")
    # Stopped half-way, a measurement still drops its database and ends its processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lines: list[Line] = []
    for name in names:
        print(f"Measuring {name} ...", file=sys.stderr, flush=True)
        try:
            lines += MEASURES[name]()
        except LeftOut as reason:
            print(f"Left out, {reason}", file=sys.stderr)
    print(table(lines))
    write(lines, OUTCOME)
    OUTCOME.with_suffix(".md").write_text(markdown(lines))
    print(f"\nWritten to {OUTCOME}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
