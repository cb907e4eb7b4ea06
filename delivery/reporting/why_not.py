"""Answers to one person: over what they were told of events, or why not, as of now; in words that speak to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from delivery.reporting import explanation, later_steps
from delivery.reporting.explanation import ChannelReport
from delivery.reporting.explanation_text import why_not_text
from delivery.reporting.later_steps import LaterStep
from events import rendering
from events.accounts import User
from events.db.clock import instant
from events.entities import Entity
from events.memberships import about
from events.models import Event
from events.rules import audience
from notifications.holds import rules, wording
from notifications.inbox import timeline
from notifications.models import Mute, Notification, UserNotificationSettings
from notifications.preferences.settings import settings_of
from notifications.presentation import access, times
from notifications.routing import audiences, reasons, writer
from notifications.routing.named_audiences import Range

MOST_EVENTS = 10
TOLD = "told"

# Every code of an explanation, to the person it is about.
SENTENCES: dict[str, Promise] = {
    TOLD: _("You were told."),
    "not_routed": _("It is so new that nobody has been told yet."),
    "on_its_way": _("It goes to many people, and your turn hasn't come yet."),
    "parked": _("Nobody has been told: telling people failed, and your admin has to see to it."),
    "set_aside": _("Telling people failed. It is tried again until it succeeds."),
    "inactive": _("Your account isn't active."),
    "not_in_audience": _("You aren't among those it is for."),
    later_steps.WAITS: _("It goes to others first."),
    later_steps.ACKNOWLEDGED: _("Somebody acknowledged it before it was your turn."),
    "is_actor": _("You did it yourself, and this type leaves out whoever did it."),
    "muted": _("You muted what it is about, or its project."),
    "withdrawn": _("It was withdrawn."),
    "resolved": _("It was over before you were told."),
    "over": _("In your inbox, read: it is over."),
    "disabled": _("You turned this type off."),
    "scope_my_jobs": _("You chose “My jobs” for this type or project, and this is none of yours."),
    "scope_my_projects": _("You chose “My projects” for this type, and this is in none of yours."),
    "scope_nothing": _("You chose “Nothing” for its project."),
    "disabled_by_project": _("The owners of its project turned this type off, and you chose nothing for it yourself."),
    "no_channels": _("You chose no channel for this type."),
    "replaced": _("A later event about the same thing took its place in your inbox."),
    "would_be_told": _("You would get it today: your preferences, a role of yours or the type has changed since."),
    "in_feed": _("In your inbox."),
    "sent": _("Sent."),
    "sending": _("Being sent."),
    "goes_out": _("Goes out at once."),
    "pending": _("Waiting for its next attempt."),
    "dead": _("Failed: every attempt failed."),
    "skipped": _("Not sent: no longer needed."),
    "held_dnd": _("Waiting: do not disturb is on."),
    "held_quiet": _("Waiting: these are your quiet hours."),
    "held_digest": _("Waiting for your digest."),
    "folded": _("In your inbox, in one row with later ones of its kind."),
    "held_burst": _("Waiting: many came at once."),
    explanation.WAITS_UNREAD: _("Waiting: it is sent if you haven't read it by then."),
    "read": _("Not sent: you read it before."),
    "seen": _("Not sent: you saw it before, in an open tab."),
    "snoozed": _("Not sent: you snoozed it before."),
    "in_summary": _("In a summary, which wasn't sent on this channel."),
    "no_address": _("You chose this channel, but had no confirmed address there."),
    "switched_off": _("Not sent: you turned it off while it waited."),
    "no_access": _("Not sent: you may no longer see what it is about."),
    "channel_not_installed": _("You chose this channel, but your admin hasn't set it up."),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`code`: TOLD, or why not. `reason` brings the person in, as stored or as of now; empty: none does. `until`: a
    sentence on when that ends, on the person's clock."""

    event: Event
    code: str
    reason: str
    channels: list[tuple[ChannelReport, str]]
    until: str = ""

    @property
    def is_told(self) -> bool:
        return self.code == TOLD

    @property
    def title(self) -> str:
        return rendering.render(self.event, self.event.event_type).shown_title

    @property
    def text(self) -> str:
        named = why_not_text(self.code, rules=self.event.event_type.rules).removeprefix(
            why_not_text(self.code, rules=())
        )
        said = f"{SENTENCES.get(self.code, self.code)}{named}"
        return " ".join(filter(None, [self.reason and reasons.explanation(self.reason), said, self.until]))


def of_event(user: User, *, event_id: int, now: datetime) -> Answer:
    """Answer for an event of which the person may know. Raises Event.DoesNotExist otherwise."""
    event = explanation.load(event_id)
    resolved = _audiences(user, [event])
    is_concerned = user.pk in resolved.by_event.get(event.pk, {})
    sources = [event.source] if event.source else []
    if not (is_concerned and access.visible(user.pk, sources) == set(sources)) and not timeline.is_known(user, event):
        raise Event.DoesNotExist
    return _answers(user, [event], resolved=resolved, now=now)[0]


