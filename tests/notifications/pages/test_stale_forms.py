"""A preferences form that another tab has overtaken changes what was changed in it, and nothing back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from events.models import EventType
from notifications.models import NotificationPreference
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings, settings_of
from tests.notifications.factories.routing import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def tab(client: Client, owner) -> Client:
    client.force_login(owner)
    return client


def opened(tab: Client) -> dict[str, Any]:
    """What the form sends where nobody touches it, as a browser makes it of the page."""
    page = tab.get(reverse("carillon:preferences")).context
    chosen = page["chosen"]
    form: dict[str, Any] = {
        "made_from": page["made_from"],
        "sections": ["hours", "digest", "zone"],
        "timezone": chosen.timezone,
        "digest_interval": chosen.digest_interval,
        "digest_hour": str(chosen.digest_hour),
        "digest_weekday": str(chosen.digest_weekday),
        "digest_channels": page["digest_sent_by"],
        "scope": page["scope"],
        "scope_was": page["scope"],
        "types": [],
    }
    form |= {"digest_enabled": "on"} if chosen.digest_enabled else {}
    for number, window in enumerate(page["hours_of_quiet"]):
        form |= {f"hours-{number}-{end}": window[end] for end in ("start", "end")}
        form[f"hours-{number}-days"] = sorted(map(str, window["days"]))
    for line in (line for group in page["groups"] for line in group["lines"]):
        number, row = line["type"].pk, line["preference"]
        fixed = line["type"].default_channels if line["type"].is_locked else []
        form["types"].append(str(number))
        form[f"channels-{number}"] = [name for name in row.channels if row.is_enabled and name not in fixed]
        form |= {f"scope-{number}": line["scope"]} if line["scope"] else {}
    return form


def post(tab: Client, form: dict[str, Any]) -> list[str]:
    """Send it; what the person is told."""
    answer = tab.post(reverse("carillon:preferences"), form)
    assert answer.status_code == 302
    return [str(message) for message in get_messages(answer.wsgi_request)]


def row_of(user, name: str) -> NotificationPreference:
    return next(row for row in preferences.ensure(user.pk) if row.event_type.name == name)


def state(user) -> tuple[Any, ...]:
    rows = [(row.event_type_id, row.is_enabled, sorted(row.channels), row.scope) for row in preferences.ensure(user.pk)]
    kept = settings_of(user.pk)
    return rows, kept.timezone, kept.dnd_enabled, kept.digest_enabled, kept.digest_channels, kept.quiet_hours


CHANGED = {
    "timezone": "Europe/Paris",
    "digest_enabled": True,
    "digest_interval": "weekly",
    "digest_hour": 17,
    "digest_weekday": 4,
    "digest_channels": ["in_app"],
    "dnd_enabled": True,
    "quiet_hours": [{"days": [4, 0], "start": "22:00", "end": "07:00"}],
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_setting_of_another_tab_is_not_reverted(tab, owner, name):
    form = opened(tab)
    change_settings(owner.pk, now=NOON, **{name: CHANGED[name]})
    before = state(owner)
    assert post(tab, form) == ["Saved"]
    assert state(owner) == before


@pytest.mark.parametrize("name", CHANGED)
def test_one_that_was_switched_off_is_not_switched_on_again(tab, owner, name):
    first = getattr(settings_of(owner.pk), name)
    change_settings(owner.pk, now=NOON, **{name: CHANGED[name]})
    form = opened(tab)
    change_settings(owner.pk, now=NOON, **{name: first})
    before = state(owner)
    post(tab, form)
    assert state(owner) == before


@pytest.mark.parametrize("changed", [{"is_enabled": False}, {"channels": ["in_app", "webhook"]}, {"scope": "my_jobs"}])
def test_a_line_of_another_tab_is_not_reverted(tab, owner, changed):
    form, failed = opened(tab), EventType.objects.get(name="job.failed")
    preferences.change(owner.pk, event_type_id=failed.pk, now=NOON, **changed)
    before = state(owner)
    assert post(tab, form) == ["Saved"]
    assert state(owner) == before


def test_two_tabs_that_tick_two_boxes_of_a_line_have_both(tab, owner):
    form, failed = opened(tab), EventType.objects.get(name="job.failed")
    preferences.change(owner.pk, event_type_id=failed.pk, now=NOON, channels=["in_app", "webhook"])
    form[f"channels-{failed.pk}"].append("email")
    post(tab, form)
    assert set(row_of(owner, "job.failed").channels) == {"in_app", "webhook", "email"}


def test_what_both_changed_is_as_the_last_form_says_and_is_said(tab, owner):
    form, failed = opened(tab), EventType.objects.get(name="job.failed")
    change_settings(owner.pk, now=NOON, timezone="Europe/Paris")
    preferences.change(owner.pk, event_type_id=failed.pk, now=NOON, scope="my_jobs")
    said = post(tab, form | {"timezone": "Asia/Tokyo", f"scope-{failed.pk}": "my_projects"})
    assert (settings_of(owner.pk).timezone, row_of(owner, "job.failed").scope) == ("Asia/Tokyo", "my_projects")
    assert said == ["Saved", "You changed this in another tab too. Your choice here was saved: Time zone, Failed."]


def test_a_scope_for_everything_is_for_everything(tab, owner):
    preferences.ensure(owner.pk)
    NotificationPreference.objects.filter(user=owner).update(scope="my_jobs")
    form, failed = opened(tab), EventType.objects.get(name="job.failed")
    preferences.change(owner.pk, event_type_id=failed.pk, now=NOON, scope="my_projects")
    post(tab, form | {"scope": "all"})
    assert row_of(owner, "job.failed").scope == "all"


def test_what_both_changed_alike_needs_no_word(tab, owner):
    form = opened(tab)
    change_settings(owner.pk, now=NOON, timezone="Asia/Tokyo")
    assert post(tab, form | {"timezone": "Asia/Tokyo"}) == ["Saved"]


def test_a_window_that_is_removed_is_gone_and_the_others_stay(tab, owner):
    nights = [{"days": [day], "start": "22:00", "end": "07:00"} for day in (0, 1, 2)]
    change_settings(owner.pk, now=NOON, quiet_hours=nights)
    post(tab, opened(tab) | {"hours_removed": "1"})
    assert [window["days"] for window in settings_of(owner.pk).quiet_hours] == [[0], [2]]


@pytest.mark.usefixtures("recorder")
def test_the_channel_that_a_digest_goes_by_is_ticked_and_kept_once_the_digest_is_set_up(tab, owner):
    form = opened(tab)
    assert form["digest_channels"] == ["email"]
    post(tab, form)
    assert settings_of(owner.pk).digest_channels == []
    post(tab, form | {"digest_enabled": "on"})
    assert settings_of(owner.pk).digest_channels == ["email"]


def test_a_digest_that_goes_nowhere_is_refused(tab):
    answer = tab.post(reverse("carillon:preferences"), opened(tab) | {"digest_enabled": "on", "digest_channels": []})
    assert (answer.status_code, "Choose at least one way to send it." in answer.content.decode()) == (400, True)


def test_a_part_that_a_script_sends_speaks_for_all_of_it(tab, owner):
    post(tab, {"sections": ["zone"], "timezone": "Asia/Tokyo"})
    assert settings_of(owner.pk).timezone == "Asia/Tokyo"


@pytest.mark.parametrize("made_from", ["x", "[]", "5", "null", '{"types": 5}', '{"settings": "xy"}', "[" * 100_000])
def test_what_no_page_has_written_is_refused(tab, made_from):
    assert tab.post(reverse("carillon:preferences"), {"made_from": made_from}).status_code == 400


@pytest.mark.parametrize("line", [[], 5, ["a"], [["in_app"], 5], [5, "all"], {"a": 1}])
def test_a_line_that_no_page_has_written_is_as_if_untouched(tab, owner, line):
    form, failed = opened(tab), EventType.objects.get(name="job.failed")
    form["made_from"] = json.dumps({"types": {str(failed.pk): line}})
    before = state(owner)
    post(tab, form)
    assert state(owner) == before
