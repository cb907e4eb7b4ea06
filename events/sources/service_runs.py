"""Tells that the service restarted: after an unclean end, or with a new version; each restart once.

Every long-lived process has a row while it runs. One whose process is gone without having said so ended uncleanly, and
is told by the next of its role that starts. A clean end and the same version again are nothing to tell.
"""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import psutil
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from events.bus import publish
from events.conf import conf
from events.db.session import lock_table
from events.errors import Refused
from events.models import ServiceRun
from events.transport import outages

logger = logging.getLogger(__name__)

BEAT_SECONDS = 20.0
# Of another machine nothing is known but its signs of life.
SILENT = timedelta(seconds=90)
KEPT = timedelta(days=30)


@contextmanager
def recorded(role: str) -> Iterator[None]:
    """Record that this `web`, `worker` or `serve` runs within the block. A database that is away costs nothing."""
    run = begin(role)
    if run is None:
        yield
        return
    stop = threading.Event()
    beating = threading.Thread(target=_beat, args=(run.pk, stop), name="carillon-run", daemon=True)
    beating.start()
    try:
        yield
    finally:
        stop.set()
        end(run)


def begin(role: str) -> ServiceRun | None:
    """A row for this process, and the restart told if it is one. None where the database is away."""
    try:
        return start(role, host=socket.gethostname(), pid=os.getpid(), version=conf.VERSION)
    except DatabaseError as error:
        logger.warning("The start of %s is not written down: %s", role, error)
        return None
    finally:
        # Whoever calls may fork; a child must not inherit the connection.
        if not connection.in_atomic_block:
            connection.close()


def end(run: ServiceRun) -> None:
    try:
        ServiceRun.objects.filter(pk=run.pk).update(ended_at=Now(), is_clean=True)
    except DatabaseError as error:
        logger.warning("The end of %s is not written down: %s", run, error)


def start(role: str, *, host: str, pid: int, version: str) -> ServiceRun:
    """The new run, and one `system.restart` if others ended uncleanly or the version is new; both or neither."""
    with transaction.atomic():
        # Two processes that start at once must not tell the same.
        lock_table("service_runs")
        last = ServiceRun.objects.order_by("-pk").first()
        gone = [run for run in ServiceRun.objects.filter(role=role, ended_at=None) if _is_gone(run, host=host)]
        ServiceRun.objects.filter(pk__in_set=[run.pk for run in gone]).update(ended_at=Now(), is_clean=False)
        ServiceRun.objects.filter(ended_at__lt=Now() - KEPT).delete()
        run = ServiceRun.objects.create(
            role=role,
            host=host,
            pid=pid,
            process_started=process_started(pid) or 0.0,
            version=version,
            memory_bytes=memory(pid),
        )
        is_new = last is not None and last.version != version
        if gone or is_new:
            _publish_restart(run, unclean=len(gone), previous=last.version if last and is_new else None)
    return run


def process_started(pid: int) -> float | None:
    """Start of the process of this number, by this machine's clock; None without one."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def memory(pid: int) -> int | None:
    """Return the resident bytes of a process and all below it, shared pages counted in each; None without one."""
    try:
        parent = psutil.Process(pid)
        total = int(parent.memory_info().rss)
        children = parent.children(recursive=True)
    except psutil.Error:
        return None
    for child in children:
        # It may have ended meanwhile.
        with suppress(psutil.Error):
            total += int(child.memory_info().rss)
    return total


def alive() -> QuerySet[ServiceRun]:
    """Runs without an end that gave a sign of life within SILENT."""
    return ServiceRun.objects.filter(ended_at=None, seen_at__gt=Now() - SILENT)


def memory_by_process() -> dict[tuple[str, str, str], int]:
    """Bytes of those alive by role, host and process number: the newest run of each. One query."""
    known = alive().exclude(memory_bytes=None).order_by("pk").values_list("role", "host", "pid", "memory_bytes")
    return {(role, host, str(pid)): held for role, host, pid, held in known if held is not None}


def _is_gone(run: ServiceRun, *, host: str) -> bool:
    if run.host == host:
        began = process_started(run.pid)
        return began is None or abs(began - run.process_started) > 1
    return not alive().filter(pk=run.pk).exists()


def _publish_restart(run: ServiceRun, *, unclean: int, previous: str | None) -> None:
    reasons = ["After an unclean end"] if unclean else []
    reasons += [f"With version {run.version} after {previous}"] if previous is not None else []
    payload = {
        "host": run.host,
        "role": run.role,
        "version": run.version,
        "unclean": bool(unclean),
        "message": "; ".join(reasons),
    }
    try:
        publish("system.restart", payload=payload, idempotency_key=f"restart:{run.pk}")
    except Refused as refusal:
        logger.warning("The restart was not told: %s.", refusal.detail)


def _beat(pk: int, stop: threading.Event) -> None:
    try:
        while not stop.wait(BEAT_SECONDS):
            try:
                ServiceRun.objects.filter(pk=pk).update(seen_at=Now(), memory_bytes=memory(os.getpid()))
            except DatabaseError as error:
                outages.note(__name__, "A sign of life of this process is not written down", error, in_a_line=True)
            finally:
                connection.close()
    finally:
        connections.close_all()
