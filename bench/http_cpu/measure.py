"""CPU that a web process takes for a request, beside bare Daphne and Django with one view."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from statistics import median

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

REQUESTS = 400
# name of the line, key of the measurement, at most so many times the bare view
LINES = (
    ("an empty request behind all middlewares", "empty", 1.25),
    ("unread count with Bearer", "unread count", 2.5),
    ("POST /events, one with Bearer", "event", 3.0),
    ("a page of the inbox, 20 rows", "inbox", 8.0),
)


def measure() -> list[Result]:
    ours, bare = processes.free_port(), processes.free_port()
    with tempfile.TemporaryDirectory() as collected, environment.isolated(with_redis=True) as env:
        # Events as fast as they go; and as in production, where pages name collected files.
        env |= {
            "PUBLISH_EVENTS_PER_MINUTE": "0",
            "DEBUG": "false",
            "STATIC_ROOT": collected,
            "ALLOWED_HOSTS": "127.0.0.1",
        }
        collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v", "0"]
        subprocess.run(collect, cwd=processes.ROOT, env=env, check=True)
        with (
            processes.started("manage.py", "web", "--port", str(ours), env=env) as web,
            processes.started(
                "-m", "daphne", "-v", "0", "-p", str(bare), "bench.http_cpu.bare:application", env=env
            ) as limit,
        ):
            arguments = (ours, web.pid, bare, limit.pid, scaled(REQUESTS))
            spent = processes.call("bench.http_cpu.process", *arguments, env=env)
    least = median(spent["bare"])
    return [
        Result(
            name=f"CPU of the web process: {name}",
            unit="ms",
            ours=median(spent[key]),
            target=f"<= {most} times",
            is_met=median(spent[key]) <= most * least,
            compared_with="bare Daphne and Django, one view",
            theirs=least,
        )
        for name, key, most in LINES
    ]
