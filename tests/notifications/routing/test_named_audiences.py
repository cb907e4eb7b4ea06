"""Rules with a name: the project, Django groups, and code of the project around."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.reporting import explanation, explanation_output
from events import accounts, outcomes
from events.accounts import User
from events.bus import Entity, NewEvent, audience, publish, publish_many
from events.db import clock
from events.db.errors import Fault, fault
from events.dispatch import replay
from events.errors import AudienceFailed
from events.memberships import grant
from events.models import Event, EventType, Membership, ParkedEvent
from events.rules import code_audiences
from events.testing import told
from notifications.inbox import feed
from notifications.models import Fanout, Notification
from notifications.presentation import labels
from notifications.routing import audiences, fanout, named_audiences
from notifications.routing.named_audiences import AudienceError, Range
from notifications.routing.reasons import why
from tests.accounts.factory import name_field, name_of, new_person
from tests.conftest import person
from tests.events.fakes.database_errors import of_sqlstate
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    define,
    notified,
    publish_and_route,
    publish_and_route_batch,
    queries,
    route,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]
PROJECT = Entity("project", 7)


@pytest.fixture(autouse=True)
def _own_audiences(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(code_audiences, "registered", {})
    yield
    audiences._named.cache_clear()


def named(*names: str) -> Callable[[Event], Any]:
    """A function whose people are those of these names."""
    return lambda _event: accounts.everyone().filter(**{f"{name_field()}__in": names})


def lighting(*people: User) -> Group:
    group = Group.objects.create(name="lighting")
    group.user_set.set(people)
    return group


def crew(find: Callable[[Any], Any], name: str = "project_members", label: str = "project members") -> None:
    """The type `job.note` is for those whom this function finds, and for the owner."""
    audience(name, label=label)(find)
    if not EventType.objects.filter(name="job.note").exists():
        define("job.note", audience=["owner", name])


def failing(_event: Event) -> NoReturn:
    raise KeyError("shot")


def slow(_event: Event) -> Any:
    """More work than the limit lets it do."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000000)"
    return accounts.everyone().extra(where=[f"0 < ({endless} SELECT count(*) FROM n)"])


# The project of the event


@pytest.mark.parametrize("role", ["owner", "member", "watcher"])
def test_the_project_is_whoever_belongs_to_it(outsider, role):
    grant(PROJECT, user=outsider, role=role)
    define("job.note", audience=["project"])
    assert notified(publish_and_route("job.note", source=JOB, project_id=7)) == {"outsider": "project"}
    assert notified(publish_and_route("job.note", source=JOB, project_id=8)) == {}
    assert notified(publish_and_route("job.note", source=JOB)) == {}


def test_what_is_about_the_project_itself_knows_both(owner, outsider):
    grant(PROJECT, user=outsider, role="member")
    grant(PROJECT, user=owner, role="owner")
    define("job.note", audience=["members", "project"])
    event = publish_and_route("job.note", source=PROJECT, project_id=7)
    assert notified(event) == {"outsider": "member", "owner": "project"}


def test_the_project_costs_no_more_queries_than_the_source():
    define("job.note", audience=["watchers"])
    define("job.memo", audience=["watchers", "project"])
    route(publish("job.note", source=JOB))
    of_source = queries(publish("job.note", source=JOB, project_id=7))
    assert queries(publish("job.memo", source=JOB, project_id=7)) == of_source


# Groups


def test_a_group_is_its_active_people(owner, outsider):
    lighting(outsider, person("former", is_active=False))
    define("job.note", audience=["group:lighting", "group:gone"])
    assert notified(publish_and_route("job.note")) == {"outsider": "group:lighting"}


def test_each_of_several_groups_has_its_own(owner, outsider):
    lighting(outsider, owner)
    Group.objects.create(name="comp").user_set.add(owner)
    define("job.note", audience=["group:comp", "group:lighting"])
    assert notified(publish_and_route("job.note")) == {"outsider": "group:lighting", "owner": "group:comp"}


# Code


def test_code_finds_people_by_the_event(owner, outsider):
    crew(lambda event: accounts.everyone().filter(pk=event.payload["lead"]))
    event = publish_and_route("job.note", source=JOB, payload={"lead": outsider.pk})
    assert notified(event) == {"owner": "owner", "outsider": "project_members"}


