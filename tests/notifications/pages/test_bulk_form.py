"""One form for many rows: by people without scripts and by scripts."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from notifications.inbox import feed, marking
from notifications.models import Notification
from tests.notifications.factories.routing import JOB, publish_and_route

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


@pytest.fixture
def rows(owner, client) -> list[int]:
    client.force_login(owner)
    for name in ("review.submitted", "review.comment"):
        publish_and_route(name, source=JOB)
    return [row.pk for row in feed.page(owner.pk)]


def post(client, *, script: bool = True, **form: Any):
    headers = {"Accept": "application/json"} if script else {}
    return client.post(reverse("carillon:notification-bulk"), form, headers=headers)


def test_done_without_a_script_leads_back_and_offers_an_undo(owner, client, rows):
    answer = post(client, script=False, id=rows, action="done", next="/notifications/?unread=1")
    assert answer.url == "/notifications/?unread=1"
    undo = client.get("/notifications/").context["undo"]
    assert (undo["count"], undo["action"]) == (2, "done")
    client.post(reverse("carillon:undo-reading"), {"batch": undo["batch"]})
    assert marking.state(owner.pk).unread_count == len(feed.page(owner.pk)) == 2


def test_a_script_is_told_until_when_it_is_snoozed(client, rows):
    answer = post(client, id=rows[:1], action="snooze", until="1h")
    assert answer.json()["text"].startswith("Snoozed until ")
    assert answer["X-Unread-Count"] == "1"


def test_a_time_of_one_s_own_is_on_one_s_own_wall_clock(client, rows):
    post(client, id=rows[:1], action="snooze", until="at", at="2099-01-01T08:00")
    assert not Notification.objects.filter(snoozed_until__isnull=False).exists()


@pytest.mark.parametrize("form", [{"until": "at", "at": "2020-01-01T08:00"}, {"until": "at", "at": "soon"}, {}])
def test_an_until_that_is_none_is_refused_with_a_sentence(client, rows, form):
    answer = post(client, id=rows, action="snooze", **form)
    assert (answer.status_code, answer.json()["field"]) == (400, "until")
    page = post(client, script=False, id=rows, action="snooze", **form)
    assert page.status_code == 302


@pytest.mark.parametrize("form", [{"action": "burn"}, {"id": ["x"]}, {"id": []}, {"id": list(range(1, 102))}])
def test_a_form_that_no_page_of_ours_has_is_a_bad_request(client, rows, form):
    assert post(client, **{"id": rows, "action": "done"} | form).status_code == 400


def test_another_person_s_rows_are_not_found(client, rows, outsider):
    client.force_login(outsider)
    assert post(client, id=rows, action="done").status_code == 404
