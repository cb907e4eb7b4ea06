"""The sweep that finds work whose hint was lost, or never sent."""

from events.db import clock
from events.dispatch import live_stream, pump, replay, runner, sequencer, subscribers

_head = live_stream.HeadCursor()


def sweep() -> None:
    """Number what is unnumbered, let every lagging subscriber catch up, try again what was set aside, tell the live
    streams how far the log is. A few cheap looks when all is done.

    A subscriber that can't even look costs the others nothing: all have had their turn before that is raised.
    """
    subscribers.enroll()
    failed = []
    try:
        if sequencer.has_unnumbered():
            pump.run(now=clock.now())
    except Exception as error:  # noqa: BLE001  raised below
        failed.append(error)
    for name in subscribers.lagging(now=clock.now()):
        try:
            runner.catch_up(name, now=clock.now())
        except Exception as error:  # noqa: BLE001  raised below
            error.add_note(f"while subscriber {name} caught up")
            failed.append(error)
    replay.retry_due(now=clock.now())
    _head.advance()
    if failed:
        raise ExceptionGroup("subscribers could not catch up", failed)
