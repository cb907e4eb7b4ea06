"""Body of a webhook, as bytes that are made once: an event, a summary or a test, in the form its address chose.

Both forms say the same. The standard one is one flat object: `event_type`, `payload` and `timestamp` first, then what
else a receiver may want without asking back. It is ASCII, so that no payload, however odd, fails to be written.
"""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from delivery.channels import Frozen, Held, Outgoing
from delivery.channels.webhook import cloudevents
from delivery.conf import conf
from delivery.models import Address
from events import rendering
from events.conf import conf as event_settings
from events.db.clock import instant
from events.models import Event
from notifications.models import Notification, Summary
from notifications.presentation import summary_text

JSON = "application/json"
SUMMARY, DIGEST, TEST = "carillon.summary", "carillon.digest", "carillon.test"

Body = dict[str, Any]


def frozen(outgoing: Outgoing) -> Frozen:
    body = {"id": outgoing.message_id} | _said(outgoing)
    if outgoing.address.format == Address.Format.CLOUDEVENTS:
        event = cloudevents.structured(body | _trace(outgoing.event))
        return Frozen(_bytes(event), cloudevents.CONTENT_TYPE)
    return Frozen(_bytes(body), JSON)


def _bytes(body: Body) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _said(outgoing: Outgoing) -> Body:
    if outgoing.gathered:
        return _of_digest(outgoing.gathered)
    if outgoing.event is not None:
        return _of_event(outgoing.event, outgoing.notification)
    if outgoing.summary is not None:
        return _of_summary(outgoing.summary, outgoing.held)
    return _of_test(outgoing.delivery.created_at)


def _of_event(event: Event, notification: Notification | None) -> Body:
    words = rendering.render(event, event.event_type)
    return {
        "event_type": event.event_type.name,
        "payload": event.payload,
        "timestamp": instant(event.created_at),
        "event_id": event.pk,
        "position": event.position,
        "category": event.event_type.category,
        "is_critical": event.event_type.is_critical,
        "source_entity_type": event.source_entity_type,
        "source_entity_id": event.source_id,
        "actor_user_id": event.actor_user_id,
        "project_id": event.project_id,
        "title": words.title,
        "body": words.body,
        "url": _absolute(words.url),
        "notification_id": notification.pk if notification else None,
        "reason": notification.reason if notification else "",
    }


def _trace(event: Event | None) -> Body:
    """Name the trace that an event began in: CloudEvents' distributed tracing extension."""
    if event is None or not event_settings.TRACING:
        return {}
    return {"traceparent": event.traceparent, "tracestate": event.tracestate}


def _of_digest(events: list[Event]) -> Body:
    """List them whole: nothing else brings their payloads."""
    by_type = Counter(event.event_type.name for event in events)
    return {
        "event_type": DIGEST,
        "payload": {"count": len(events), "by_type": by_type},
        "timestamp": instant(events[-1].created_at),
        "title": summary_text.counts(by_type, types=[event.event_type for event in events]),
        "url": "",
        "events": [_of_event(event, None) for event in events],
    }


def _of_summary(summary: Summary, held: list[Held]) -> Body:
    """List the newest rows only, and no payloads: `count` and `by_type` are of all."""
    return {
        "event_type": SUMMARY,
        "payload": {"kind": summary.kind, "count": summary.count, "by_type": summary.by_type},
        "timestamp": instant(summary.created_at),
        "summary_id": summary.pk,
        "title": summary_text.counts(summary.by_type, types=[one.event.event_type for one in held]),
        "url": _absolute(summary_text.url(summary.pk)),
        "notifications": [_listed(one) for one in held],
    }


def _listed(one: Held) -> Body:
    words = rendering.render(one.event, one.event.event_type)
    return {
        "notification_id": one.notification.pk,
        "event_id": one.event.pk,
        "event_type": one.event.event_type.name,
        "timestamp": instant(one.event.created_at),
        "title": words.title,
        "url": _absolute(words.url),
    }


def _of_test(now: datetime) -> Body:
    return {
        "event_type": TEST,
        "payload": {"message": _("This is a test. Nothing happened.")},
        "timestamp": instant(now),
        "title": _("Test of this webhook"),
        "url": "",
    }


def _absolute(path: str) -> str:
    return f"{conf.BASE_URL}{path}" if path else ""
