"""Tasks that hints wake. Each clears its hint before it looks, so that a later commit sends a new one."""

from celery import shared_task

from events.db import clock
from events.dispatch import runner, sequencer, subscribers
from events.log import publish
from events.models import Event
from events.transport import hints


@shared_task(name=publish.NUMBER_TASK)
def number() -> None:
    """Number, then read on at once for the first transactional subscriber: a task of its own would come later.

    What took more than one batch is a long log, which others read while this worker may be numbering again.
    """
    hints.clear(publish.NUMBER_TASK)
    fresh: list[Event] = []
    numbered = sequencer.number_all(announced=fresh)
    if not numbered:
        return
    waiting = subscribers.transactional()
    here = waiting[:1] if numbered < sequencer.BATCH else []
    for name in waiting[len(here) :]:
        hints.send(subscribers.CATCH_UP_TASK, name)
    for name in here:
        runner.catch_up(name, now=clock.now(), fresh=fresh)


@shared_task(name=subscribers.CATCH_UP_TASK)
def catch_up(name: str) -> None:
    hints.clear(subscribers.CATCH_UP_TASK, name)
    runner.catch_up(name, now=clock.now())
