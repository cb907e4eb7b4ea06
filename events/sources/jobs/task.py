"""The job engine: what a platform's Celery tasks, and code without Celery, publish about their own running.

@job(actor="user_id", source="shot:{shot_id}", title="Shot {shot_id}")
def render(self, shot_id, user_id):
    self.progress(0.4, "10 of 24 frames")
"""

import inspect
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from celery import shared_task
from celery.result import AsyncResult
from django.db import connection, transaction

from events.sources.jobs import lifecycle, reporter
from events.sources.jobs.lifecycle import Facts
from events.sources.jobs.tracking import ended, logger, running
from events.transport.celery_task import QueueTask

HEADER = "carillon"
_KNOWN_FACTS = ("title", "actor", "source", "project")


class JobTask(QueueTask):
    """The base of a Celery task whose running is told. `job` makes one in a line.

    `job_actor` and `job_project` name arguments of the task; `job_source` and `job_title` are filled with them. The
    header `carillon` of one call, `{"actor", "source", "project", "title"}`, goes before all of them.
    """

    abstract = True
    job_actor: str | None = None
    job_source: str | None = None
    job_project: str | None = None
    job_title: str | None = None
    job_wait_seconds: float = lifecycle.WAIT.total_seconds()
    _replaced: frozenset[str] = frozenset()

    def progress(self, share: float, message: str = "") -> None:
        """Report how far it is, from 0 to 1, as often as you like: two a second are published, and always the last."""
        live = running.get(key_of(self.request.id)) if self.request.id else None
        if live is not None:
            live.report(share, message)

    def apply_async(
        self,
        args: Any = None,
        kwargs: Any = None,
        task_id: str | None = None,
        producer: Any = None,
        *more: Any,
        **options: Any,
    ) -> AsyncResult[Any]:
        """Queue the task. `job.submitted` joins the caller's transaction, and so does the message: it leaves on commit.

        In a transaction a broker that is away is met after the commit: the job then ends as failed.
        """
        task_id = task_id or str(uuid.uuid4())
        is_eager = bool(self.app.conf.task_always_eager)
        about = declared(self, args, kwargs, options.get("headers"))
        if is_eager or about is None:
            return super().apply_async(args, kwargs, task_id, producer, *more, **options)
        wait = _wait(self, options)
        reporter.attempt(
            lambda: lifecycle.submit(key_of(task_id), about, wait=wait), warning=f"job.submitted of {about.name}"
        )
        send = super().apply_async
        if not connection.in_atomic_block:
            return _sent(lambda: send(args, kwargs, task_id, producer, *more, **options), task_id)
        # By then the producer is back in the caller's pool.
        transaction.on_commit(
            lambda: _sent(lambda: send(args, kwargs, task_id, None, *more, **options), task_id), robust=True
        )
        return self.AsyncResult(task_id)

    def retry(self, *args: Any, **options: Any) -> Any:
        """Retry as Celery does. The job goes on waiting and has no end yet; written before the message can be taken."""
        if not self.request.called_directly and not self.request.is_eager:
            key = key_of(self.request.id or "")
            delay = options.get("countdown")
            wait = _wait(self, options | {"countdown": self.default_retry_delay if delay is None else delay})
            reporter.attempt(lambda: lifecycle.requeue(key, wait=wait), warning="A job's retry is not written down")
        return super().retry(*args, **options)

    def replace(self, sig: Any) -> Any:
        """Replace as Celery does: another task goes on with this job, and ends it."""
        if isinstance(getattr(sig, "type", None), JobTask) and self.request.id:
            type(self)._replaced |= {self.request.id}
        return super().replace(sig)


def job(
    *,
    actor: str | None = None,
    source: str | None = None,
    project: str | None = None,
    title: str | None = None,
    **celery_options: Any,
) -> Callable[[Callable[..., Any]], JobTask]:
    """A Celery task whose running is told. `actor` and `project`: the argument that has the user's or the project's id.

    `source` and `title` are texts with arguments in braces: `"shot:{shot_id}"`, `"Shot {shot_id}"`. Whatever else is
    given is for Celery's `shared_task`.
    """
    options: dict[str, Any] = {"bind": True, "base": JobTask, **celery_options}
    options |= {"job_actor": actor, "job_source": source, "job_project": project, "job_title": title}
    return cast("Callable[[Callable[..., Any]], JobTask]", shared_task(**options))


def key_of(task_id: str) -> str:
    return f"celery:{task_id}"


def declared(task: JobTask, args: Any, kwargs: Any, headers: Any) -> Facts | None:
    """Read from a call what its job is about; None if it isn't a call of this task at all (Celery says why)."""
    try:
        bound = inspect.signature(task.run).bind(*(args or ()), **(kwargs or {}))
    except TypeError:
        return None
    bound.apply_defaults()
    given = (headers or {}).get(HEADER) or {}
    if not isinstance(given, dict) or not set(given) <= set(_KNOWN_FACTS):
        logger.warning("The header %s of %s may have %s only: %r", HEADER, task.name, ", ".join(_KNOWN_FACTS), given)
        given = {}
    values = bound.arguments
    return lifecycle.facts(
        given.get("title") or _filled(task.job_title, values, task) or (task.name or "").rpartition(".")[2],
        source=given.get("source") or _filled(task.job_source, values, task),
        actor=given.get("actor") or (values.get(task.job_actor) if task.job_actor else None),
        project_id=given.get("project") or (values.get(task.job_project) if task.job_project else None),
        details={"task": task.name},
    )


def _filled(template: str | None, values: dict[str, Any], task: JobTask) -> str | None:
    try:
        return template.format_map(values) if template else None
    except (LookupError, ValueError, AttributeError) as error:
        logger.warning("%r of %s can't be filled with the task's arguments: %r", template, task.name, error)
        return None


def _wait(task: JobTask, options: dict[str, Any]) -> timedelta:
    wait = timedelta(seconds=task.job_wait_seconds + float(options.get("countdown") or 0))
    if isinstance(eta := options.get("eta"), datetime):
        wait += max(timedelta(), eta - datetime.now(eta.tzinfo or UTC).replace(tzinfo=eta.tzinfo))
    return wait


def _sent(send: Callable[[], AsyncResult[Any]], task_id: str) -> AsyncResult[Any]:
    try:
        return send()
    except Exception as error:
        ended(key_of(task_id), "failed", {"error": f"It could not be queued: {lifecycle.text(error)}"})
        raise
