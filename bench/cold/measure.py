"""Start, idle CPU and memory of each process, beside what importing its libraries takes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from statistics import median

from bench import cpu, environment, processes
from bench.attack.memory import resident
from bench.environment import Environment, scaled
from bench.results import Result
from bench.soak.samples import with_children

STARTS = 5
# Seconds after which processes are idle, if all of them used less than so much CPU in the last of them; beyond the
# longest they are measured as they are. And for how long their CPU is read.
SETTLE, MOST_USED, LONGEST = 15.0, 0.75, 180.0
IDLE = 60
BARE = """from django.conf import settings; settings.configure(); import django; django.setup()
import celery.apps.worker, kombu.transport.redis, rest_framework.views, daphne.server"""
# name of a process, its arguments to Python, megabytes that it may take
CELERY = ("-m", "celery", "-A", "config")
PROCESSES = (
    ("web", ("manage.py", "web"), 120.0),
    ("worker", (*CELERY, "worker", "--concurrency", "2", "--loglevel", "ERROR"), 120.0),
    ("beat", (*CELERY, "beat", "--loglevel", "ERROR", "--pidfile="), 105.0),
)


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ) | environment.PRODUCTION | {"DEBUG": "true"}
        env = {key: value for key, value in env.items() if key != "REDIS_URL"}
        env["DATABASE_URL"] = f"sqlite:///{folder}/cold.sqlite3"
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=processes.ROOT, env=env, check=True)
        results = [_start(env), *_idle({"serve": ("manage.py", "serve")}, limits={}, env=env)]
    with environment.isolated(with_redis=True, with_web=True) as env:
        limits = {name: most for name, _, most in PROCESSES}
        return results + _idle({name: arguments for name, arguments, _ in PROCESSES}, limits=limits, env=env)


def _start(env: Environment) -> Result:
    """CPU of `manage.py serve` until it listens, on a migrated file, and of the bare imports, in turns."""
    ours, bare = [], []
    for _ in range(STARTS):
        with processes.started("manage.py", "serve", "--port", str(processes.free_port()), env=env) as serve:
            processes.read_line(serve)
            ours.append(1000 * cpu.of_process(serve.pid))
        with processes.started("-c", f"{BARE}\nprint('ready', flush=True); input()", env=env) as imports:
            processes.read_line(imports)
            bare.append(1000 * cpu.of_process(imports.pid))
    return Result(
        name="start of manage.py serve, CPU until it listens",
        unit="ms",
        ours=median(ours),
        target="<= 1.3 times",
        is_met=median(ours) <= 1.3 * median(bare),
        compared_with="importing Django, DRF, Celery and Daphne",
        theirs=median(bare),
    )


def _idle(commands: Mapping[str, tuple[str, ...]], *, limits: Mapping[str, float], env: Environment) -> list[Result]:
    """Share of a core, and megabytes, of processes that have nothing to do, and of those that they start."""
    with contextlib.ExitStack() as stack:
        pids = {}
        for name, arguments in commands.items():
            port = ("--port", str(processes.free_port())) if arguments[0] == "manage.py" else ()
            started = processes.started(*arguments, *port, env=env, stderr=subprocess.DEVNULL)
            pids[name] = stack.enter_context(started).pid
        _settle(pids)
        pids = with_children(pids)
        before, began = {name: cpu.of_process(pid) for name, pid in pids.items()}, time.monotonic()
        time.sleep(scaled(IDLE))
        percent = 100 / (time.monotonic() - began)
        return [
            _result(name, percent=percent * (cpu.of_process(pid) - before[name]), memory=resident(pid), limits=limits)
            for name, pid in pids.items()
        ]


def _settle(pids: Mapping[str, int]) -> None:
    """Wait until they have started, which takes longer on a machine that has other work."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        before = {pid: cpu.of_process(pid) for pid in pids.values()}
        time.sleep(SETTLE)
        if all(cpu.of_process(pid) - used < MOST_USED for pid, used in before.items()):
            return


def _result(name: str, *, percent: float, memory: float, limits: Mapping[str, float]) -> Result:
    most = limits.get(name.partition(",")[0])
    return Result(
        name=f"idle: {name}",
        unit="% of a core",
        ours=percent,
        target="< 1 %" + (f", <= {most:.0f} MB" if most else ""),
        is_met=percent < 1 and (most is None or memory <= most),
        details={"MB": memory},
    )
