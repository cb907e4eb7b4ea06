"""The plan decides as a slow and obvious reference does, on batches of any shape."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.routing.plan import Choice, Fact, Kind, Known, Plan, Standing, plan
from tests.notifications.references.plan import reference

# Few people, sources and positions, so that they meet often.
USERS = st.integers(1, 2)
CHANNELS = st.sampled_from([("in_app",), ("in_app", "email"), ("chat", "in_app"), ("webhook", "pigeon"), ()])
SOURCES = st.sampled_from([("job", 1), ("job", 2)])
POSITIONS = st.integers(3, 9)
REASONS = st.sampled_from(["mentioned", "owner", "actor", "member", "watcher", "admin", "everyone"])
HOLDS = st.sampled_from(["none", "dnd", "quiet", "digest"])
SCOPES = st.sampled_from(["all", "my_jobs", "my_projects"])
KINDS = st.tuples(
    *(
        st.builds(
            Kind,
            type_id=st.just(type_id),
            is_critical=st.booleans(),
            is_locked=st.booleans(),
            default_channels=CHANNELS,
            group=st.sampled_from(["g", "h", ""]),
        )
        for type_id in (1, 2, 3)
    )
)


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[Fact], Known]:
    """Events in log order, and everything that may be known about two people."""
    kinds = draw(KINDS)
    positions = draw(st.lists(POSITIONS, unique=True, max_size=6).map(sorted))
    facts = [
        Fact(
            event_id=100 + position,
            position=position,
            kind=draw(st.sampled_from(kinds)),
            source=draw(SOURCES | st.none()),
            project_id=draw(st.none() | st.integers(1, 2)),
            actor_id=draw(st.none() | USERS),
        )
        for position in positions
    ]
    events = st.integers(103, 109)
    standing = st.builds(Standing, st.integers(1, 1000), st.integers(0, 6), st.booleans(), st.integers(1, 3))
    known = Known(
        audience={fact.event_id: draw(st.dictionaries(USERS, REASONS)) for fact in facts},
        seqs=draw(st.dictionaries(USERS, st.integers(0, 50))),
        choices=draw(
            st.dictionaries(st.tuples(USERS, st.integers(1, 3)), st.builds(Choice, st.booleans(), CHANNELS, SCOPES))
        ),
        holds=draw(st.dictionaries(USERS, HOLDS)),
        owners=draw(st.sets(st.tuples(SOURCES, USERS))),
        unscoped=draw(st.sets(st.tuples(events, USERS), max_size=4)),
        project_members=draw(st.sets(st.tuples(st.integers(1, 2), USERS))),
        told=draw(st.sets(st.tuples(events, USERS, st.sampled_from(["in_app", "email"])), max_size=3)),
        standing={
            (user, key): draw(st.lists(standing, max_size=2, unique_by=lambda row: row.position))
            for user in (1, 2)
            for key in sorted({fact.group_key for fact in facts if fact.group_key})
        },
    )
    return facts, known


@given(batches())
@settings(max_examples=120, deadline=None)
def test_the_plan_is_the_references(batch):
    made, (rows, why_not) = plan(*batch), reference(*batch)
    assert sorted(made.rows, key=repr) == sorted(rows, key=repr)
    assert made.why_not == why_not


@given(batches())
@settings(max_examples=50, deadline=None)
def test_each_persons_seq_follows_the_log_without_holes(batch):
    facts, known = batch
    seqs, events = defaultdict(list), defaultdict(list)
    for row in plan(facts, known).rows:
        if row.channel == "in_app":
            seqs[row.user_id].append(row.seq)
            events[row.user_id].append(row.event_id)
    for user, numbers in seqs.items():
        first = known.seqs.get(user, 0) + 1
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
    facts, known = batch
    made = plan(facts, known)
    answered = {(row.event_id, row.user_id) for row in made.rows} | set(made.why_not)
    told = {(event, user) for event, user, _channel in known.told}
    addressed = {(fact.event_id, user) for fact in facts for user in known.audience[fact.event_id]}
    assert addressed <= answered | told


@given(batches())
@settings(max_examples=50, deadline=None)
def test_a_second_plan_over_the_written_rows_writes_nothing(batch):
    facts, known = batch
    made = plan(facts, known)
    assert plan(facts, after(facts, known, made)).rows == []


def after(facts: list[Fact], known: Known, made: Plan) -> Known:
    """What would be loaded once the rows of a plan are in the database."""
    by_id = {fact.event_id: fact for fact in facts}
    standing = {key: list(rows) for key, rows in known.standing.items()}
    for number, row in enumerate(made.rows):
        if row.channel == "in_app" and row.group_key:
            fact = by_id[row.event_id]
            rows = standing.setdefault((row.user_id, row.group_key), [])
            rows[:] = [one for one in rows if one.row_id != row.replaces]
            rows.append(Standing(row.replaces or 2000 + number, fact.position, False, fact.kind.type_id))
    told = known.told | {(row.event_id, row.user_id, row.channel) for row in made.rows}
    return Known(
        **{name: getattr(known, name) for name in Known.__slots__ if name not in ("told", "standing")},
        told=told,
        standing=standing,
    )
