"""State of jobs and their events: a change of state and its event commit together, each exactly once.

A job has one row. Whoever changes it locks it first and leaves a job that has ended alone: that is why a job whose
worker is killed while it finishes, is revoked meanwhile and is found lost by a sweep still has one end.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from django.db import transaction
from django.db.models import Model
from django.db.models.functions import Now

from events import accounts
from events.accounts import User
from events.db import clock
from events.entities import BIGINT_MAX, Entity, entity_of, parse_entity
from events.errors import Refused, UnknownUser
from events.log.publish import publish
from events.models import TrackedJob

logger = logging.getLogger(__name__)

End = Literal["completed", "failed", "cancelled"]

WAIT = timedelta(days=1)
KEPT = timedelta(days=7)
MAX_TEXT = 2000
MAX_KEY = 500


@dataclass(frozen=True, slots=True)
class Facts:
    """Subject of a job, as its events say it."""

    name: str
    source: Entity | None = None
    actor_id: int | None = None
    project_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def facts(
    name: object,
    *,
    source: Model | Entity | str | None = None,
    actor: User | int | None = None,
    project_id: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> Facts:
    """Facts out of what a caller declared. What can't be used is logged with its reason and left out."""
    return Facts(
        name=text(name)[:200] or "A job",
        source=_entity(source, of=name),
        actor_id=_number(
            actor.pk if isinstance(actor, User) else actor, most=accounts.largest_id(), what="actor", of=name
        ),
        project_id=_number(project_id, most=BIGINT_MAX, what="project", of=name),
        details=dict(details or {}),
    )


def text(value: object) -> str:
    """Make a text fit for a payload: no NUL, no lone surrogates, of bounded length."""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:MAX_TEXT]


def submit(key: str, about: Facts, *, wait: timedelta = WAIT) -> TrackedJob:
    """The job's row, made and told as `job.submitted` unless it was known. `wait`: lost if it hasn't begun by then."""
    with transaction.atomic():
        job, is_new = TrackedJob.objects.get_or_create(
            key=key[:MAX_KEY],
            defaults={
                "name": about.name,
                **(about.source.columns("source_entity") if about.source else {}),
                "actor_user_id": about.actor_id,
                "project_id": about.project_id,
                "details": about.details,
                "due_at": Now() + wait,
            },
        )
        if is_new:
            _publish(job, "submitted", {})
    return job


def start(job: TrackedJob, *, lease: timedelta) -> bool:
    """Mark the job as running, lost unless `beat` is heard within `lease`. False: it has ended, however it now runs."""
    with transaction.atomic():
        row = _locked(pk=job.pk)
        if row is None:
            return False
        is_first = row.started_at is None
        TrackedJob.objects.filter(pk=row.pk).update(
            state=TrackedJob.State.STARTED, due_at=Now() + lease, **({"started_at": Now()} if is_first else {})
        )
        if is_first:
            _publish(row, "started", {})
    return True


def progress(pk: int, payload: Mapping[str, Any]) -> bool:
    """Tell how far it is, unless it has ended."""
    with transaction.atomic():
        row = _locked(pk=pk)
        if row is not None:
            _publish(row, "progress", payload)
    return row is not None


def end(key: str, state: End, payload: Mapping[str, Any], *, last: Mapping[str, Any] | None = None) -> bool:
    """End it, and tell; `last` is progress that waits to be told before. False: it was unknown or had ended already."""
    with transaction.atomic():
        row = _locked(key=key[:MAX_KEY])
        if row is None:
            return False
        if last is not None:
            _publish(row, "progress", last)
        _close(row, state, payload)
    return True


def requeue(key: str, *, wait: timedelta = WAIT) -> None:
    """Let the job wait to be run again (a Celery retry): nobody beats for it until then."""
    TrackedJob.objects.filter(key=key[:MAX_KEY], ended_at=None).update(
        state=TrackedJob.State.SUBMITTED, due_at=Now() + wait
    )


def heartbeat(keys: Collection[int], *, lease: timedelta) -> None:
    """Renew the leases of rows that are being worked on: one UPDATE."""
    TrackedJob.objects.filter(pk__in_set=keys, state=TrackedJob.State.STARTED).update(due_at=Now() + lease)


def extend_wait(keys: Collection[int]) -> None:
    """Renew the time of rows that still wait where they were submitted: one UPDATE."""
    TrackedJob.objects.filter(pk__in_set=keys, state=TrackedJob.State.SUBMITTED).update(due_at=Now() + WAIT)


def sweep(*, most: int = 100) -> None:
    """End what is lost, forget what ended long ago. One query when there is nothing."""
    due = list(TrackedJob.objects.filter(due_at__lt=Now()).order_by("due_at").values_list("pk", "ended_at")[:most])
    if over := [pk for pk, ended in due if ended]:
        TrackedJob.objects.filter(pk__in_set=over).delete()
    for pk in (pk for pk, ended in due if not ended):
        _end_lost(pk)


def _end_lost(pk: int) -> None:
    with transaction.atomic():
        row = _locked(pk=pk, due_at__lt=Now())
        if row is not None:
            began = row.state == TrackedJob.State.STARTED
            error = "Lost: the process that ran it is gone." if began else "Lost: nobody began it in time."
            _close(row, "failed", {"error": error, "error_type": "Lost"})


def _locked(**which: Any) -> TrackedJob | None:
    """The row if it is still under way, and nobody else's until the transaction ends."""
    return TrackedJob.objects.select_for_update().filter(ended_at=None, **which).first()


def _close(row: TrackedJob, state: End, payload: Mapping[str, Any]) -> None:
    TrackedJob.objects.filter(pk=row.pk).update(state=state, ended_at=Now(), due_at=Now() + KEPT)
    more = {} if "duration" in payload or row.started_at is None else {"duration": duration(row.started_at)}
    _publish(row, state, {**(more if state == "completed" else {}), **payload})


def duration(since: datetime) -> str:
    """Word the time since then, as in `2 min 05 s`."""
    seconds = max(0.0, (clock.estimate() - since).total_seconds())
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _publish(row: TrackedJob, state: str, payload: Mapping[str, Any]) -> None:
    """Publish; a refusal is logged and costs the job nothing."""
    event_type = f"job.{state}"
    about = {"name": row.name, **row.details, **payload}
    is_final = state in ("completed", "failed", "cancelled")
    key = None if state == "progress" else f"job:{row.pk}:{'end' if is_final else state}"
    send = partial(
        publish, event_type, source=row.source, payload=about, project_id=row.project_id, idempotency_key=key
    )
    try:
        try:
            send(actor=row.actor_user_id)
        except UnknownUser as refusal:
            logger.warning("%s of %s names no actor: %s.", event_type, row, refusal.detail)
            send()
    except Refused as refusal:
        logger.warning("%s of %s was not told: %s.", event_type, row, refusal.detail)


def _entity(source: Model | Entity | str | None, *, of: object) -> Entity | None:
    if source is None:
        return None
    try:
        return parse_entity(source) if isinstance(source, str) else entity_of(source)
    except Refused as refusal:
        logger.warning("The job %s has no source of its own: %s.", of, refusal.detail)
        return None


def _number(value: object, *, most: int, what: str, of: object) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= most):
        return value
    logger.warning("The job %s has no %s: %r is not a whole number from 0 to %s.", of, what, value, most)
    return None
