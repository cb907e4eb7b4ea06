"""The log as JSON: one object a line, with the ids of what was worked on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from events.bus import publish
from events.monitoring.json_log import JsonLine, request_ids
from events.sweep import sweep
from events.transport import log_ids

logger = logging.getLogger("tests.json_log")


@pytest.fixture
def written() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines that are logged, as a collector reads them."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def test_a_line_is_one_object_whatever_it_says():
    # Not logged: half a character in what a test logs ends the test run's own report.
    said = {"msg": "two\nlines, %s and \u2028 \ud800", "args": ("an argument",), "levelname": "WARNING"}
    [line] = map(json.loads, JsonLine().format(logging.makeLogRecord(said | {"name": "tests.json_log"})).splitlines())
    assert (line["level"], line["logger"]) == ("WARNING", "tests.json_log")
    assert line["message"] == "two\nlines, an argument and \u2028 \ud800"
    assert line["time"].endswith("Z")


def test_an_exception_is_in_its_line(written):
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("failed")
    [line] = written()
    assert line["exception"].endswith("ValueError: broken")


def test_ids_are_of_what_is_worked_on_and_end_with_it(written):
    with log_ids.working_on(request="r1"):
        with log_ids.working_on(events=[*range(30)], delivery=5):
            logger.warning("inside")
        logger.warning("between")
    logger.warning("outside")
    inside, between, outside = written()
    assert (inside["request"], inside["events"], inside["delivery"]) == ("r1", [*range(20)], 5)
    assert (between["request"], "events" in between, "request" in outside) == ("r1", False, False)


def test_tasks_side_by_side_keep_their_own(written):
    async def attempt(number: int) -> None:
        with log_ids.working_on(delivery=number):
            await asyncio.sleep(0)
            logger.warning("%d", number)

    async def both() -> None:
        await asyncio.gather(attempt(1), attempt(2))

    asyncio.run(both())
    assert [(line["message"], line["delivery"]) for line in written()] == [("1", 1), ("2", 2)]


@pytest.mark.parametrize(("given", "is_kept"), [("req-7.a_B", True), ("x" * 129, False), ('"}\n', False), ("", False)])
def test_a_request_has_the_proxys_id_or_one_of_ours(written, given, is_kept):
    def view(_request: HttpRequest) -> HttpResponse:
        logger.warning("asked")
        return HttpResponse()

    request_ids(view)(RequestFactory().get("/", headers={"X-Request-ID": given}))
    [line] = written()
    assert (line["request"] == given, len(line["request"]) == 32) == (is_kept, not is_kept)


def test_what_a_subscriber_fails_on_is_named(db, reader, written):
    event = publish("job.completed")
    reader("json_log").fail_on(event, error=ValueError("cannot digest this"))
    sweep()
    [line] = [line for line in written() if line["message"].startswith("subscriber json_log failed")]
    assert line["events"] == [event.pk]
