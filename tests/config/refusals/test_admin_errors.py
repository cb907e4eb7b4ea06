"""What an address or an action of the admin names and no column can hold is a bad request, for every model."""

from __future__ import annotations

import logging

import pytest

from events.models import ApiKey

LISTS = ["carillon_events/event", "carillon_delivery/address", "auth/user", "django_celery_beat/periodictask"]
TIMES = {"carillon_events/event": "created_at", "auth/user": "date_joined", "carillon_delivery/address": "verified_at"}


@pytest.fixture
def staff(client, admin):
    client.force_login(admin)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(("model", "field"), TIMES.items())
def test_a_year_that_is_none(staff, model, field):
    assert staff.get(f"/admin/{model}/?{field}__year=99999999999").status_code == 400


@pytest.mark.parametrize("model", LISTS)
@pytest.mark.parametrize("query", ["id=18446744073709551616", "id__in=1,x", "id__exact=x", "q=18446744073709551616"])
def test_a_number_that_is_none_finds_nothing(staff, model, query):
    assert staff.get(f"/admin/{model}/?{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize("model", LISTS)
@pytest.mark.parametrize("key", ["18446744073709551616", "9" * 5000, "x", "_5F_00", "%ff"])
@pytest.mark.parametrize("page", ["", "change/", "delete/", "history/"])
def test_a_row_that_can_not_be_is_not_there(staff, model, key, page):
    assert staff.get(f"/admin/{model}/{key}/{page}").status_code in (302, 400, 403, 404)


@pytest.mark.parametrize(
    ("model", "action"), [("auth/user", "delete_selected"), ("carillon_events/subscriber", "pause")]
)
def test_an_action_on_what_is_no_row(staff, model, action):
    assert staff.post(f"/admin/{model}/", {"action": action, "_selected_action": "x"}).status_code == 400


def test_why_is_in_the_log(staff, caplog):
    with caplog.at_level(logging.WARNING, logger="carillon.admin"):
        staff.get("/admin/auth/user/?date_joined__year=99999999999")
    (record,) = [one for one in caplog.records if one.name == "carillon.admin"]
    assert record.exc_info is not None


def test_an_error_elsewhere_stays_one(client, owner, monkeypatch):
    client.force_login(owner)
    client.raise_request_exception = False
    monkeypatch.setattr("notifications.pages.inbox_views.feed.unread_by_category", lambda user: int("x"))
    assert client.get("/notifications/counts/").status_code == 500


@pytest.mark.parametrize(
    ("model", "column"),
    [
        ("carillon_events/apikey", "digest"),
        ("carillon_delivery/address", "target"),
        ("carillon_delivery/address", "secret"),
        ("carillon_delivery/address", "previous_secret"),
        ("carillon_delivery/delivery", "body"),
    ],
)
def test_what_is_secret_can_not_be_asked_for_letter_by_letter(staff, admin, model, column):
    ApiKey.objects.create(user=admin, digest="abc")
    for lookup in ("", "__startswith", "__gte"):
        assert staff.get(f"/admin/{model}/?{column}{lookup}=a").status_code == 400


@pytest.mark.parametrize("task", ["x" * 300, ""])
def test_a_task_without_a_name_that_fits_is_shown_again(staff, task):
    answer = staff.post("/admin/django_celery_beat/periodictask/add/", {"name": "nightly", "task": task})
    assert answer.status_code == 200


def test_a_schedule_of_negative_minutes_is_refused(staff):
    form = {"minute": "-1", "hour": "*", "day_of_month": "*", "month_of_year": "*", "day_of_week": "*"}
    answer = staff.post("/admin/django_celery_beat/crontabschedule/add/", form | {"timezone": "UTC"})
    assert answer.status_code == 400
