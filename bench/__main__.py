"""`make bench`: measure this machine, print the table, write var/bench.json."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench import embedded, routing
from bench.lines import Line, Measure, table, write

OUTCOME = Path(__file__).resolve().parent.parent / "var" / "bench.json"
MEASURES: dict[str, Measure] = {"embedded": embedded.measure, "routing": routing.measure}


def main() -> int:
    """0: measured. Whether a target was met is in the table: a slow machine is no failure of the program."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASURES)} (all)")
    names = parser.parse_args().names or list(MEASURES)
    if unknown := [name for name in names if name not in MEASURES]:
        parser.error(f"there is no {unknown[0]!r}; known are {', '.join(MEASURES)}")
    lines: list[Line] = []
    for name in names:
        print(f"Measuring {name} ...", file=sys.stderr, flush=True)
        lines += MEASURES[name]()
    print(table(lines))
    write(lines, OUTCOME)
    print(f"\nWritten to {OUTCOME}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
