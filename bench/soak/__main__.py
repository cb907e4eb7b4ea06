"""Half an hour of steady load on web, worker and beat, and what grew meanwhile: `make soak`.

Writes var/soak.json and var/soak.svg. The exit code is 1 where something grew that shouldn't, or a call failed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import environment, processes
from bench.drawing import Axis, svg
from bench.environment import Environment
from bench.soak.samples import Samples, slope

OUTPUT = processes.ROOT / "var" / "soak.json"
# Share of the time in which caches fill: five of thirty minutes.
WARM_UP = 1 / 6
SECONDS_BETWEEN = 10.0
MOST_MB_A_MINUTE = 0.1
# Files that are open now and then: connections of threads and clients.
MOST_FILES = 20
MOST_EVENTS_BEHIND = 500
# Tables that the load itself fills, the first time somebody is told too.
LOG = {
    "events", "notifications", "inboxes", "notification_preferences", "reading_batches", "summaries", "deliveries",
    "delivery_attempts", "metric_counts",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=500, help="each with a socket that comes and goes (default 500)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with environment.isolated(with_redis=True) as env, tempfile.TemporaryDirectory() as static:
        env |= {"STATIC_ROOT": static, "ALLOWED_HOSTS": "127.0.0.1", "PUBLISH_EVENTS_PER_MINUTE": "0"}
        subprocess.run([sys.executable, "manage.py", "collectstatic", "--no-input", "-v", "0"], env=env, check=True)
        people = processes.call("bench.soak.people", options.people, env=env)
        with _running(env) as (pids, port):
            samples = Samples(pids, port, env["DATABASE_URL"])
            answers = _sampled(samples, people=people, seconds=60 * options.minutes, env=env)
    return _report(samples, answers=answers, minutes=options.minutes)


@contextmanager
def _running(env: Environment) -> Iterator[tuple[dict[str, int], int]]:
    port = processes.free_port()
    celery = ("-m", "celery", "-A", "config")
    with contextlib.ExitStack() as started:

        def start(*arguments: str) -> subprocess.Popen[str]:
            return started.enter_context(processes.started(*arguments, env=env, stderr=subprocess.DEVNULL))

        worker = start(*celery, "worker", "--concurrency", "2", "--loglevel", "ERROR")
        beat = start(*celery, "beat", "--loglevel", "ERROR", "--pidfile=")
        web = start("manage.py", "web", "--port", str(port))
        processes.read_line(web)
        yield {"web": web.pid, "worker": worker.pid, "beat": beat.pid}, port


def _sampled(samples: Samples, *, people: object, seconds: float, env: Environment) -> dict[str, Any]:
    """Sample while the clients are at work; what they were answered."""
    arguments = ("-m", "bench.soak.load", str(samples.port), str(seconds), json.dumps(people))
    is_counted = False
    with processes.started(*arguments, env=env) as clients:
        while clients.poll() is None:
            samples.take()
            if not is_counted and samples.minutes >= WARM_UP * seconds / 60:
                samples.count_rows()
                is_counted = True
            time.sleep(SECONDS_BETWEEN)
        answers: dict[str, Any] = json.loads(processes.read_line(clients))
    samples.count_rows()
    return answers


def _report(samples: Samples, *, answers: dict[str, Any], minutes: float) -> int:
    after = WARM_UP * minutes
    memory = {name: slope(series, after=after) for name, series in samples.memory.items()}
    for name, series in samples.memory.items():
        print(f"{name:20} {series[0][1]:6.1f} MB, at the end {series[-1][1]:6.1f}, {memory[name]:+.3f} MB a minute")
    print(f"{answers['frames']:,} frames; answers: {answers['answers']}")
    problems = [
        f"{name} grows by {grows:.2f} MB a minute" for name, grows in memory.items() if grows > MOST_MB_A_MINUTE
    ]
    for name, series in samples.files.items():
        first = max(value for minute, value in series if minute <= after)
        if series[-1][1] > first + MOST_FILES:
            problems.append(f"{name} has {series[-1][1]:.0f} files open, and had {first:.0f}")
    for name, series in samples.behind.items():
        if slope(series, after=after) > 1 and series[-1][1] > MOST_EVENTS_BEHIND:
            problems.append(f"{name} grew to {series[-1][1]:.0f}")
    for table, series in samples.rows.items():
        if series[-1][1] > series[0][1] + 1 and table not in LOG:
            problems.append(f"table {table} grew from {series[0][1]:.0f} to {series[-1][1]:.0f} rows")
    problems += [f"{count} times {call}" for call, count in answers["answers"].items() if not _is_good(call)]
    OUTPUT.parent.mkdir(exist_ok=True)
    series_by_kind = {"memory": samples.memory, "files": samples.files, "behind": samples.behind, "rows": samples.rows}
    OUTPUT.write_text(json.dumps(series_by_kind | {"answers": answers, "problems": problems}, indent=1))
    drawn = svg(samples.memory, x=Axis("minutes"), y=Axis("MB"), unit="MB")
    OUTPUT.with_suffix(".svg").write_text(drawn)
    print("\n".join(problems) or "Nothing grew but the log.")
    return 1 if problems else 0


def _is_good(call: str) -> bool:
    return call == "socket" or call.endswith((" 200", " 201", " 204"))


if __name__ == "__main__":
    sys.exit(main())
