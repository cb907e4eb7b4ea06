"""`make bench-curves`: how cost grows on this machine, drawn into docs/, the figures in var/curves.json."""

from __future__ import annotations

import argparse
import json
import signal
import sys

from bench import processes
from bench.curves.measures import CURVES
from bench.drawing import svg
from bench.environment import ServerUnavailableError

OUTPUT = processes.ROOT / "var" / "curves.json"
PICTURES = processes.ROOT / "docs"


def main() -> int | str:
    """Measure what the command line names, and write after each; the figures of others stay."""
    parser = argparse.ArgumentParser(prog="python -m bench.curves", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(CURVES)} (all)")
    names = parser.parse_args().names or list(CURVES)
    if unknown := [name for name in names if name not in CURVES]:
        parser.error(f"there is no {unknown[0]!r}; known are {', '.join(CURVES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in names:
        print(f"Measuring {name} ...", file=sys.stderr, flush=True)
        curve = CURVES[name]
        try:
            series_by_name = curve.measure()
        except ServerUnavailableError as reason:
            return f"Left out, {reason}"
        for series, points in series_by_name.items():
            print(f"{series}: {', '.join(f'{count:,}: {cost:.3g}' for count, cost in points)} {curve.unit}", flush=True)
        OUTPUT.parent.mkdir(exist_ok=True)
        measured = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {}
        OUTPUT.write_text(json.dumps(measured | {name: series_by_name}, indent=1) + "\n")
        (PICTURES / f"curve-{name}.svg").write_text(svg(series_by_name, unit=curve.unit, **curve.axes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
