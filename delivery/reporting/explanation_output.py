"""Output of an explanation: as the API's answer, and as lines for a terminal."""

from collections.abc import Iterator
from typing import Any

from delivery.reporting import history
from delivery.reporting.explanation import ChannelReport, Explanation, Person
from delivery.reporting.explanation_text import channel_text, reason_text, routing_text, why_not_text
from events.db.clock import instant


def as_json(explanation: Explanation, *, for_staff: bool) -> dict[str, Any]:
    """Return the API's answer, without the event. `for_staff`: may see addresses connected to, and answers."""
    return {
        "routing": explanation.routing,
        "explanation": routing_text(explanation),
        "audience": explanation.event.event_type.rules,
        "as_of": instant(explanation.as_of),
        "told": explanation.notified,
        "destinations": [
            {"label": one.address.destination.label, "delivery": history.as_json(one, for_staff=for_staff)}
            for one in explanation.shared
        ],
        "people": [_person_json(person, explanation=explanation, for_staff=for_staff) for person in explanation.people],
    }


def lines(explanation: Explanation) -> Iterator[str]:
    event, shown = explanation.event, as_json(explanation, for_staff=True)
    position = "not numbered" if event.position is None else f"position {event.position}"
    yield f"event {event.pk}: {event.event_type.name}, {position}, about {event.source or 'nothing'}"
    yield f"{shown['explanation']} Audience: {', '.join(shown['audience']) or 'nobody'}. Told: {explanation.notified}."
    for one in shown["destinations"]:
        yield f"Also: {one['label']}"
        yield from _delivery_lines(one["delivery"])
    for person in shown["people"]:
        yield from _person_lines(person)
    if explanation.following is not None:
        yield f"More people: --after {explanation.following}"


def _person_lines(person: dict[str, Any]) -> Iterator[str]:
    name = f"{person['username']} ({person['user_id']})"
    if person["is_told"]:
        yield f"{name}: told. {person['reason_explanation']}"
    else:
        yield f"{name}: not told. As of now: {person['why_not_explanation']} [{person['why_not']}]"
    for report in person["channels"]:
        yield f"  {report['channel']}: {report['explanation']} [{report['state']}]"
        for delivery in report["deliveries"]:
            yield from _delivery_lines(delivery)


def _delivery_lines(delivery: dict[str, Any]) -> Iterator[str]:
    due = f", due {delivery['due_at']}" if delivery["state"] == "pending" else ""
    yield f"    delivery {delivery['id']} to channel {delivery['channel_id']}: {delivery['state']}{due}"
    for one in delivery["attempts"]:
        facts = [one["outcome"], one["http_status"], one["ms"] is not None and f"{one['ms']} ms"]
        outcome = ", ".join(str(fact) for fact in facts if fact)
        yield f"      {one['started_at']}: {outcome}. {one['explanation']}".rstrip()


def _person_json(person: Person, *, explanation: Explanation, for_staff: bool) -> dict[str, Any]:
    return {
        "user_id": person.user.pk,
        "username": person.user.get_username(),
        "is_told": bool(person.channels),
        "reason": person.reason,
        "reason_explanation": reason_text(person.reason),
        "why_not": person.why_not or None,
        "why_not_explanation": why_not_text(person.why_not, rules=explanation.event.event_type.rules) or None,
        "channels": [
            _channel_json(report, person=person, of=explanation, for_staff=for_staff) for report in person.channels
        ],
    }


def _channel_json(report: ChannelReport, *, person: Person, of: Explanation, for_staff: bool) -> dict[str, Any]:
    row = report.row
    return {
        "channel": report.channel,
        "state": report.state,
        "explanation": channel_text(report, person=person, explanation=of),
        "notification_id": row.pk if row else None,
        "summary_id": row.summary_id if row else None,
        "hold": row.hold if row else "none",
        "is_read": bool(row and row.is_read),
        "is_delivered": bool(row and row.is_delivered),
        "delivered_at": instant(row.delivered_at) if row else None,
        "deliveries": [history.as_json(one, for_staff=for_staff) for one in report.deliveries],
    }
