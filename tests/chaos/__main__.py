"""`make chaos`: every fault on servers of its own, and a table of what was lost, doubled and how soon it was over."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "true"}
    os.environ.setdefault("SECRET_KEY", "only-of-the-harness-and-of-what-it-starts")
    import django

    django.setup()
    # Of the servers that stand in for others, and of requests to ours.
    logging.disable(logging.CRITICAL)
    from tests.chaos import kill_faults, receiver_faults, report, server_faults
    from tests.chaos.faults import ALL
    from tests.chaos.harness import Harness
    from tests.chaos.postgres_server import NoPostgresError
    from tests.chaos.stack import Stack

    modules = (server_faults, receiver_faults, kill_faults)
    parser = argparse.ArgumentParser(
        prog="make chaos", description=" ".join(module.__doc__ or "" for module in modules)
    )
    parser.add_argument("--runs", type=int, default=1, help="how often each fault is made (default 1)")
    parser.add_argument("--only", action="append", default=[], metavar="FAULT", help="faults whose name has this in it")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long a fault lasts (default 8)")
    parser.add_argument("--short", action="store_true", help="those of the short form only")
    parser.add_argument("--keep", metavar="FOLDER", help="copy what the processes said, and the ledgers, here")
    options = parser.parse_args()
    chosen = [one for one in ALL.values() if not options.only or any(part in one.name for part in options.only)]
    # The first run is what the memory of the others is compared with.
    chosen.sort(key=lambda one: one.name != "nothing")
    chosen = [one for one in chosen if one.is_short or not options.short]
    if not chosen:
        parser.error(f"there is no such fault; there are: {', '.join(ALL)}")
    # Whatever ends this ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        stack = Stack().__enter__()
    except NoPostgresError as error:
        print(f"Not run: {error}.")
        return 2
    runs: list[report.Run] = []
    where = report.machine(postgres=stack.postgres.version, redis=_redis_version())
    try:
        harness = Harness(stack, seconds=options.seconds)
        for fault in chosen * options.runs:
            if fault.needs_small_disk and not stack.postgres.has_small_disk:
                print(f"{fault.name}: left out, no small disk can be mounted here", flush=True)
                continue
            print(f"{time.strftime('%H:%M:%S')} {fault.name} ...", flush=True)
            runs.append(harness.run(fault))
            print(*(f"    {problem}" for problem in runs[-1].problems), sep="\n", flush=True)
    finally:
        if options.keep:
            shutil.copytree(stack.folder, Path(options.keep), dirs_exist_ok=True)
        stack.__exit__()
        # Of what there was time for, if it was ended early.
        print(f"\n{where}\n\n{report.table(runs)}")
    return 0 if all(run.is_good for run in runs) else 1


def _redis_version() -> str:
    said = subprocess.check_output(["redis-server", "--version"], text=True)
    return said.partition("v=")[2].split()[0]


if __name__ == "__main__":
    sys.exit(main())
