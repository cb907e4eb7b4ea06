"""Every fault on servers of its own, and a table of what was lost, doubled, and how soon it was over: `make chaos`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import django

os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "true"}
os.environ.setdefault("SECRET_KEY", "only-of-the-harness-and-of-what-it-starts")
django.setup()

# What these import reads the settings.
from tests.chaos import report  # noqa: E402
from tests.chaos.catalogue import FAULTS  # noqa: E402
from tests.chaos.faults import Fault  # noqa: E402
from tests.chaos.harness import Harness  # noqa: E402
from tests.chaos.postgres_server import NoPostgresError  # noqa: E402
from tests.chaos.stack import Stack  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="how often each fault is made (default 1)")
    parser.add_argument("--only", action="append", default=[], metavar="FAULT", help="faults whose name has this in it")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long a fault lasts (default 6)")
    parser.add_argument("--short", action="store_true", help="those of the short form only")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="copy logs and ledgers here")
    options = parser.parse_args()
    chosen = [one for one in FAULTS if not options.only or any(part in one.name for part in options.only)]
    chosen = [one for one in chosen if one.is_short or not options.short]
    if not chosen:
        parser.error(f"there is no such fault; there are: {', '.join(one.name for one in FAULTS)}")
    # Whatever ends this ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        runs = run(chosen * options.runs, seconds=options.seconds, keep=options.keep)
    except NoPostgresError as error:
        print(f"Not run: {error}.")
        return 2
    return 0 if all(one.is_good for one in runs) else 1


def run(faults: Sequence[Fault], *, seconds: float, keep: Path | None) -> list[report.Run]:
    """Make them one after the other; the table is printed also if it is ended early."""
    runs: list[report.Run] = []
    with Stack() as stack:
        harness = Harness(stack, seconds=seconds)
        try:
            for fault in faults:
                if fault.needs_small_disk and not stack.postgres.has_small_disk:
                    print(f"{fault.name}: left out, no small disk can be mounted here", flush=True)
                    continue
                print(f"{time.strftime('%H:%M:%S')} {fault.name} ...", flush=True)
                runs.append(harness.run(fault))
                for problem in runs[-1].problems:
                    print(f"    {problem}", flush=True)
        finally:
            print(
                f"\n{report.machine(postgres=stack.postgres.version, redis=_redis_version())}\n\n{report.table(runs)}"
            )
            if keep:
                shutil.copytree(stack.folder, keep, dirs_exist_ok=True)
    return runs


def _redis_version() -> str:
    said = subprocess.check_output(["redis-server", "--version"], text=True)
    return said.partition("v=")[2].split()[0]


if __name__ == "__main__":
    sys.exit(main())