def of_entity(user: User, *, entity: Entity, now: datetime) -> list[Answer]:
    """Answers for the latest events on an entity's page, newest first. Raises Event.DoesNotExist for who may know
    nothing of it. The number of queries doesn't grow with the events."""
    known = timeline.read(user, entity=entity)
    if known is None:
        raise Event.DoesNotExist
    events = [entry.event for entry in known.entries[:MOST_EVENTS]]
    return _answers(user, events, resolved=_audiences(user, events), now=now)


def as_json(answer: Answer, *, now: datetime) -> dict[str, Any]:
    return {
        "event_id": answer.event.pk,
        "event_type": answer.event.event_type.name,
        "title": answer.title,
        "created_at": instant(answer.event.created_at),
        "is_told": answer.is_told,
        "code": answer.code,
        "reason": answer.reason,
        "explanation": answer.text,
        "channels": [
            {"channel": report.channel, "state": report.state, "explanation": text} for report, text in answer.channels
        ],
        "as_of": instant(now),
    }


def _audiences(user: User, events: Sequence[Event]) -> audiences.Audiences:
    return audiences.resolve(events, within=Range(user.pk - 1, user.pk))


def _answers(user: User, events: Sequence[Event], *, resolved: audiences.Audiences, now: datetime) -> list[Answer]:
    own = Notification.objects.filter(user=user, event_id__in=[event.pk for event in events]).select_related("summary")
    rows, by_id = list(own), {event.pk: event for event in events}
    for row in rows:
        row.event = by_id[row.event_id]
    reports, routing, settings = (
        explanation.channel_reports(rows, now=now),
        explanation.routing_of(events),
        settings_of(user.pk),
    )
    in_feed = {row.event_id for row in rows if row.channel == "in_app"}
    missing = {pk: people for pk, people in resolved.by_event.items() if pk not in in_feed and user.pk in people}
    # In log order, as the router has them.
    ordered = sorted(events, key=lambda event: event.pk)
    plan = writer.dry_run(ordered, replace(resolved, by_event=missing), now=now)
    stored = {row.event_id: row.reason for row in rows}
    answers, muted = [], [event for event in events if plan.why_not.get((event.pk, user.pk)) == "muted"]
    ends = _ends_of_mutes(user, muted, settings, now=now) if muted else {}
    outside = [event for event in events if user.is_active and user.pk not in resolved.by_event.get(event.pk, {})]
    steps = later_steps.find(outside, user=user)
    for event in events:
        today = resolved.by_event.get(event.pk, {})
        code = explanation.why_not_told(event, user, routing=routing[event.pk], plan=plan, today=today)
        theirs = reports.get((event.pk, user.pk), [])
        reason = stored.get(event.pk, today.get(user.pk, ""))
        answers.append(Answer(event, TOLD if theirs else code, reason, list(_in_words(theirs, settings, now=now))))
        if answers[-1].code == "muted":
            answers[-1] = replace(answers[-1], until=ends[event.pk])
        if answers[-1].code == "not_in_audience" and (step := steps.get(event.pk)) is not None:
            answers[-1] = replace(answers[-1], code=step.code, until=_until_step(step, settings, now=now))
    return answers


def _ends_of_mutes(
    user: User, events: Sequence[Event], settings: UserNotificationSettings, *, now: datetime
) -> dict[int, str]:
    """Map each event to until when something mutes it, on the person's clock; empty: for good. One query."""
    entities = {event.pk: writer.facts_of(event).entities for event in events}
    muted = Mute.objects.in_force(now).filter(about(list(chain(*entities.values()))), user=user)
    ends = {(one.entity_type, one.source_id): one.until for one in muted}
    found = {}
    for pk, own in entities.items():
        until = [ends[entity] for entity in own if entity in ends]
        last = None if None in until else max(filter(None, until), default=None)
        end = times.end_time(last, now=now, zone=rules.zone_of(settings)) if last else ""
        found[pk] = gettext("Until {time}.").format(time=end) if end else ""
    return found


def _until_step(step: LaterStep, settings: UserNotificationSettings, *, now: datetime) -> str:
    if step.at is None:
        return ""
    at = times.end_time(step.at, now=now, zone=rules.zone_of(settings))
    waits = gettext("Waits until {time} for somebody to acknowledge it; then it goes on to {audience}.")
    return waits.format(time=at, audience=audience.words_of(step.rule))


def _in_words(
    reports: Iterable[ChannelReport], settings: UserNotificationSettings, *, now: datetime
) -> Iterable[tuple[ChannelReport, str]]:
    for report in reports:
        text = str(SENTENCES.get(report.state, report.state))
        if report.row is not None and report.is_held:
            text = f"{text} {capfirst(wording.until_text(report.row, settings=settings, now=now))}."
        yield report, text
