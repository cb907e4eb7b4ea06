"""The plan decides as a slow and obvious reference does, on batches of any shape."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from json import dumps

from hypothesis import given, settings
from hypothesis import strategies as st

from events.rules.ladders import Step
from notifications.routing.facts import EventFacts, ExistingRow, Head, Plan, Preference, RoutingContext, TypeFacts
from notifications.routing.plan import plan
from tests.notifications.factories.routing import NOON
from tests.notifications.references.plan import reference

# Few people, sources and positions, so that they meet often.
USERS = st.integers(1, 2)
CHANNELS = st.sampled_from([("in_app",), ("in_app", "email"), ("chat", "in_app"), ("webhook", "pigeon"), ()])
SOURCES = st.sampled_from([("job", 1), ("job", 2)])
MUTABLE = st.sampled_from([("job", 1), ("job", 2), ("project", 1), ("project", 2)])
POSITIONS = st.integers(3, 9)
REASONS = st.sampled_from(["mentioned", "addressed", "owner", "actor", "member", "watcher", "admin", "everyone"])
HOLDS = st.sampled_from(["none", "dnd", "quiet", "digest"])
STEPS: st.SearchStrategy[Step] = st.sampled_from([0, 5, 60, "never"])
LADDERS = st.dictionaries(st.sampled_from(["email", "chat", "webhook"]), STEPS).map(
    lambda ladder: tuple(sorted(ladder.items()))
)
SCOPES = st.sampled_from(["all", "my_jobs", "my_projects"])
RARELY = st.sampled_from([False] * 4 + [True])
KINDS = st.tuples(
    *(
        st.builds(
            TypeFacts,
            type_id=st.just(type_id),
            is_critical=st.booleans(),
            is_locked=st.booleans(),
            default_channels=CHANNELS,
            group=st.sampled_from(["g", "h", ""]),
            updates_quietly=st.booleans(),
            burst_seconds=st.sampled_from([0, 300]),
            ladder=LADDERS,
        )
        for type_id in (1, 2, 3)
    )
)

HEADS = st.builds(
    Head,
    row_id=st.integers(5000, 9000),
    folds_until=st.just(NOON + timedelta(minutes=3)),
    event_id=st.integers(50, 60),
    reason=REASONS,
    hold=HOLDS,
    summary_id=st.none() | st.just(7),
    created_at=st.just(NOON),
    total=st.integers(1, 5),
    actors=st.lists(st.integers(1, 9), unique=True, max_size=4).map(tuple),
)


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[EventFacts], RoutingContext]:
    """Events in log order, and everything that may be loaded about two people."""
    kinds = draw(KINDS)
    positions = draw(st.lists(POSITIONS, unique=True, max_size=6).map(sorted))
    facts = [
        EventFacts(
            event_id=100 + position,
            position=position,
            type=draw(st.sampled_from(kinds)),
            source=draw(SOURCES | st.none()),
            project_id=draw(st.none() | st.integers(1, 2)),
            actor_id=draw(st.none() | USERS),
            is_withdrawn=draw(RARELY),
            is_over=draw(RARELY),
        )
        for position in positions
    ]
    events = st.integers(103, 109)
    hour = st.tuples(st.just((NOON + timedelta(minutes=20)).timestamp()), st.integers(0, 4))
    minute = st.tuples(st.just((NOON + timedelta(seconds=20)).timestamp()), st.integers(0, 4))
    hours = st.builds(
        lambda hours, minutes: dumps(hours | minutes),
        st.dictionaries(st.sampled_from(["email", "chat"]), hour),
        st.dictionaries(st.sampled_from(["storm|1", "storm|2"]), minute),
    )
    keys = st.sampled_from([*sorted({key for event in facts if (key := event.burst_key)}), "storm|1", "storm|2"])
    place = st.tuples(USERS, st.sampled_from(["in_app", "email", "chat"]), keys)
    existing = st.builds(ExistingRow, st.integers(1, 1000), st.integers(0, 6), st.booleans(), st.integers(1, 3))
    context = RoutingContext(
        audience={event.event_id: draw(st.dictionaries(USERS, REASONS)) for event in facts},
        seqs=draw(st.dictionaries(USERS, st.integers(0, 50))),
        preferences=draw(
            st.dictionaries(
                st.tuples(USERS, st.integers(1, 3)),
                st.builds(Preference, st.booleans(), CHANNELS, SCOPES, st.booleans(), LADDERS),
            )
        ),
        project_defaults=draw(
            st.dictionaries(
                st.tuples(st.integers(1, 2), st.integers(1, 3)),
                st.builds(Preference, st.booleans(), CHANNELS, st.just("all")),
            )
        ),
        project_scopes=draw(
            st.dictionaries(st.tuples(st.integers(1, 2), USERS), st.sampled_from(["all", "my_jobs", "nothing"]))
        ),
        mutes=draw(st.dictionaries(MUTABLE, st.sets(USERS), max_size=3)),
        ladders=draw(st.dictionaries(USERS, LADDERS)),
        holds=draw(st.dictionaries(USERS, HOLDS)),
        owners=draw(st.sets(st.tuples(SOURCES, USERS))),
        unscoped=draw(st.sets(st.tuples(events, USERS), max_size=4)),
        project_members=draw(st.sets(st.tuples(st.integers(1, 2), USERS))),
        already_notified=draw(st.sets(st.tuples(events, USERS, st.sampled_from(["in_app", "email"])), max_size=3)),
        existing={
            (user, key): draw(st.lists(existing, max_size=2, unique_by=lambda row: row.position))
            for user in (1, 2)
            for key in sorted({event.group_key for event in facts if event.group_key})
        },
        caps=draw(st.dictionaries(st.sampled_from(["email", "chat"]), st.integers(1, 3))),
        storm_limit=draw(st.integers(0, 3)),
        hours={user: draw(hours) for user in (1, 2)},
        heads=draw(st.dictionaries(place, HEADS, max_size=4)),
        now=NOON.timestamp(),
    )
    return facts, context


@given(batches())
@settings(max_examples=120, deadline=None)
def test_the_plan_is_the_references(batch):
    made, (rows, why_not) = plan(*batch), reference(*batch)
    assert sorted(made.rows, key=repr) == sorted(rows, key=repr)
    assert made.why_not == why_not


@given(batches())
@settings(max_examples=50, deadline=None)
def test_each_persons_seq_follows_the_log_without_holes(batch):
    facts, context = batch
    seqs, events = defaultdict(list), defaultdict(list)
    for row in plan(facts, context).rows:
        if row.channel == "in_app" and row.seq:
            seqs[row.user_id].append(row.seq)
            events[row.user_id].append(row.event_id)
    for user, numbers in seqs.items():
        first = context.seqs.get(user, 0) + 1
        assert numbers == list(range(first, first + len(numbers)))
        assert events[user] == sorted(events[user])


@given(batches())
@settings(max_examples=50, deadline=None)
def test_nobody_gets_two_rows_of_an_event_on_one_channel(batch):
    rows = plan(*batch).rows
    assert len({(row.event_id, row.user_id, row.channel) for row in rows}) == len(rows)


@given(batches())
@settings(max_examples=50, deadline=None)
def test_everybody_addressed_has_a_row_or_a_why_not(batch):
    facts, context = batch
    made = plan(facts, context)
    answered = {(row.event_id, row.user_id) for row in made.rows} | set(made.why_not)
    told = {(event, user) for event, user, _channel in context.already_notified}
    addressed = {(event.event_id, user) for event in facts for user in context.audience[event.event_id]}
    assert addressed <= answered | told


@given(batches())
@settings(max_examples=50, deadline=None)
def test_a_second_plan_over_the_written_rows_writes_nothing(batch):
    facts, context = batch
    made = plan(facts, context)
    assert plan(facts, after(facts, context, made)).rows == []


def after(facts: list[EventFacts], context: RoutingContext, made: Plan) -> RoutingContext:
    """What would be loaded once the rows of a plan are in the database."""
    by_id = {event.event_id: event for event in facts}
    existing = {key: list(rows) for key, rows in context.existing.items()}
    for number, row in enumerate(made.rows):
        if row.channel == "in_app" and row.group_key and not row.folds_until:
            event = by_id[row.event_id]
            rows = existing.setdefault((row.user_id, row.group_key), [])
            rows[:] = [one for one in rows if one.row_id != row.replaces]
            rows.append(ExistingRow(row.replaces or 2000 + number, event.position, True, event.type.type_id))
    told = context.already_notified | {(row.event_id, row.user_id, row.channel) for row in made.rows}
    return RoutingContext(
        **{
            name: getattr(context, name)
            for name in RoutingContext.__slots__
            if name not in ("already_notified", "existing")
        },
        already_notified=told,
        existing=existing,
    )
