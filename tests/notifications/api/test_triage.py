"""Done, snoozed and back, over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.inbox import feed
from tests.notifications.factories.routing import JOB, publish_and_route

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]
BASE = "/api/v1/notifications"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
def row(owner, client) -> int:
    client.force_login(owner)
    publish_and_route("review.comment", source=JOB)
    return feed.page(owner.pk)[0].pk


def listed(client, state: str = "inbox") -> list[int]:
    return [row["id"] for row in client.get(f"{BASE}?state={state}").json()]


def post(client, address: str, **body: Any):
    return client.post(f"{BASE}/{address}", body, content_type="application/json")


def test_done_and_back(client, row):
    assert post(client, f"{row}/done").status_code == 204
    assert (listed(client), listed(client, "done")) == ([], [row])
    assert client.delete(f"{BASE}/{row}/done").status_code == 204
    assert listed(client) == [row]


def test_snoozed_and_back(client, row):
    assert post(client, f"{row}/snooze", until=TOMORROW)["X-Unread-Count"] == "0"
    assert (listed(client), listed(client, "snoozed")) == ([], [row])
    assert client.delete(f"{BASE}/{row}/snooze")["X-Unread-Count"] == "1"


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "2026-12-24T08:00:00", "soon", None])
def test_an_absurd_until_is_refused(client, row, until):
    answer = post(client, f"{row}/snooze", until=until)
    assert (answer.status_code, "until" in answer.content.decode()) == (400, True)


def test_bulk_names_the_batch_that_undoes_it(client, row):
    batch = post(client, "bulk", ids=[row], action="done").json()["batch"]
    post(client, "undo", batch=batch)
    assert listed(client) == [row]


@pytest.mark.parametrize("body", [{"action": "snooze"}, {"action": "burn"}, {"ids": []}, {"ids": list(range(1, 102))}])
def test_a_bulk_that_makes_no_sense_is_refused(client, row, body):
    assert post(client, "bulk", **{"ids": [row], "action": "done"} | body).status_code == 400
