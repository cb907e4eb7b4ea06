"""A web process under attack: what a neighbour waits for the inbox, what memory it takes, how long it needs to end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench import environment, processes
from bench.attack import memory, mentions
from bench.attack.neighbour import inbox_seconds
from bench.environment import Environment, scaled
from bench.results import Result
from bench.timing import percentile

ATTACKS = ("bodies", "sign_ins", "patterns", "members", "headers", "handshakes")
ATTACK_SECONDS, QUIET_SECONDS = 8, 3
# As many requests as a process works on, or one at least would be the first of its thread.
THREADS = 20
# For memory to come back in, and for a process to end in before it is killed.
BACK_SECONDS, END_SECONDS = 5.0, 30.0
TARGET_MS, TARGET_TIMES, TARGET_MB, TARGET_BACK_MB, TARGET_END = 1000.0, 5.0, 64.0, 16.0, 20.0
_SOON = f"<= {TARGET_MS / 1000:.0f} s or {TARGET_TIMES:.0f} times"

People = dict[str, Any]
Process = subprocess.Popen[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Effects of one attack: seconds of the neighbour's requests before and meanwhile, megabytes more at the most and
    afterwards, seconds until the end."""

    quiet: list[float]
    attacked: list[float]
    growth: float
    left: float
    end: float

    @property
    def p95(self) -> float:
        """Milliseconds of the neighbour, meanwhile."""
        return 1000 * percentile(self.attacked, 0.95)


def measure() -> list[Result]:
    with environment.isolated(with_redis=True, with_web=True) as env:
        env |= {"DJANGO_SETTINGS_MODULE": "bench.attack.settings"}
        people: People = processes.call("bench.attack.people", env=env)
        outcomes = {name: _outcome(name, people=people, env=env) for name in ATTACKS}
        of_mentions = _of_mentions(people=people, env=env)
    return [_of_neighbour(outcomes), of_mentions, _of_memory(outcomes), _of_end(outcomes)]


def _outcome(name: str, *, people: People, env: Environment) -> Outcome:
    """Attack a process that is made for it, let it rest, and attack it again while it is told to end."""
    session = str(people["neighbour_session"])
    with _serving(env=env) as (web, port):
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda _: inbox_seconds(port, session, duration=0.3), range(THREADS)))
        quiet = inbox_seconds(port, session, duration=scaled(QUIET_SECONDS))
        before = memory.resident(web.pid)
        memory.forget_peak(web.pid)
        with _attacking(name, port, scaled(ATTACK_SECONDS), people=people, env=env) as attack:
            attacked = inbox_seconds(port, session, duration=scaled(ATTACK_SECONDS))
            print(f"  {name}: {processes.read_line(attack)}", file=sys.stderr, flush=True)
        growth, left = memory.peak(web.pid) - before, _left(web.pid, before=before)
        with _attacking(name, port, END_SECONDS, people=people, env=env):
            time.sleep(1)
            end = _end(web)
    return Outcome(quiet, attacked, growth=growth, left=left, end=end)


@contextmanager
def _serving(*, env: Environment) -> Iterator[tuple[Process, int]]:
    port = processes.free_port()
    with processes.started("manage.py", "web", "--port", str(port), env=env, stderr=subprocess.DEVNULL) as web:
        processes.read_line(web)
        yield web, port


@contextmanager
def _attacking(name: str, port: int, seconds: float, *, people: People, env: Environment) -> Iterator[Process]:
    arguments = ("-m", "bench.attack.attacks", name, str(port), str(seconds), json.dumps(people))
    with processes.started(*arguments, env=env, stderr=subprocess.DEVNULL) as attack:
        processes.read_line(attack)
        yield attack


def _left(pid: int, *, before: float) -> float:
    """Megabytes that stay, at the latest look."""
    until = time.monotonic() + BACK_SECONDS
    while (left := memory.resident(pid) - before) > TARGET_BACK_MB and time.monotonic() < until:
        time.sleep(0.2)
    return left


def _end(process: Process) -> float:
    began = time.monotonic()
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    return time.monotonic() - began


def _of_neighbour(outcomes: dict[str, Outcome]) -> Result:
    worst = max(outcomes, key=lambda name: outcomes[name].p95)
    quiet = 1000 * percentile([seconds for one in outcomes.values() for seconds in one.quiet], 0.95)
    return Result(
        name=f"a neighbour's inbox under the worst of {len(outcomes)} attacks ({worst}), p95",
        unit="ms",
        ours=outcomes[worst].p95,
        target=_SOON,
        is_met=_is_soon(outcomes[worst].p95, quiet=quiet),
        compared_with="without",
        theirs=quiet,
        details={name: one.p95 for name, one in outcomes.items()},
    )


def _of_mentions(*, people: People, env: Environment) -> Result:
    worker = ("-m", "celery", "-A", "config", "worker", "--concurrency", "2")
    with (
        _serving(env=env) as (_web, port),
        processes.started(*worker, env=env, stderr=subprocess.DEVNULL),
    ):
        # The first wait for the worker to start, the next for what each of its processes does once.
        for _ in range(2):
            mentions.seconds(port, people, duration=1)
        quiet = mentions.seconds(port, people, duration=scaled(QUIET_SECONDS))
        with _attacking("events", port, scaled(ATTACK_SECONDS), people=people, env=env):
            attacked = mentions.seconds(port, people, duration=scaled(ATTACK_SECONDS))
    quiet_ms, attacked_ms = (1000 * percentile(each, 0.95) for each in (quiet, attacked))
    return Result(
        name="a mention while another key publishes 1,500 events/s, until its frame, p95",
        unit="ms",
        ours=attacked_ms,
        target=_SOON,
        is_met=_is_soon(attacked_ms, quiet=quiet_ms),
        compared_with="without",
        theirs=quiet_ms,
    )


def _is_soon(milliseconds: float, *, quiet: float) -> bool:
    return milliseconds <= max(TARGET_MS, TARGET_TIMES * quiet)


def _of_memory(outcomes: dict[str, Outcome]) -> Result:
    growth = max(one.growth for one in outcomes.values())
    left = max(one.left for one in outcomes.values())
    return Result(
        name="memory that a web process takes more under attack, at most",
        unit="MB",
        ours=growth,
        target=f"<= {TARGET_MB:.0f} MB, {TARGET_BACK_MB:.0f} {BACK_SECONDS:.0f} s later",
        is_met=growth <= TARGET_MB and left <= TARGET_BACK_MB,
        details={name: one.growth for name, one in outcomes.items()} | {"later, at most": left},
    )


def _of_end(outcomes: dict[str, Outcome]) -> Result:
    longest = max(one.end for one in outcomes.values())
    return Result(
        name="end of a web process under attack after SIGTERM, at most",
        unit="s",
        ours=longest,
        target=f"<= {TARGET_END:.0f} s",
        is_met=longest <= TARGET_END,
        details={name: one.end for name, one in outcomes.items()},
    )
