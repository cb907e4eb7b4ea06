"""Outages in the log: once the story, then a line a minute, then that it is over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from events.transport import outages
from events.transport.outages import EVERY, TICK, Outages

PLACE = ("a.place", "It failed", "OSError")
NOON = 1_800_000_000.0


def told(failures: list[float], *, until: float) -> tuple[int, list[str]]:
    """Stories and lines of an outage at these seconds after noon, looked at every TICK until then."""
    log, stories, lines, waiting = Outages(), 0, [], sorted(failures)
    for number in range(int(until / TICK) + 1):
        now = NOON + number * TICK
        while waiting and NOON + waiting[0] <= now:
            stories += log.note(PLACE, now=NOON + waiting.pop(0))
        lines += [line for _, line in log.due(now=now)]
    return stories, lines


def test_an_hour_of_a_failure_a_second_is_a_story_a_line_a_minute_and_an_end():
    stories, lines = told([float(second) for second in range(3600)], until=3600 + 2 * EVERY)
    assert (stories, len(lines)) == (1, 61)
    assert lines[0].startswith("still: 61 times since 20")
    assert lines[-1].startswith("over: 3,600 times, 20")


def test_a_lone_failure_is_its_story_and_no_more():
    assert told([5.0], until=600) == (1, [])


def test_what_fails_again_after_the_end_is_another_outage():
    stories, lines = told([0.0, 1.0, 500.0, 501.0], until=900)
    assert (stories, [line for line in lines if "over: 2 times" in line]) == (2, [lines[-2], lines[-1]])


@given(st.lists(st.floats(min_value=0, max_value=2000), min_size=1, max_size=60))
def test_lines_are_bounded_by_time_and_every_failure_is_counted(failures):
    stories, lines = told(failures, until=2200)
    assert stories + len(lines) <= 2 + 2 * 2200 / EVERY
    ends = [int(line.split()[1]) for line in lines if line.startswith("over")]
    assert sum(ends) + (stories - len(ends)) == len(failures)


def test_places_count_apart_by_what_fails_and_by_the_kind_of_error(caplog):
    for what in ("One", "Another"):
        for error in (OSError("no"), ValueError("no"), OSError("no, again")):
            outages.note("a.place", what, error)
    said = [(record.getMessage(), bool(record.exc_info)) for record in caplog.records]
    assert said == [("One: no", True), ("One: no", True), ("Another: no", True), ("Another: no", True)]


def test_a_line_may_be_the_whole_story(caplog):
    outages.note("a.place", "It is away", OSError("refused"), in_a_line=True)
    assert [record.exc_info for record in caplog.records] == [None]


def test_an_error_without_words_is_named(caplog):
    outages.note("a.place", "It is away", TimeoutError(), in_a_line=True)
    assert caplog.messages == ["It is away: TimeoutError()"]