def test_of_several_reasons_those_with_a_name_come_late(owner, member, admin):
    crew(named("owner", "member", "admin"))
    EventType.objects.filter(name="job.note").update(audience=["admins", "project_members", "members"])
    assert notified(publish_and_route("job.note", source=JOB)) == {
        "member": "member",
        "owner": "project_members",
        "admin": "project_members",
    }


def test_the_deactivated_are_left_out_and_people_come_once(outsider):
    person("former", is_active=False)
    lighting(outsider)
    Group.objects.create(name="comp").user_set.add(outsider)
    crew(lambda _event: get_user_model().objects.filter(groups__name__in=["lighting", "comp"]))
    assert notified(publish_and_route("job.note")) == {"outsider": "project_members"}
    crew(named("former"), name="formers")
    EventType.objects.filter(name="job.note").update(audience=["formers"])
    assert notified(publish_and_route("job.note")) == {}


def test_a_queryset_may_have_any_form(outsider):
    crew(lambda _event: get_user_model().objects.order_by("-pk").values("email")[:1])
    assert notified(publish_and_route("job.note")) == {"outsider": "project_members"}


def test_a_rule_whose_code_is_gone_finds_nobody(outsider):
    crew(named("outsider"))
    code_audiences.registered.clear()
    assert notified(publish_and_route("job.note", source=JOB)) == {"owner": "owner"}


@pytest.mark.parametrize("rule", ["group:lighting", "project_members", "project"])
def test_the_queries_are_as_many_for_a_thousand_people_as_for_one(outsider, rule):
    group = lighting(outsider)
    grant(PROJECT, user=outsider, role="member")
    crew(lambda _event: group.user_set.all())
    EventType.objects.filter(name="job.note").update(audience=[rule])
    for_one = queries(publish("job.note", project_id=7))
    people = get_user_model().objects.bulk_create([new_person(f"u{number}") for number in range(1000)])
    group.user_set.add(*people)
    for one in people[:50]:
        grant(PROJECT, user=one, role="watcher")
    assert queries(publish("job.note", project_id=7)) == for_one


def test_code_is_asked_once_for_each_event():
    asked: list[int] = []

    def find(event: Event) -> Any:
        asked.append(event.pk)
        return accounts.everyone()

    crew(find)
    events = publish_many([NewEvent("job.note"), NewEvent("job.note")])
    route(*events)
    assert asked == [event.pk for event in events]


# Compared with what is obvious


