"""Back-test of choices: how often the last days would have interrupted a person with them, by the plan itself.

Approximated: memberships, mutes, project defaults and addresses are today's; do-not-disturb, which is for the moment,
is left out; a row that later events took over counts as unread until then. Of what the person was not told, it knows
what is about things and in projects they belong to today, and what goes to everyone or to admins.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from events.entities import stored_id
from events.memberships import admins
from events.models import Event, EventType, Membership
from events.rules import audience, channel_names, moments
from events.rules.ladders import readable
from notifications.conf import conf
from notifications.holds import rules
from notifications.models import (
    Hold,
    Mute,
    Notification,
    NotificationPreference,
    ProjectScope,
    Summary,
    UserNotificationSettings,
)
from notifications.routing import audiences, context, writer
from notifications.routing.facts import (
    BURST,
    LADDER,
    NO_HOLD,
    EventFacts,
    ExistingRow,
    Head,
    PlannedRow,
    Preference,
    RoutingContext,
)
from notifications.routing.named_audiences import Range
from notifications.routing.plan import plan

DAYS = 30
# The latest of each kind that are looked at: events, and things that a person belongs to.
MOST_EVENTS, MOST_TIES = 10_000, 1_000


class Choices(NamedTuple):
    """Choices of a person to try. `channels`: those that reach them today; `scopes`: of projects."""

    preferences: Sequence[NotificationPreference]
    settings: UserNotificationSettings
    scopes: Sequence[ProjectScope]
    channels: Collection[str]


class BackTest(NamedTuple):
    """Interruptions within DAYS: an event that came at once on whatever channel is one, and a summary is one. A row in
    the feed that later events updated counts once. `missed`: critical events of which nothing would have come."""

    events: int
    is_cut: bool
    really: int
    with_these: int
    missed: int


@dataclass(slots=True)
class _Told:
    """Record of what really came: rows at once, by event, rows in the feed that nothing was folded over, and when
    events were read."""

    reasons: dict[int, str] = field(default_factory=dict)
    at_once: set[int] = field(default_factory=set)
    in_feed: set[int] = field(default_factory=set)
    read_at: dict[int, datetime] = field(default_factory=dict)


class _Event(NamedTuple):
    """An event that concerned the person, for a `reason`."""

    facts: EventFacts
    at: datetime
    reason: str


def run(user_id: int, *, choices: Choices, now: datetime) -> BackTest:
    """Plan anew, one after the other, the events of the last days that concerned the person. The number of queries
    doesn't depend on how many they are, and of more than MOST_EVENTS the latest are taken."""
    since = now - timedelta(days=DAYS)
    told = _told(user_id, since=since)
    events, resolved = _concerning(user_id, told=told, since=since)
    base = _context(user_id, events, choices=choices, resolved=resolved, now=now)
    counter = _Counter(user_id, _settings_to_try(choices.settings), told, base)
    for event in events:
        counter.add(event)
    summaries = Summary.objects.filter(user_id=user_id, created_at__gte=since).count()
    really = len({event.facts.event_id for event in events} & told.at_once) + summaries
    return BackTest(len(events), len(events) == MOST_EVENTS, really, counter.interruptions, counter.missed)


def _settings_to_try(settings: UserNotificationSettings) -> UserNotificationSettings:
    tried = copy(settings)
    tried.dnd_enabled = False
    return tried


def _told(user_id: int, *, since: datetime) -> _Told:
    rows = Notification.objects.filter(user_id=user_id, created_at__gte=since).order_by("-event_id")
    columns = ("pk", "event_id", "channel", "reason", "hold", "summary_id", "is_delivered", "folded_into", "read_at")
    told, first = _Told(), dict[int, int]()
    at_once: list[tuple[int, int]] = []
    for pk, event_id, channel, reason, hold, summary_id, is_delivered, head, read_at in rows.values_list(
        *columns
    ).iterator():
        if event_id not in told.reasons and len(told.reasons) == MOST_EVENTS:
            break
        told.reasons[event_id] = reason
        if read_at is not None:
            told.read_at[event_id] = read_at
        if head is not None:
            first[head] = event_id
            continue
        if channel == "in_app":
            told.in_feed.add(event_id)
        if hold == NO_HOLD and summary_id is None and is_delivered:
            at_once.append((pk, event_id))
    # A row into which others were folded came with the first of them.
    told.at_once.update(first.get(pk, event_id) for pk, event_id in at_once)
    return told


