"""Forms of event types, as the admin's page sends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from events.models import EventType


def fields_of(event_type: EventType, **changes: object) -> dict[str, object]:
    """Content of the form of a type that is stored."""
    form = {
        name: getattr(event_type, name)
        for name in (
            "category description title_template body_template url_template digest_one digest_many replaces "
            "burst_seconds audience default_channels"
        ).split()
    }
    flags = ("is_active", "is_critical", "is_locked", "exclude_actor", "actor_becomes_owner", "updates_quietly")
    form |= {name: "on" for name in flags if getattr(event_type, name)}
    form |= {"schema": json.dumps(event_type.schema or ""), "sample": json.dumps(event_type.sample)}
    if event_type.schema is None:
        form["schema"] = ""
    return form | changes


def new_type(**changes: object) -> dict[str, object]:
    return {
        "name": "render.queued",
        "category": "render",
        "is_active": "on",
        "burst_seconds": "0",
        "audience": ["actor", "watchers"],
        "default_channels": ["in_app", "email"],
        "title_template": "{{ payload.shot }} is queued",
        "schema": '{"type": "object", "required": ["shot"]}',
        "sample": '{"shot": "042"}',
    } | changes
