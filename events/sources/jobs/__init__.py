"""Jobs: what a platform's Celery tasks, and code without Celery, tell about their own running."""

from events.sources.jobs.task import JobTask, job
from events.sources.jobs.tracking import track_job

__all__ = ["JobTask", "job", "track_job"]