def _concerning(user_id: int, *, told: _Told, since: datetime) -> tuple[list[_Event], audiences.Audiences]:
    """Events in log order, and what was resolved of those that the person was not told of."""
    types = EventType.objects.in_bulk()
    facts = {pk: writer.type_facts_of(event_type) for pk, event_type in types.items()}
    resolved = _resolved(user_id, told=told, types=types, since=since)
    reasons = {pk: people[user_id] for pk, people in resolved.by_event.items() if user_id in people} | told.reasons
    rows = Event.objects.filter(pk__in_set=reasons, position__isnull=False).order_by("-position")[:MOST_EVENTS]
    source = ("source_entity_type", "source_entity_id", "source_entity_key")
    columns = ("pk", "position", "event_type_id", *source, "project_id", "actor_user_id", "created_at")
    events = []
    for pk, position, type_id, name, number, key, project, actor, at in rows.values_list(*columns).iterator():
        found = stored_id(number, key)
        about = (name, found) if name and found is not None else None
        events.append(_Event(EventFacts(pk, position, facts[type_id], about, project, actor), at, reasons[pk]))
    return events[::-1], resolved


def _resolved(user_id: int, *, told: _Told, types: Mapping[int, EventType], since: datetime) -> audiences.Audiences:
    """Audiences, as of today, of events that the person was not told of. Code is asked for each event by itself: what
    only it brings in is left out."""
    recent = Event.objects.filter(created_at__gte=since, position__isnull=False).order_by("-pk")
    ids = set[int]()
    for condition in _ties(user_id, types):
        ids.update(recent.filter(condition).values_list("pk", flat=True)[:MOST_EVENTS].iterator())
    latest = sorted(ids - told.reasons.keys())[-MOST_EVENTS:]
    untold = list(Event.objects.filter(pk__in_set=latest))
    for event in untold:
        event.event_type = types[event.event_type_id]
    static = [one for one in untold if not any(map(audience.is_named, one.event_type.rules))]
    return audiences.resolve(static, within=Range(user_id - 1, user_id))


def _ties(user_id: int, types: Mapping[int, EventType]) -> Iterator[Q]:
    """Conditions of events that may concern the person today."""
    tied = Membership.objects.filter(user_id=user_id).order_by("-pk")[:MOST_TIES]
    entities = list(tied.values_list("entity_type", "entity_id", "entity_key"))
    names = {name for name, _number, _key in entities}
    if ids := {number for _name, number, _key in entities if number is not None}:
        yield Q(source_entity_type__in_set=names, source_entity_id__in_set=ids)
    if keys := {key for _name, _number, key in entities if key is not None}:
        yield Q(source_entity_type__in_set=names, source_entity_key__in_set=keys)
    projects = {number for name, number, _key in entities if name == "project" and number is not None}
    of_projects = [pk for pk, event_type in types.items() if "project" in event_type.rules]
    if projects and of_projects:
        yield Q(project_id__in_set=projects, event_type_id__in=of_projects)
    broad = {"everyone"} | ({"admins"} if user_id in admins() else set())
    if wide := [pk for pk, event_type in types.items() if not broad.isdisjoint(event_type.rules)]:
        yield Q(event_type_id__in=wide)


def _context(
    user_id: int, events: Sequence[_Event], *, choices: Choices, resolved: audiences.Audiences, now: datetime
) -> RoutingContext:
    """Context that all the events share."""
    projects = {one.facts.project_id for one in events if one.facts.project_id is not None}
    muted = Mute.objects.in_force(now).filter(user_id=user_id)
    owned = Membership.objects.filter(user_id=user_id, role="owner")
    return RoutingContext(
        audience={},
        seqs={},
        channels=[name for name in channel_names.known() if name in choices.channels],
        preferences={
            (user_id, row.event_type_id): Preference(
                row.is_enabled, context.names(row.channels), row.scope, row.chosen_at is not None, readable(row.ladder)
            )
            for row in choices.preferences
        },
        project_defaults=context.project_defaults(projects),
        project_scopes={(row.project_id, user_id): row.scope for row in choices.scopes},
        ladders={user_id: readable(choices.settings.ladder)},
        mutes={(one.entity_type, one.source_id): {user_id} for one in muted},
        owners={((one.entity_type, one.source_id), user_id) for one in owned},
        unscoped=resolved.addressed_as_admin,
        project_members=context.project_members(projects, [user_id]) if projects else set(),
        caps=conf.HOURLY_CAPS,
        storm_limit=conf.STORM_LIMIT,
    )


