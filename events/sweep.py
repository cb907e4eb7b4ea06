"""The sweep that finds work whose hint was lost, or never sent."""

from events.db import clock
from events.dispatch import live_stream, pump, replay, runner, sequencer, subscribers
from events.monitoring.counting import Compaction
from events.transport import outages

_head, _compaction = live_stream.HeadCursor(), Compaction()


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
    _compare_clocks()
    _compaction.advance()
    if failed:
        raise ExceptionGroup("subscribers could not catch up", failed)


def _compare_clocks() -> None:
    if abs(clock.ahead()) > clock.MOST_OFF:
        difference = ValueError(f"{clock.ahead().total_seconds():+.0f} s; all goes by the database's")
        outages.note("carillon.sweeper", "This machine's clock differs from the database's", difference, in_a_line=True)
