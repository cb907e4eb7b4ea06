"""kill -9, at random times and at the points that docs/delivery.md names."""

from __future__ import annotations

import random
import threading
import time

from tests.chaos.faults import fault
from tests.chaos.server_faults import database_crashed, redis_emptied, redis_frozen, redis_restarted
from tests.chaos.stack import WEBS, WORKERS, Stack, wait_for

DYING = ("-m", "tests.processes.programs.dying_sender")
DYING_WEB = ("-m", "tests.chaos.dying_web")
# Seconds within which a process comes to the point at which it dies.
TO_THE_POINT = 40.0


def _at_random(stack: Stack, names: tuple[str, ...], seconds: float) -> None:
    """Kill one after the other and start it again at once, as whatever runs containers does."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(random.uniform(0.1, 2.0))
        name = random.choice(names)
        stack.kill(name)
        stack.start(name)


@fault("worker killed at random", may_double=True)
def workers_killed(stack: Stack, seconds: float) -> None:
    _at_random(stack, WORKERS, 2 * seconds)


@fault("web killed at random")
def webs_killed(stack: Stack, seconds: float) -> None:
    _at_random(stack, WEBS, 2 * seconds)
    stack.wait_until_ready()


@fault("everything at once", may_double=True, patience=180.0)
def everything(stack: Stack, seconds: float) -> None:
    """Kill anything at random while the database crashes and Redis is emptied, frozen and restarted."""
    killing = threading.Thread(target=_at_random, args=(stack, (*WEBS, *WORKERS), 3 * seconds))
    killing.start()
    for make in (redis_emptied, database_crashed, redis_frozen, redis_restarted):
        make(stack, seconds / 2)
    killing.join()
    stack.wait_until_ready()


@fault("beat killed")
def beat_killed(stack: Stack, seconds: float) -> None:
    stack.kill("beat")
    time.sleep(seconds)
    stack.start("beat")


@fault("all killed", may_double=True)
def all_killed(stack: Stack, _seconds: float) -> None:
    for name in (*WEBS, *WORKERS, "beat"):
        stack.kill(name)
    for name in (*WEBS, *WORKERS, "beat"):
        stack.start(name)
    stack.wait_until_ready()


@fault("all rolled")
def workers_rolled(stack: Stack, _seconds: float) -> None:
    """Stopped and started one after the other, as a new version is."""
    for name in (*WEBS, *WORKERS):
        stack.stop(name)
        stack.start(name)


def _at(point: str) -> None:
    @fault(f"worker killed at {point}", may_double=True, is_short=point == "settle")
    def die(stack: Stack, _seconds: float) -> None:
        _die_at(stack, point)
        _work_again(stack)


for _point in ("number", "route", "claiming", "claim", "send", "settle"):
    _at(_point)


@fault("worker killed at rescue", may_double=True)
def killed_at_rescue(stack: Stack, _seconds: float) -> None:
    """Let the next worker die over what one leaves behind that died while it sent."""
    _die_at(stack, "send")
    _die_at(stack, "rescue")
    _work_again(stack)


@fault("worker killed at recover", may_double=True)
def killed_at_recover(stack: Stack, _seconds: float) -> None:
    stack.postgres.sql(
        "INSERT INTO recoveries (address_id, since, until) SELECT id, now() - interval '1 hour', now() "
        "FROM notification_channels WHERE kind = 'webhook' ON CONFLICT DO NOTHING"
    )
    _die_at(stack, "recover")
    _work_again(stack)


def _web_at(point: str) -> None:
    @fault(f"web killed at {point}")
    def die(stack: Stack, _seconds: float) -> None:
        for name in WEBS:
            stack.hold(name)
            stack.kill(name)
            stack.start(name, command=(*DYING_WEB, point, "web", "--port", str(stack.ports[name])))
            stack.hold(name)
        died = wait_for(lambda: not any(stack.processes[name].is_running for name in WEBS), timeout=TO_THE_POINT)
        for name in WEBS:
            stack.kill(name)
            stack.start(name)
        stack.wait_until_ready()
        assert died, f"no request came to {point}"


for _point in ("insert", "commit"):
    _web_at(_point)


def _die_at(stack: Stack, point: str) -> None:
    """Leave the work to one worker that dies at this point, and wait until it has."""
    for name in WORKERS:
        stack.kill(name)
    dying = stack.start(WORKERS[0], command=(*DYING, point, "worker", "--concurrency", "2"))
    stack.hold(WORKERS[0])
    died = wait_for(lambda: not dying.is_running, timeout=TO_THE_POINT)
    stack.kill(WORKERS[0])
    assert died, f"the worker didn't come to {point}"


def _work_again(stack: Stack) -> None:
    for name in WORKERS:
        stack.start(name)