@dataclass(slots=True)
class _Counter:
    """Counts what the plan makes of one event after the other, with what it made of those before."""

    user_id: int
    settings: UserNotificationSettings
    told: _Told
    base: RoutingContext
    missed: int = 0
    hours: dict[int, str] = field(default_factory=dict)
    groups: dict[tuple[int, str], list[ExistingRow]] = field(default_factory=dict)
    heads: dict[tuple[int, str, str], Head] = field(default_factory=dict)
    in_feed: dict[int, int] = field(default_factory=dict)  # row -> the event that it tells of
    sent: set[int] = field(default_factory=set)  # events that came at once over another channel
    windows: set[tuple[str, ...]] = field(default_factory=set)
    ends: dict[str, datetime] = field(default_factory=dict)
    first_end: datetime = moments.LATEST  # of the heads

    @property
    def interruptions(self) -> int:
        return len(self.sent.union(self.in_feed.values())) + len(self.windows)

    def add(self, event: _Event) -> None:
        facts, at, reason = event
        pk = facts.event_id
        key = facts.group_key
        group = {(self.user_id, key): self.groups.get((self.user_id, key), [])} if key else {}
        made = plan(
            [facts],
            replace(
                self.base,
                audience={pk: {self.user_id: reason}},
                holds={self.user_id: rules.hold_now(self.settings, now=at).value},
                existing=group,
                hours=self.hours,
                heads=self._open_heads(at),
                now=at.timestamp(),
            ),
        )
        self.hours |= made.hours
        for row in made.rows:
            # A row that is folded away counted when it came.
            if row.event_id == pk and not (row.channel == "in_app" and row.folded_into):
                self._count(row, at=at)
                self._keep(facts, row, at=at)
        if facts.type.is_critical and not made.rows and made.why_not.get((pk, self.user_id)) != "replaced":
            self.missed += 1

    def _count(self, row: PlannedRow, *, at: datetime) -> None:
        if row.hold in (Hold.QUIET, Hold.DIGEST):
            self.windows.add((row.hold, str(self._end(row.hold, at=at))))
        elif row.hold == BURST:
            self.windows.add((row.hold, row.channel, str(row.hold_until)))
        elif row.channel == "in_app":
            row_id = row.replaces or row.event_id
            self.in_feed[row_id] = row_id if row.folds_until else row.event_id
        elif row.hold != LADDER or not row.hold_until or self._is_unread(row.event_id, row.hold_until):
            self.sent.add(row.event_id)

    def _is_unread(self, event_id: int, at: datetime) -> bool:
        read_at = self.told.read_at.get(event_id)
        return read_at is None or read_at > at

    def _end(self, hold: str, *, at: datetime) -> datetime:
        """End of what holds back at that moment; it is worked out once for all within."""
        if (end := self.ends.get(hold)) is None or end <= at:
            is_quiet = hold == Hold.QUIET
            found = rules.quiet_until(self.settings, now=at) if is_quiet else rules.next_digest(self.settings, after=at)
            self.ends[hold] = end = found or moments.LATEST
        return end

    def _open_heads(self, at: datetime) -> dict[tuple[int, str, str], Head]:
        """Heads whose windows last still; the others are let go."""
        if self.first_end <= at:
            self.heads = {place: head for place, head in self.heads.items() if head.folds_until > at}
            self.first_end = min((head.folds_until for head in self.heads.values()), default=moments.LATEST)
        return self.heads

    def _keep(self, facts: EventFacts, row: PlannedRow, *, at: datetime) -> None:
        row_id = row.replaces or row.event_id
        # A row that is still there for its event was read before the next one, or no later one came.
        is_last = row.channel == "in_app" and facts.event_id in self.told.in_feed
        if key := facts.group_key if row.channel == "in_app" else None:
            self.groups[self.user_id, key] = [ExistingRow(row_id, facts.position, not is_last, facts.type.type_id)]
        if row.folds_until and row.group_key:
            place = (self.user_id, row.channel, row.group_key)
            self.heads.pop(place, None)
            if not is_last:
                head = (row_id, row.folds_until, row.event_id, row.reason, row.hold, None, at, row.total, row.actors)
                self.heads[place] = Head(*head)
                self.first_end = min(self.first_end, row.folds_until)