@given(
    data=st.data(),
    rules=st.lists(st.sampled_from(["owner", "members", "watchers", "project", "group:lighting", "crew"]), unique=True),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_everybody_whom_a_rule_finds_is_in_it_and_nobody_else(data, rules, owner, member, watcher, outsider):
    people = [owner, member, watcher, outsider]
    some = st.lists(st.sampled_from(people), unique=True)
    in_project, in_group, in_crew = data.draw(some), data.draw(some), data.draw(some)
    Membership.objects.filter(entity_type="project").delete()
    for one in in_project:
        grant(PROJECT, user=one, role=data.draw(st.sampled_from(["owner", "member", "watcher"])))
    Group.objects.get_or_create(name="lighting")[0].user_set.set(in_group)
    code_audiences.registered["crew"] = code_audiences.CodeAudience(
        "crew", lambda _event: accounts.everyone().filter(pk__in=[one.pk for one in in_crew])
    )
    obvious = {"owner": [owner], "members": [member], "watchers": [watcher]}
    obvious |= {"project": in_project, "group:lighting": in_group, "crew": in_crew}
    kind = EventType(name="job.note", category="x", audience=rules)
    event = Event(pk=1, position=1, event_type=kind, source_entity_type="job", source_entity_id=42, project_id=7)
    found = audiences.resolve([event])
    assert set(found.by_event[1]) == {one.pk for rule in rules for one in obvious[rule]}
    first_half = audiences.resolve([event], within=Range(0, member.pk)).by_event[1]
    assert first_half == {user: reason for user, reason in found.by_event[1].items() if user <= member.pk}


# Large ones


@pytest.mark.parametrize("rule", ["group:lighting", "project_members", "project"])
@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_a_large_one_is_told_in_chunks(owner, member, outsider, monkeypatch, rule, chunk):
    monkeypatch.setattr(audiences, "LARGE", 1)
    monkeypatch.setattr(fanout, "CHUNK", chunk)
    people = [owner, member, outsider]
    group = lighting(*people)
    for one in people:
        grant(PROJECT, user=one, role="member")
    crew(lambda _event: group.user_set.all())
    EventType.objects.filter(name="job.note").update(audience=["watchers", rule])
    event = publish("job.note", source=JOB, project_id=7)
    route(event)
    assert Fanout.objects.get().event == event
    chunks = 0
    while fanout.advance(event.pk, now=NOON):
        chunks += 1
    assert notified(event) == {"watcher": "watcher", **{name_of(one): rule for one in people}}
    assert chunks >= 3 / chunk
    assert outcomes.dry_run(NewEvent("job.note", source=JOB, project_id=7), now=NOON).audience >= 3


# Where code fails


def set_aside() -> ParkedEvent:
    return ParkedEvent.objects.select_related("subscriber").get()


def next_try() -> datetime:
    at = set_aside().retry_at
    assert at
    return at


def test_where_it_fails_the_others_are_told_and_the_event_is_set_aside():
    crew(failing)
    event = publish_and_route("job.note", source=JOB)
    assert notified(event) == {"owner": "owner"}
    parked = set_aside()
    assert (parked.event, parked.subscriber.name, parked.retry_at is not None) == (event, "notifications", True)
    assert "audience project_members failed" in parked.error
    assert "KeyError: 'shot'" in parked.error
    assert notified(publish_and_route("job.completed", source=JOB)) == {"owner": "owner"}


def test_once_it_works_again_the_others_are_told_and_nobody_twice(outsider):
    crew(failing)
    event = publish_and_route("job.note", source=JOB)
    code_audiences.registered.clear()
    crew(named("outsider", "owner"))
    replay.retry_due(now=timezone.now() + timedelta(hours=1))
    assert notified(event) == {"owner": "owner", "outsider": "project_members"}
    assert not ParkedEvent.objects.exists()
    assert Notification.objects.filter(event=event).count() == 2


def test_while_it_fails_its_tries_get_rarer():
    crew(failing)
    publish_and_route("job.note", source=JOB)
    waits = []
    for _ in range(4):
        before = next_try()
        replay.retry_due(now=before)
        waits.append((next_try() - before).total_seconds())
    assert waits == [20, 40, 80, 160]


def test_one_that_works_is_told_beside_one_that_fails(outsider):
    crew(failing)
    crew(named("outsider"), name="crew", label="the crew")
    EventType.objects.filter(name="job.note").update(audience=["project_members", "crew"])
    assert notified(publish_and_route("job.note", source=JOB)) == {"outsider": "crew"}


def test_of_a_batch_only_the_event_that_it_fails_for_is_set_aside(outsider):
    crew(lambda event: accounts.everyone().filter(pk=event.payload["lead"]))
    good, bad = publish_and_route_batch(
        NewEvent("job.note", JOB, payload={"lead": outsider.pk}), NewEvent("job.note", JOB)
    )
    assert notified(good) == {"owner": "owner", "outsider": "project_members"}
    assert (notified(bad), set_aside().event) == ({"owner": "owner"}, bad)


@pytest.mark.parametrize("answer", [None, [], "all", Group.objects.none()], ids=["nothing", "a list", "text", "groups"])
def test_what_returns_no_users_fails(answer):
    crew(lambda _event: answer)
    publish_and_route("job.note", source=JOB)
    assert "it must return a queryset of users" in set_aside().error


def test_what_breaks_a_statement_breaks_no_other():
    crew(lambda _event: accounts.everyone().extra(where=["no_such_column = 1"]))
    assert notified(publish_and_route("job.note", source=JOB)) == {"owner": "owner"}
    assert "no_such_column" in set_aside().error


def test_one_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(named_audiences, "SECONDS", 0.3)
    asked: list[int] = []

    def counted(event: Event) -> Any:
        asked.append(event.pk)
        return slow(event)

    crew(counted)
    published = publish_and_route_batch(*(NewEvent("job.note", JOB) for _ in range(5)))
    # Waited for once in a batch, not for each event.
    assert asked == [published[0].pk]
    assert [notified(event) for event in published] == [{"owner": "owner"}] * 5
    assert ParkedEvent.objects.filter(retry_at__isnull=False).count() == 5


def test_after_that_statements_have_their_time_again(monkeypatch, outsider):
    monkeypatch.setattr(named_audiences, "SECONDS", 0.3)
    crew(slow)
    publish_and_route("job.note", source=JOB)
    time.sleep(0.3)
    assert accounts.everyone().count() > 1
    code_audiences.registered.clear()
    crew(named("outsider"))
    assert "outsider" in notified(publish_and_route("job.note", source=JOB))


def test_trouble_of_the_server_is_not_the_codes():
    def cut_off(_event: Event) -> NoReturn:
        raise of_sqlstate("57P01")

    crew(cut_off)
    event = publish("job.note", source=JOB)
    with pytest.raises(Exception, match="57P01") as caught:
        route(event)
    assert fault(caught.value) is Fault.NOBODY


def test_a_chunk_tells_the_others_too(owner, member, watcher, monkeypatch):
    monkeypatch.setattr(audiences, "LARGE", 1)
    crew(failing)
    EventType.objects.filter(name="job.note").update(audience=["everyone", "project_members"])
    event = publish_and_route("job.note", source=JOB)
    while fanout.advance(event.pk, now=timezone.now()):
        pass
    assert notified(event) == dict.fromkeys(["owner", "member", "watcher"], "everyone")
    assert set_aside().event == event


def test_the_kit_for_tests_raises_what_it_raises():
    crew(failing)
    with pytest.raises(AudienceError, match="audience project_members failed"), told():
        publish("job.note", source=JOB)


def test_a_dry_run_says_that_nobody_knows():
    crew(failing)
    with pytest.raises(AudienceFailed) as caught:
        outcomes.dry_run(NewEvent("job.note", source=JOB), now=clock.now())
    assert (caught.value.code, caught.value.http_status) == ("audience_failed", 503)


# What is said


def test_they_read_why(outsider):
    lighting(outsider)
    crew(named("member"))
    EventType.objects.filter(name="job.note").update(audience=["project_members", "group:lighting"])
    publish_and_route("job.note")
    [row] = feed.page(outsider.pk)
    assert why(row)["rule"] == "group:lighting"
    assert why(row)["explanation"] == "You are in the group lighting."
    assert labels.reason_text("group:lighting", category="job") == "because you're in the group lighting"
    assert labels.reason_text("project_members", category="job") == "because you're in project members"
    assert labels.reason_text("long_gone", category="job") == ""
    page: dict[str, Any] = labels.for_browser()
    assert page["reasons"]["project_members"] == "because you're in project members"
    assert page["words"]["inGroup"] == "because you're in the group {name}"


def test_staff_read_why_and_why_not_by_name(outsider, member):
    lighting()
    crew(named("member"))
    EventType.objects.filter(name="job.note").update(audience=["project_members", "group:lighting"])
    event = explanation.load(publish_and_route("job.note").pk)
    said = {}
    for one in (member, outsider):
        [theirs] = explanation_output.as_json(
            explanation.explain_to(event, user_id=one.pk, now=timezone.now()), for_staff=True
        )["people"]
        said[name_of(one)] = (theirs["why_not"], theirs["reason_explanation"], theirs["why_not_explanation"])
    assert said["member"][1] == "In project members."
    assert said["outsider"][::2] == (
        "not_in_audience",
        "No audience rule of this type includes this person. Not in project members. Not in the group lighting.",
    )


def test_the_plan_of_one_that_isnt_published_knows_them(outsider):
    crew(named("outsider"))
    outcome = outcomes.dry_run(NewEvent("job.note", source=JOB), now=clock.now())
    assert {name_of(one.user): one.explanation for one in outcome.people}["outsider"] == "In project members."
