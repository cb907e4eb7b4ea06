"""Who was told of an event, and why; and, as of now, why others were not."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from delivery.models import Attempt, Delivery
from delivery.reporting import explanation, explanation_output, explanation_text
from delivery.reporting.explanation import Person
from events.bus import publish
from events.memberships import grant, revoke
from events.models import Event, ParkedEvent, Subscriber
from notifications import channels
from notifications.holds import release
from notifications.inbox import removal
from notifications.models import Notification
from notifications.routing import audiences
from tests.accounts.factory import name_of
from tests.api_client import V1, as_
from tests.conftest import person
from tests.delivery.factories.deliveries import NOON, address, destination
from tests.notifications.factories.routing import (
    JOB,
    define,
    mute,
    publish_and_route,
    route,
    store_preference,
    store_settings,
)

pytestmark = pytest.mark.django_db


def about(event: Event, user: Any) -> Person:
    """What is said of one person."""
    loaded = explanation.load(event.pk)
    [found] = explanation.explain_to(loaded, user_id=user.pk, now=NOON).people
    return found


def states(found: Person) -> dict[str, str]:
    return {way.channel: way.state for way in found.channels}


def people(event: Event, **more: Any) -> list[str]:
    found = explanation.explain(explanation.load(event.pk), now=NOON, **more)
    return [name_of(one.user) for one in found.people]


def test_whoever_was_told_is_read_from_the_rows(owner):
    event = publish_and_route("job.completed", actor=owner)
    found = about(event, owner)
    assert (found.reason, found.why_not, states(found)) == ("actor", "", {"in_app": "in_feed"})


def test_what_was_decided_stays_as_it_was_decided(owner):
    grant(JOB, user=owner, role="owner")
    event = publish_and_route("job.completed", source=JOB)
    revoke(JOB, user=owner)
    assert about(event, owner).reason == "owner"


@pytest.mark.parametrize(
    ("choice", "why_not"),
    [
        ({"is_enabled": False}, "disabled"),
        ({"channels": []}, "no_channels"),
        ({"scope": "my_jobs"}, "scope_my_jobs"),
        ({"scope": "my_projects"}, "scope_my_projects"),
    ],
)
def test_a_choice_of_their_own(watcher, choice, why_not):
    grant(JOB, user=watcher, role="watcher")
    store_preference(watcher, "review.comment", **choice)
    event = publish_and_route("review.comment", source=JOB)
    found = about(event, watcher)
    assert (found.reason, found.why_not, found.channels) == ("watcher", why_not, [])


def test_what_they_mute(watcher):
    grant(JOB, user=watcher, role="watcher")
    mute(watcher, of=JOB)
    event = publish_and_route("review.comment", source=JOB)
    found = about(event, watcher)
    assert (found.reason, found.why_not, found.channels) == ("watcher", "muted", [])
    assert explanation_text.why_not_text("muted", rules=[]) == "Muted what it is about, or its project."


def test_nobody_whom_a_rule_brings_in(outsider, owner):
    assert about(publish_and_route("job.completed", actor=owner), outsider).why_not == "not_in_audience"


def test_whoever_did_it_where_they_aren_t_told(owner):
    grant(JOB, user=owner, role="watcher")
    event = publish_and_route("collab.lock", source=JOB, actor=owner)
    assert about(event, owner).why_not == "is_actor"


def test_an_account_that_is_closed(owner):
    owner.is_active = False
    owner.save()
    assert about(publish_and_route("job.completed", actor=owner), owner).why_not == "inactive"


def test_a_later_event_that_took_its_place(owner):
    first = publish_and_route("job.started", source=JOB, actor=owner)
    publish_and_route("job.completed", source=JOB, actor=owner)
    assert about(first, owner).why_not == "replaced"


def test_who_would_be_told_today(owner):
    event = publish_and_route("job.completed", source=JOB)
    grant(JOB, user=owner, role="owner")
    assert about(event, owner).why_not == "would_be_told"


def test_what_the_router_has_still_to_do(owner):
    event = publish("job.completed", actor=owner)
    assert about(event, owner).why_not == "not_routed"


@pytest.mark.parametrize(("retry_at", "expected"), [(None, "parked"), (NOON, "set_aside")])
def test_what_the_router_could_not_take(owner, retry_at, expected):
    event = publish_and_route("job.completed", actor=owner)
    removal.remove(Notification.objects.all())
    router = Subscriber.objects.get(name="notifications")
    ParkedEvent.objects.create(subscriber=router, event=event, error="boom", retry_at=retry_at)
    assert about(event, owner).why_not == expected
    assert explanation_text.WHY_NOT[expected]
    assert explanation_text.ROUTING[expected]


def test_a_chosen_channel_that_isn_t_installed(owner, monkeypatch):
    store_preference(owner, "job.completed", channels=["in_app", "webhook"])
    monkeypatch.setattr("delivery.channels.installed", list)
    monkeypatch.setattr(channels, "_channels", {})
    assert states(about(publish_and_route("job.completed", actor=owner), owner))["webhook"] == "channel_not_installed"


def test_a_chosen_channel_without_an_address(owner):
    store_preference(owner, "job.completed", channels=["webhook"])
    found = about(publish_and_route("job.completed", actor=owner), owner)
    assert states(found) == {"webhook": "no_address"}


def test_what_was_switched_off_while_it_was_held(owner):
    store_preference(owner, "job.completed", channels=["webhook"])
    store_settings(owner, dnd_enabled=True)
    event = publish_and_route("job.completed", actor=owner)
    store_preference(owner, "job.completed", channels=["in_app"])
    store_settings(owner, dnd_enabled=False)
    release.release([owner.pk], now=timezone.now())
    assert states(about(event, owner)) == {"webhook": "switched_off"}


def test_what_is_held_says_until_when(owner):
    store_preference(owner, "job.completed", channels=["in_app", "webhook"])
    store_settings(owner, dnd_enabled=True)
    event = publish_and_route("job.completed", actor=owner)
    found = explanation.explain(explanation.load(event.pk), now=NOON)
    told = explanation_output.as_json(found, for_staff=True)["people"][0]["channels"][1]
    assert (told["state"], told["hold"]) == ("held_dnd", "dnd")
    assert "until do not disturb ends" in told["explanation"]


def test_what_is_more_than_the_cap_of_an_hour_says_so_and_when_it_comes(owner):
    store_preference(owner, "job.completed", channels=["in_app", "email"])
    store_settings(owner, timezone="Europe/Paris")
    events = [publish("job.completed", actor=owner) for _ in range(31)]
    route(*events)
    found = explanation.explain(explanation.load(events[-1].pk), now=NOON)
    told = explanation_output.as_json(found, for_staff=True)["people"][0]["channels"][1]
    assert (told["state"], told["hold"]) == ("held_burst", "burst")
    assert told["explanation"] == (
        "Held: many came at once. As of now: more than 30 in an hour, so one summary at 14:00."
    )


def delivered(owner: Any) -> tuple[Event, Delivery]:
    address(owner, kind="webhook", target="https://93.184.215.14/hook")
    store_preference(owner, "job.completed", channels=["webhook"])
    event = publish_and_route("job.completed", actor=owner)
    return event, Delivery.objects.get(notification__event=event)


def test_deliveries_come_with_their_attempts(owner):
    event, one = delivered(owner)
    Attempt.objects.create(delivery=one, number=1, outcome="retry", started_at=NOON, reason="timeout", excerpt="inner")
    found = explanation.explain(explanation.load(event.pk), now=NOON)
    for for_staff in (True, False):
        [way] = explanation_output.as_json(found, for_staff=for_staff)["people"][0]["channels"]
        assert (way["state"], way["deliveries"][0]["id"]) == ("pending", one.pk)
        assert ("excerpt" in way["deliveries"][0]["attempts"][0]) == for_staff


@pytest.mark.parametrize("state", Delivery.State.values)
def test_a_channel_is_as_its_delivery(owner, state):
    event, _one = delivered(owner)
    Delivery.objects.update(state=state)
    assert states(about(event, owner)) == {"webhook": state}


def test_one_that_arrived_is_enough(owner):
    event, one = delivered(owner)
    Delivery.objects.update(state="dead")
    second = address(owner, kind="webhook", target="https://93.184.215.14/other")
    Delivery.objects.create(address=second, kind="webhook", notification=one.notification, state="sent")
    assert states(about(event, owner)) == {"webhook": "sent"}


def test_those_told_and_those_not_are_on_one_page(owner, watcher, outsider):
    for user in (owner, watcher):
        grant(JOB, user=user, role=name_of(user))
    store_preference(watcher, "review.comment", is_enabled=False)
    assert people(publish_and_route("review.comment", source=JOB)) == ["owner", "watcher"]


def broadcast(count: int) -> Event:
    define("news.all", audience=["everyone"], category="news")
    for number in range(count):
        person(f"reader-{number}")
    return publish_and_route("news.all")


def all_pages(event: Event, *, limit: int) -> list[str]:
    found, after, seen = explanation.load(event.pk), 0, []
    while True:
        page = explanation.explain(found, now=NOON, after=after, limit=limit)
        assert len(page.people) <= limit
        seen += [name_of(one.user) for one in page.people]
        if page.following is None:
            return seen
        after = page.following


@pytest.mark.parametrize("large", [2, 10_000])
@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_have_everybody_once(outsider, monkeypatch, large, limit):
    event = broadcast(5)
    store_preference(outsider, "news.all", is_enabled=False)
    removal.remove(Notification.objects.filter(user=outsider))
    monkeypatch.setattr(audiences, "LARGE", large)
    assert all_pages(event, limit=limit) == ["outsider", *[f"reader-{number}" for number in range(5)]]


@pytest.mark.parametrize("large", [2, 10_000])
def test_the_questions_to_the_database_are_as_many_for_one_as_for_many(monkeypatch, large):
    few = broadcast(3)
    person("late")
    monkeypatch.setattr(audiences, "LARGE", large)
    asked = []
    for names in ([], [f"more-{number}" for number in range(30)]):
        for name in names:
            person(name)
        with CaptureQueriesContext(connection) as found:
            explanation_output.as_json(explanation.explain(explanation.load(few.pk), now=NOON), for_staff=True)
        asked.append(len(found))
    assert asked[0] == asked[1] <= 25


def test_explaining_writes_nothing_and_locks_nothing(owner):
    event = publish_and_route("job.completed", actor=owner)
    with CaptureQueriesContext(connection) as found:
        about(event, owner)
    assert all(query["sql"].startswith("SELECT") and "FOR UPDATE" not in query["sql"] for query in found)


def test_every_code_has_its_sentence():
    assert {*Delivery.State.values, "in_feed", "in_summary", "no_address", "channel_not_installed", "replaced"} <= set(
        explanation_text.STATES
    )
    assert {f"held_{hold}" for hold in ("dnd", "quiet", "digest", "burst")} <= set(explanation_text.STATES)
    assert {*audiences.REASONS, "imported", "escalated"} == set(explanation_text.REASONS)


def explain(*arguments: str) -> str:
    out = StringIO()
    call_command("explain", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_the_whole_story(owner):
    event, one = delivered(owner)
    Attempt.objects.create(delivery=one, number=1, outcome="retry", started_at=NOON, ms=84, http_status=503)
    said = explain(str(event.pk))
    assert f"event {event.pk}: job.completed" in said
    assert f"{owner.get_username()} ({owner.pk}): told. Did it." in said
    assert f"delivery {one.pk}" in said
    assert "retry, 503, 84 ms" in said


def test_the_command_says_why_one_person_was_not_told(owner, outsider):
    event = publish_and_route("job.completed", actor=owner)
    said = explain(str(event.pk), "--user", outsider.get_username())
    assert "not told. As of now: No audience rule" in said
    assert "[not_in_audience]" in said


@pytest.mark.parametrize("arguments", [["999"], ["{event}", "--user", "ghost"]])
def test_the_command_names_what_isn_t_there(owner, arguments):
    event = publish_and_route("job.completed", actor=owner)
    with pytest.raises(CommandError, match="There is no"):
        explain(*[one.format(event=event.pk) for one in arguments])


def test_over_http_it_needs_the_log_s_permission(owner, admin):
    event = publish_and_route("job.completed", actor=owner)
    assert as_(owner).get(f"{V1}/events/{event.pk}/explain").status_code == 403
    body = as_(admin).get(f"{V1}/events/{event.pk}/explain").json()
    assert (body["event"]["id"], body["routing"], body["told"], body["audience"]) == (
        event.pk,
        "routed",
        1,
        ["owner_or_actor"],
    )
    assert [one["user_id"] for one in body["people"]] == [owner.pk]


def test_over_http_one_person_may_be_asked_for(owner, outsider, admin):
    event = publish_and_route("job.completed", actor=owner)
    body = as_(admin).get(f"{V1}/events/{event.pk}/explain", {"user_id": outsider.pk}).json()
    assert body["people"][0]["why_not"] == "not_in_audience"


@pytest.mark.parametrize("user_id", [0, 999_999, 2**31, 2**32, 2**63 - 1])
def test_over_http_an_id_that_is_nobodys_explains_nobody(owner, admin, user_id):
    event = publish_and_route("job.completed", actor=owner)
    answer = as_(admin).get(f"{V1}/events/{event.pk}/explain", {"user_id": user_id})
    assert (answer.status_code, answer.json()["people"]) == (200, [])


def test_over_http_the_link_goes_on(admin):
    event = broadcast(3)
    answer = as_(admin).get(f"{V1}/events/{event.pk}/explain", {"limit": 2})
    following = answer["Link"].split("<")[2].split(">")[0]
    seen = [one["user_id"] for page in (answer, as_(admin).get(following)) for one in page.json()["people"]]
    assert seen == sorted(get_user_model().objects.values_list("pk", flat=True))


def test_an_event_that_isn_t_there_is_a_404(admin):
    assert as_(admin).get(f"{V1}/events/999/explain").status_code == 404


def test_what_went_to_a_destination_is_said_beside_the_people(admin):
    destination()
    event = publish_and_route("job.completed", source=JOB)
    said = as_(admin).get(f"{V1}/events/{event.pk}/explain").json()["destinations"]
    assert [(one["label"], one["delivery"]["state"], one["delivery"]["event_id"]) for one in said] == [
        ("#renders", "pending", event.pk)
    ]
    out = StringIO()
    call_command("explain", str(event.pk), stdout=out)
    assert "Also: #renders" in out.getvalue()
