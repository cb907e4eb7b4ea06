"""CloudEvents 1.0 form of a webhook: structured JSON, one event.

`data` is the payload as it was published. The rest are extension attributes: their names are lower-case letters only,
and their values text, since CloudEvents' integers end at 32 bits.
"""

from typing import Any

from delivery.conf import conf

CONTENT_TYPE = "application/cloudevents+json"
EXTENSIONS = (
    "event_id position actor_user_id project_id category is_critical title body url notification_id summary_id reason "
    "traceparent tracestate"
).split()


def structured(body: dict[str, Any]) -> dict[str, Any]:
    """Translate the standard form. `id` is the `webhook-id`: with `source` it tells a repeat from news."""
    event = {
        "specversion": "1.0",
        "id": body["id"],
        "source": conf.BASE_URL,
        "type": body["event_type"],
        "time": body["timestamp"],
        "datacontenttype": "application/json",
    }
    if body.get("source_entity_type") is not None and body.get("source_entity_id") is not None:
        event["subject"] = f"{body['source_entity_type']}:{body['source_entity_id']}"
    for name in EXTENSIONS:
        # An attribute is never null, and empty text says nothing.
        if body.get(name) not in (None, ""):
            event[attribute(name)] = body[name] if isinstance(body[name], bool) else str(body[name])
    return event | {"data": _data(body)}


def attribute(name: str) -> str:
    """Name of an attribute for a field of the standard form."""
    return name.replace("_", "")


def _data(body: dict[str, Any]) -> Any:
    """Put the list of a summary or a digest beside its counts: extensions hold no lists."""
    for name in ("notifications", "events"):
        if name in body:
            return body["payload"] | {name: body[name]}
    return body["payload"]
