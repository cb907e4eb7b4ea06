"""Types of events by which admins are told that people are told late, and that deliveries failed."""

from typing import Any

from django.db import migrations

# name, description, title, body, one, many, resolves, properties, sample, channels
TYPES: list[tuple[str, str, str, str, str, str, list[str], list[str], dict[str, Any], list[str]]] = [
    (
        "system.backlog",
        "People are told late: too much waits",
        "People are told late",
        "{{ payload.events|default:'0' }} events wait to be told, and the oldest work has been due for "
        "{{ payload.minutes|default:'0' }} minutes.",
        "1 backlog",
        "{n} backlogs",
        [],
        ["events", "minutes"],
        {"events": 4200, "minutes": 7},
        ["in_app", "email"],
    ),
    (
        "system.backlog_over",
        "People are told in time again",
        "People are told in time again",
        "What waited has been told.",
        "1 backlog over",
        "{n} backlogs over",
        ["system.backlog"],
        [],
        {},
        [],
    ),
    (
        "system.delivery_failing",
        "Deliveries failed for good",
        "Deliveries by {{ payload.channel|default:'a channel' }} failed: {{ payload.count|default:'some' }}",
        "They are kept. Find out why in the list of deliveries, and send them again.",
        "1 report of failed deliveries",
        "{n} reports of failed deliveries",
        [],
        ["count"],
        {"channel": "E-mail", "count": 12},
        ["in_app"],
    ),
]


def add_types(apps: Any, schema_editor: Any) -> None:
    event_type = apps.get_model("carillon_events", "EventType")
    for name, description, title, body, one, many, resolves, numbers, sample, default_channels in TYPES:
        properties = {number: {"type": "integer"} for number in numbers} | {"channel": {"type": "string"}}
        values = {
            "category": "system",
            "description": description,
            "title_template": title,
            "body_template": body,
            "digest_one": one,
            "digest_many": many,
            "resolves": resolves,
            "schema": {"type": "object", "properties": properties},
            "sample": sample,
            "default_channels": default_channels,
        }
        event_type.objects.get_or_create(name=name, defaults=values)


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_delivery", "0013_open_breakers"),
        ("carillon_events", "0019_withdraw_and_resolve"),
    ]
    operations = [migrations.RunPython(add_types, migrations.RunPython.noop)]
