"""A job as this process runs it: its beginning, its progress and its end."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from events.accounts import User
from events.entities import Entity
from events.models import TrackedJob
from events.sources.jobs import lifecycle, reporter
from events.sources.jobs.lifecycle import Facts
from events.sources.jobs.reporter import Live

logger = logging.getLogger(__name__)

running: dict[str, Live] = {}


def ended(key: str, state: lifecycle.End, payload: dict[str, Any], *, last: dict[str, Any] | None = None) -> None:
    """Write a job's end, now or as soon as the database is back."""
    reporter.write(
        lambda: lifecycle.end(key, state, payload, last=last), warning=f"job.{state} of {key} could not be written"
    )


def failure(error: BaseException) -> dict[str, Any]:
    message = lifecycle.text(error)
    error_type = type(error).__name__
    return {"error": f"{error_type}: {message}" if message else error_type, "error_type": error_type}


def begin(key: str, about: Facts, *, patience: timedelta = timedelta()) -> Live | None:
    """The job runs in this process. None: nothing can be told of it (it has ended, or there is no database)."""
    begun: list[TrackedJob] = []

    def write() -> None:
        with transaction.atomic():
            row = lifecycle.submit(key, about)
            if lifecycle.start(row, lease=reporter.lease() + patience):
                begun.append(row)

    is_inline = connection.in_atomic_block
    if not reporter.attempt(write, warning=f"{about.name} runs untold"):
        return None
    if not begun:
        logger.warning("%s (%s) runs again although its end was told; that stays its end.", about.name, key)
        return None
    live = Live(begun[0].pk, is_inline=is_inline, patience=patience)
    reporter.watch(live)
    return live


class Progress:
    """Handle of a running job, given by `track_job`."""

    def __init__(self, live: Live | None) -> None:
        self._live = live

    def progress(self, share: float, message: str = "") -> None:
        """Report how far it is, from 0 to 1, as often as you like: two a second are published, and always the last."""
        if self._live is not None:
            self._live.report(share, message)


@contextmanager
def track_job(
    title: str,
    *,
    source: Model | Entity | None = None,
    actor: User | int | None = None,
    project_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> Iterator[Progress]:
    """Tell of a job without Celery: it begins and ends with the block, and what the block raises goes on.

    An exception makes it failed; KeyboardInterrupt, SystemExit and the like make it cancelled. In a transaction all is
    told when that commits, and nothing if it doesn't.
    """
    key = f"block:{uuid.uuid4()}"
    live = begin(key, lifecycle.facts(title, source=source, actor=actor, project_id=project_id, details=payload))
    state: lifecycle.End = "completed"
    payload_of_end: dict[str, Any] = {}
    try:
        yield Progress(live)
    except Exception as error:
        state, payload_of_end = "failed", failure(error)
        raise
    except BaseException as error:
        state, payload_of_end = "cancelled", {"message": f"Stopped by {type(error).__name__}"}
        raise
    finally:
        if live is not None:
            ended(key, state, payload_of_end, last=reporter.release(live))
