"""Why not me: what one person is answered about an event, or the latest events of an entity, that they may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delivery.reporting import explanation, explanation_text, why_not
from delivery.reporting.why_not import Answer
from events.bus import publish
from events.memberships import grant, revoke
from events.models import Event
from notifications.escalations.acknowledge import acknowledge
from notifications.models import Escalation, Mute, Notification
from tests.accounts.factory import name_of
from tests.api_client import V1, as_
from tests.delivery.factories.deliveries import NOON
from tests.notifications.factories.routing import JOB, define, mute, publish_and_route, store_preference, store_settings
from tests.notifications.fakes import access_host
from tests.own_settings import own

pytestmark = pytest.mark.django_db
WHY_NOT = f"{V1}/notifications/why-not"


def asked(user: Any, **query: Any) -> list[dict[str, Any]]:
    answer = as_(user).get(WHY_NOT, query)
    assert answer.status_code == 200, answer.content
    return list(answer.json())


def about(user: Any, event: Event) -> Answer:
    return why_not.of_event(user, event_id=event.pk, now=NOON)


def test_each_code_of_an_explanation_has_its_sentence_to_the_person():
    codes = explanation_text.WHY_NOT.keys() | explanation_text.STATES.keys()
    assert codes - why_not.SENTENCES.keys() == set()


def test_who_was_told_is_answered_how(owner):
    event = publish_and_route("job.completed", source=JOB, actor=owner)
    [found] = asked(owner, event=event.pk)
    assert (found["is_told"], found["code"], found["reason"]) == (True, "told", "actor")
    assert found["explanation"] == "You did this. You were told."
    assert found["channels"] == [{"channel": "in_app", "state": "in_feed", "explanation": "In your inbox."}]


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"is_enabled": False}, "disabled"),
        ({"channels": []}, "no_channels"),
        ({"scope": "my_jobs"}, "scope_my_jobs"),
        ({"scope": "my_projects"}, "scope_my_projects"),
    ],
)
def test_a_choice_of_their_own_is_named(watcher, choice, code):
    grant(JOB, user=watcher, role="watcher")
    store_preference(watcher, "review.comment", **choice)
    found = about(watcher, publish_and_route("review.comment", source=JOB))
    assert (found.code, found.is_told, found.channels) == (code, False, [])
    assert found.text == f"You watch what this is about. {why_not.SENTENCES[code]}"


@pytest.mark.parametrize(("until", "ends"), [(None, ""), (NOON + timedelta(hours=3), " Until 15:00.")])
def test_a_mute_says_until_when(watcher, until, ends):
    grant(JOB, user=watcher, role="watcher")
    mute(watcher, of=JOB)
    event = publish_and_route("review.comment", source=JOB)
    Mute.objects.update(until=until)
    said = f"You watch what this is about. You muted what it is about, or its project.{ends}"
    assert (about(watcher, event).code, about(watcher, event).text) == ("muted", said)


def test_who_is_tied_but_not_in_the_audience(member, owner):
    grant(JOB, user=member, role="member")
    assert about(member, publish_and_route("job.completed", source=JOB, actor=owner)).code == "not_in_audience"


def test_what_waits_says_until_when(owner):
    store_settings(owner, dnd_enabled=True)
    store_preference(owner, "job.completed", channels=["in_app", "email"])
    found = about(owner, publish_and_route("job.completed", actor=owner))
    words = {report.channel: (report.state, text) for report, text in found.channels}
    assert words["email"] == ("held_dnd", "Waiting: do not disturb is on. Until do not disturb ends.")


def test_what_is_not_routed_yet(owner):
    assert about(owner, publish("job.completed", actor=owner)).code == "not_routed"


def test_of_an_entity_the_latest_events_come_first(owner):
    first = publish_and_route("job.started", source=JOB, actor=owner)
    last = publish_and_route("job.completed", source=JOB, actor=owner)
    found = asked(owner, entity="job:42")
    assert [(row["event_id"], row["code"]) for row in found] == [(last.pk, "told"), (first.pk, "replaced")]


@pytest.mark.parametrize("query", ["event", "entity"])
def test_what_one_may_know_nothing_of_is_not_there(outsider, owner, query):
    event = publish_and_route("job.completed", source=JOB, actor=owner)
    assert as_(outsider).get(WHY_NOT, {query: {"event": event.pk, "entity": "job:42"}[query]}).status_code == 404


def test_an_audience_of_today_may_know(owner, watcher):
    grant(JOB, user=watcher, role="watcher")
    store_preference(watcher, "review.comment", is_enabled=False)
    event = publish_and_route("review.comment", source=JOB, actor=owner)
    assert about(watcher, event).code == "disabled"
    revoke(JOB, user=watcher)
    with pytest.raises(Event.DoesNotExist):
        about(watcher, event)


def test_what_the_host_hides_is_not_there(owner, settings):
    access_host.reset()
    own(settings, MAY_SEE=access_host.PATH)
    event = publish_and_route("job.completed", source=JOB, actor=owner)
    access_host.closed.add((name_of(owner), JOB))
    with pytest.raises(Event.DoesNotExist):
        about(owner, event)


def test_what_was_said_to_named_people_alone_is_not_there_for_others(owner, member):
    for user in (owner, member):
        grant(JOB, user=user, role="owner")
    event = publish_and_route("collab.mention", source=JOB, payload={"mentioned_user_ids": [owner.pk]})
    assert about(owner, event).code == "told"
    with pytest.raises(Event.DoesNotExist):
        about(member, event)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, ""),
        ({"event": "1", "entity": "job:42"}, ""),
        ({"event": "x"}, "event"),
        ({"entity": "job"}, "entity"),
        ({"entity": "Job:1"}, "entity"),
        ({"job": "42"}, "job"),
    ],
)
def test_what_names_neither_or_both_is_refused(owner, query, field):
    answer = as_(owner).get(WHY_NOT, query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_the_number_of_queries_doesn_t_grow_with_the_events(owner):
    grant(JOB, user=owner, role="owner")
    counts = []
    for _round in range(2):
        for number in range(4):
            publish_and_route("review.comment" if number % 2 else "job.started", source=JOB, actor=owner)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            why_not.of_entity(owner, entity=JOB, now=NOON)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 26


@pytest.fixture
def alarm(watcher, owner) -> Event:
    """It goes on to admins after five minutes, and to watchers after ten."""
    grant(JOB, user=owner, role="owner")
    grant(JOB, user=watcher, role="watcher")
    escalates = {"is_critical": True, "acknowledge_minutes": 5, "escalates_to": ["admins", "watchers"]}
    define("odd.fire", category="odd", audience=["owner"], **escalates)
    return publish_and_route("odd.fire", source=JOB)


def test_who_is_told_in_a_later_step_is_said_when(alarm, watcher):
    Escalation.objects.update(due_at=NOON + timedelta(minutes=5))
    said = "Waits until 12:10 for somebody to acknowledge it; then it goes on to the watchers of what it is about."
    assert (about(watcher, alarm).code, about(watcher, alarm).is_told) == ("waits_for_step", False)
    assert about(watcher, alarm).text == f"It goes to others first. {said}"


def test_whose_step_was_ended_hears_that_somebody_acknowledged_it(alarm, watcher, owner):
    row = Notification.objects.get(event=alarm, user=owner)
    acknowledge(owner.pk, notification_id=row.pk, now=NOON)
    [found] = asked(watcher, event=alarm.pk)
    assert found["code"] == "acknowledged"
    assert found["explanation"] == "Somebody acknowledged it before it was your turn."


def test_whose_step_was_ended_by_a_withdrawal_hears_that(alarm, watcher):
    Event.objects.update(withdrawn_at=NOON)
    assert about(watcher, alarm).code == "withdrawn"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"due_at": NOON}, "waits_for_step"),
        ({"acknowledged_at": NOON, "due_at": None}, "acknowledged"),
        ({"step": 2, "due_at": None}, "not_in_audience"),
    ],
)
def test_staff_are_answered_the_same_about_a_later_step(alarm, watcher, changed, code):
    Escalation.objects.update(**changed)
    [found] = explanation.explain_to(explanation.load(alarm.pk), user_id=watcher.pk, now=NOON).people
    assert found.why_not == about(watcher, alarm).code == code
    assert explanation_text.why_not_text(code, rules=()) != code


def test_who_is_in_no_step_is_outside(alarm, member):
    grant(JOB, user=member, role="member")
    assert about(member, alarm).code == "not_in_audience"


def test_of_many_that_escalate_the_queries_don_t_grow(alarm, watcher):
    counts = []
    for _round in range(2):
        publish_and_route("odd.fire", source=JOB)
        with CaptureQueriesContext(connection) as captured:
            why_not.of_entity(watcher, entity=JOB, now=NOON)
        counts.append(len(captured))
    assert counts[0] == counts[1]
