"""`make bench`: measure this machine, print the table, write var/bench.json and var/bench.md."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import traceback
from collections.abc import Callable

from bench.environment import ServerUnavailableError, server_versions
from bench.processes import ROOT
from bench.results import Result, markdown_table, text_table, write_json

OUTPUT = ROOT / "var" / "bench.json"
# Packages of this one; the `measure` function in each one's `measure` module returns results.
BENCHMARKS = (
    "embedded",
    "routing",
    "million",
    "drain",
    "publishing",
    "latency",
    "sockets",
    "feeds",
    "http_events",
    "http_cpu",
    "cold",
    "prune",
    "quiet",
    "calm",
    "webhooks",
    "mails",
    "beside",
    "outage",
    "attack",
)


def main() -> int | str:
    """Run what the command line names, and write after each. The exit code is 0 whether or not a target was met: a slow
    machine is no failure of the program."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(BENCHMARKS)} (all)")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"there is no {unknown[0]!r}; known are {', '.join(BENCHMARKS)}")
    # Stopped half-way, a benchmark still drops its database and ends its processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results: list[Result] = []
    failed = []
    for name in names:
        print(f"Measuring {name} ...", file=sys.stderr, flush=True)
        try:
            measure: Callable[[], list[Result]] = importlib.import_module(f"bench.{name}.measure").measure
            results += measure()
        except ServerUnavailableError as reason:
            print(f"Left out, {reason}", file=sys.stderr)
        except Exception:  # noqa: BLE001  the others' figures are worth having, and what was measured is written already
            traceback.print_exc()
            failed.append(name)
        write_json(results, OUTPUT, servers=server_versions())
        OUTPUT.with_suffix(".md").write_text(markdown_table(results))
    print(text_table(results))
    print(f"\nWritten to {OUTPUT}", file=sys.stderr)
    return f"Failed: {', '.join(failed)}" if failed else 0


if __name__ == "__main__":
    sys.exit(main())
