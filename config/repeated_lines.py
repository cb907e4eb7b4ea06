"""Log lines that Django, Celery and the drivers write at each try while a server of ours is away."""

import logging

from events.db.errors import Fault, fault
from events.transport import outages

_REPEATING = {
    "celery.app.trace",
    "celery.worker.consumer.consumer",
    "django.db.backends.base",
    "django.request",
    "django_celery_beat.schedulers",
    "psycopg.pool",
}
_UNAVAILABLE = 503


class OncePerOutage(logging.Filter):
    """Lets the first such line through with its traceback; the others are counted, and told of once a minute."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name not in _REPEATING or record.levelno < logging.WARNING:
            return True
        error = record.exc_info[1] if record.exc_info else None
        # A bug in a view or a task is told each time it shows.
        if getattr(record, "status_code", _UNAVAILABLE) != _UNAVAILABLE or (error and fault(error) is Fault.BAD):
            return True
        return outages.is_first(record.name, "lines like this one", kind=f"{record.msg} {type(error).__name__}")
