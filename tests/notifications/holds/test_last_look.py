"""What waited is told only if its person still chose it and may still be told, as the slow reference says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.bus import Entity, publish
from events.memberships import grant, revoke
from events.models import EventType
from notifications.holds import last_look
from notifications.holds.last_look import Preference, Present, Row
from notifications.models import Mute, Notification
from tests.notifications.factories.routing import JOB, NOON, change_type, route, store_preference
from tests.notifications.references.last_look import reference

USERS, TYPES, SOURCES = (1, 2), (1, 2), (("job", 1), ("job", 2))
RULES = ("owner", "owner_or_actor", "actor", "members", "watchers", "admins", "everyone", "mentioned", "project")
REASONS = ("mentioned", "addressed", "owner", "actor", "member", "watcher", "admin", "everyone", "project", "")
users, types = st.sampled_from(USERS), st.sampled_from(TYPES)
channels = st.sampled_from(("in_app", "email", "webhook"))
steps = st.dictionaries(st.sampled_from(("email", "webhook")), st.sampled_from((0, 15, "never")))

event_types = st.builds(
    EventType,
    category=st.just("job"),
    name=st.just("job.completed"),
    is_locked=st.booleans(),
    is_critical=st.booleans(),
    audience=st.lists(st.sampled_from(RULES), min_size=1, max_size=3),
    default_channels=st.lists(channels, max_size=2),
    ladder=steps,
)
ladders = steps.map(lambda ladder: tuple(sorted(ladder.items())))
preferences = st.builds(Preference, st.booleans(), st.lists(channels, max_size=2).map(tuple), st.booleans(), ladders)
rows = st.builds(
    lambda user, channel, reason, kind, source, actor, project, waits_until, ends: Row(
        user,
        channel,
        reason,
        kind,
        source[0],
        source[1],
        actor,
        None,
        project,
        7,
        waits_until=waits_until,
        withdrawn_at=ends[0],
        resolved_by=ends[1],
    ),
    users,
    channels,
    st.sampled_from(REASONS),
    types,
    st.sampled_from([*SOURCES, (None, None), ("job", None)]),
    st.sampled_from([*USERS, None]),
    st.sampled_from([1, 2, None]),
    st.sampled_from([NOON, None]),
    st.sampled_from([(None, None)] * 4 + [(NOON, None), (None, 5), (NOON, 5)]),
)
presents = st.builds(
    Present,
    st.fixed_dictionaries(dict.fromkeys(TYPES, event_types)),
    st.dictionaries(st.tuples(users, types), preferences),
    st.dictionaries(users, ladders),
    st.dictionaries(st.tuples(users, st.just(7)), st.sampled_from(["read", "seen", "snoozed"])),
    st.frozensets(st.tuples(users, st.sampled_from([*SOURCES, ("project", 1), ("project", 2)]))),
    st.frozensets(users),
    st.dictionaries(st.sampled_from([*SOURCES, ("project", 1), ("project", 2)]), st.sets(users), max_size=2),
    st.dictionaries(st.tuples(st.sampled_from([1, 2]), types), preferences, max_size=2),
)


@given(rows, presents)
def test_it_is_what_the_reference_says(row, present):
    assert last_look.why_not(row, present) == reference(row, present)


def look(row: Notification) -> str:
    looked_at = last_look.row_of(row)
    return last_look.why_not(looked_at, last_look.load([looked_at], now=NOON))


@pytest.fixture
def told(owner) -> Notification:
    grant(JOB, user=owner, role="owner")
    route(publish("job.completed", source=JOB))
    return Notification.objects.select_related("event").get(user=owner)


@pytest.mark.django_db
class TestByTheDatabase:
    def test_nothing_speaks_against_it(self, told):
        assert look(told) == ""

    def test_the_type_was_switched_off(self, told, owner):
        store_preference(owner, "job.completed", is_enabled=False)
        assert look(told) == "switched_off"

    @pytest.mark.parametrize(
        ("minutes", "why_not"), [(None, "muted"), (1, "muted"), (0, ""), (-1, "")], ids=["good", "lasts", "now", "over"]
    )
    def test_it_was_muted(self, told, owner, minutes, why_not):
        until = None if minutes is None else NOON + timedelta(minutes=minutes)
        Mute.objects.create(user=owner, until=until, **JOB.columns("entity"))
        assert look(told) == why_not

    def test_the_membership_was_revoked(self, told, owner):
        revoke(JOB, user=owner)
        assert look(told) == "no_access"

    @pytest.mark.parametrize(("left", "why_not"), [(False, ""), (True, "no_access")])
    def test_who_left_the_project_is_not_told_for_it(self, owner, left, why_not):
        grant(Entity("project", 7), user=owner, role="member")
        change_type("job.completed", audience=["project"])
        route(publish("job.completed", source=JOB, project_id=7))
        if left:
            revoke(Entity("project", 7), user=owner)
        assert look(Notification.objects.select_related("event").get(user=owner)) == why_not

    def test_another_role_is_a_membership_too(self, told, owner):
        grant(JOB, user=owner, role="watcher")
        assert look(told) == ""

    def test_another_rule_of_the_type_would_tell_them(self, told, owner):
        revoke(JOB, user=owner)
        change_type("job.completed", audience=["owner", "everyone"])
        assert look(told) == ""

    @pytest.mark.parametrize(("is_superuser", "why_not"), [(True, ""), (False, "no_access")])
    def test_admins_are_told_as_such(self, told, owner, is_superuser, why_not):
        revoke(JOB, user=owner)
        change_type("job.completed", audience=["owner", "admins"])
        type(owner).objects.filter(pk=owner.pk).update(is_superuser=is_superuser)
        assert look(told) == why_not

    def test_what_another_program_wrote_as_channels_names_none(self, told, owner):
        store_preference(owner, "job.completed", channels={"email": True})
        assert look(told) == "switched_off"

    @pytest.mark.parametrize("many", [1, 5])
    def test_the_number_of_queries_does_not_depend_on_the_rows(self, told, many, django_assert_num_queries):
        with django_assert_num_queries(5):
            last_look.load([last_look.row_of(told)] * many, now=NOON)
        with django_assert_num_queries(0):
            last_look.load([], now=NOON)
