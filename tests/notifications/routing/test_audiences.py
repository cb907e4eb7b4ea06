"""Who an event concerns, by the rules of its type."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection

from events.entities import Entity
from events.memberships import grant
from events.models import Event, EventType
from events.sweep import sweep
from notifications.routing import audiences
from tests.conftest import person
from tests.notifications.factories.routing import JOB, OTHER_JOB, change_type, define, notified, publish_and_route

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


def receives_system() -> Permission:
    return Permission.objects.get(codename="receive_system")


def test_a_job_is_told_to_its_owner(owner):
    assert notified(publish_and_route("job.completed", source=JOB)) == {"owner": "owner"}


def test_whoever_submits_a_job_owns_it(outsider):
    publish_and_route("job.submitted", source=OTHER_JOB, actor=outsider)
    assert notified(publish_and_route("job.completed", source=OTHER_JOB)) == {"outsider": "owner"}


def test_a_job_that_nobody_owns_is_told_to_its_actor(outsider):
    assert notified(publish_and_route("job.completed", source=OTHER_JOB, actor=outsider)) == {"outsider": "actor"}


def test_the_owner_is_told_instead_of_the_actor(owner, outsider):
    assert notified(publish_and_route("job.failed", source=JOB, actor=outsider)) == {"owner": "owner"}


def test_a_job_without_owner_and_actor_is_told_to_nobody():
    assert notified(publish_and_route("job.completed", source=OTHER_JOB)) == {}


def test_an_event_about_nothing_has_no_owner(owner):
    assert notified(publish_and_route("review.approved", actor=owner)) == {}


@pytest.mark.parametrize("name", ["review.submitted", "review.approved", "review.rejected"])
def test_a_review_is_told_to_the_owner_of_its_source(name):
    assert notified(publish_and_route(name, source=JOB)) == {"owner": "owner"}


def test_a_comment_is_told_to_owner_and_watchers():
    assert notified(publish_and_route("review.comment", source=JOB)) == {"owner": "owner", "watcher": "watcher"}


@pytest.mark.parametrize("name", ["review.comment", "collab.lock"])
def test_whoever_comments_or_locks_is_not_told_of_it(name, owner):
    assert notified(publish_and_route(name, source=JOB, actor=owner)) == {"watcher": "watcher"}


def test_a_mention_by_json_1_0_is_a_mention_of_1(member):
    event = publish_and_route("collab.mention", payload={"mentioned_user_ids": [float(member.pk)]})
    assert notified(event) == {"member": "mentioned"}


def test_a_mention_is_told_to_the_mentioned_alone(member, outsider):
    event = publish_and_route("collab.mention", source=JOB, payload={"mentioned_user_ids": [member.pk, outsider.pk]})
    assert notified(event) == {"member": "mentioned", "outsider": "mentioned"}


def test_system_events_are_told_to_superusers(admin, outsider):
    assert notified(publish_and_route("system.restart")) == {"admin": "admin"}


def test_system_events_are_told_to_staff_with_the_permission(admin):
    chief = person("chief", is_staff=True)
    chief.user_permissions.add(receives_system())
    assert notified(publish_and_route("system.restart")) == {"admin": "admin", "chief": "admin"}


def test_the_permission_may_come_from_a_group():
    operators = Group.objects.create(name="operators")
    operators.permissions.add(receives_system())
    person("operator", is_staff=True).groups.add(operators)
    assert notified(publish_and_route("system.restart")) == {"operator": "admin"}


def test_the_permission_alone_makes_no_admin(outsider):
    outsider.user_permissions.add(receives_system())
    assert notified(publish_and_route("system.restart")) == {}


def test_staff_without_the_permission_are_no_admins():
    person("clerk", is_staff=True)
    assert notified(publish_and_route("system.restart")) == {}


def test_inactive_admins_are_not_told():
    person("former", is_staff=True, is_superuser=True, is_active=False)
    assert notified(publish_and_route("system.restart")) == {}


def test_everyone_means_all_active_people(owner, member, watcher):
    person("former", is_active=False)
    define("platform.news", audience=["everyone"])
    assert notified(publish_and_route("platform.news")) == dict.fromkeys(["owner", "member", "watcher"], "everyone")


def test_members_are_told_where_the_type_says_so():
    define("job.note", audience=["members"])
    assert notified(publish_and_route("job.note", source=JOB)) == {"member": "member"}


def test_the_audience_of_a_type_is_data(outsider):
    change_type("job.completed", audience=["watchers"])
    assert notified(publish_and_route("job.completed", source=JOB, actor=outsider)) == {"watcher": "watcher"}


def test_a_bare_insert_makes_a_type_with_the_audience_of_its_category(admin):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event_types (name, category, is_critical, description) "
            "VALUES ('system.fan', 'system', false, 'Fan stopped')"
        )
    assert notified(publish_and_route("system.fan")) == {"admin": "admin"}


def test_a_type_of_an_unknown_category_without_rules_is_told_to_nobody(owner):
    define("weather.rain", audience=[], category="weather")
    assert notified(publish_and_route("weather.rain", source=JOB, actor=owner)) == {}


@pytest.mark.parametrize("first", range(len(audiences.REASONS)))
def test_of_several_reasons_the_first_counts(first):
    rules = {"mentioned": "mentioned", "owner": "owner", "actor": "actor", "member": "members", "watcher": "watchers"}
    rules |= {"project": "project", "admin": "admins", "everyone": "everyone"}
    wanted = audiences.REASONS[first:]
    everything = person("busy", is_superuser=True)
    role = next((name for name in ("owner", "member", "watcher") if name in wanted), None)
    if role:
        grant(OTHER_JOB, user=everything, role=role)
    grant(Entity("project", 7), user=everything, role="member")
    define("job.all", audience=[rules[reason] for reason in reversed(wanted) if reason in rules])
    addressed = [everything] if "addressed" in wanted else None
    mention = {"mentioned_user_ids": [everything.pk]}
    event = publish_and_route(
        "job.all", source=OTHER_JOB, actor=everything, project_id=7, payload=mention, to=addressed
    )
    assert notified(event)["busy"] == wanted[0]


def test_unknown_and_inactive_people_are_skipped_and_the_others_told(member):
    former = person("former", is_active=False)
    event = publish_and_route("collab.mention", payload={"mentioned_user_ids": [former.pk, 999_999, 2**62, member.pk]})
    assert notified(event) == {"member": "mentioned"}


def test_the_skipped_are_counted(member):
    former = person("former", is_active=False)
    event = publish_and_route("collab.mention", payload={"mentioned_user_ids": [former.pk, 999_999, member.pk]})
    assert audiences.resolve([event]).skipped == 2


def test_an_inactive_owner_is_not_told(owner):
    owner.is_active = False
    owner.save()
    assert notified(publish_and_route("review.approved", source=JOB)) == {}


@pytest.mark.parametrize("value", ['["7", true, null, 1.5, {"id": 1}]', '"all"', "7", "null"])
def test_a_stored_mention_list_of_anything_tells_nobody_and_breaks_nothing(value):
    kind = EventType.objects.get(name="collab.mention")
    with connection.cursor() as cursor:
        payload = f'{{"mentioned_user_ids": {value}}}'
        cursor.execute("INSERT INTO events (event_type_id, payload) VALUES (%s, %s)", [kind.pk, payload])
    sweep()
    assert notified(Event.objects.get(event_type=kind)) == {}


def test_a_batch_does_not_mix_sources_of_the_same_number(owner, outsider):
    """(job, 42) and (review, 43) are asked for; (job, 43) must not be found by their halves."""
    grant(OTHER_JOB, user=outsider, role="owner")
    events = [Event(pk=n, source_entity_type=kind, source_entity_id=number) for n, kind, number in PAIRS]
    for event in events:
        event.event_type = EventType.objects.get(name="review.approved")
    assert audiences.resolve(events).by_event == {1: {owner.pk: "owner"}, 2: {}}


PAIRS = [(1, "job", 42), (2, "review", 43)]
