"""What an owner is told of an address that fails."""

from typing import Any

from django.db import migrations

SAMPLE = {"kind": "webhook", "label": "Webhook", "target": "https://example.com/hook", "since": "3 March, 12:00"}
SCHEMA = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("kind", "label", "target", "since", "reason")},
}
WHERE = "{{ payload.label|default:'Address' }} {{ payload.target }}"

# name, description, title, body, one, many, sample
TYPES = [
    (
        "system.address_failing",
        "An address of yours does not take what is sent to it",
        f"{WHERE} does not answer",
        "Failing since {{ payload.since }} (UTC). What was tried too often is kept and can be sent again.",
        "1 address failing",
        "{n} addresses failing",
        {**SAMPLE, "reason": "http_5xx"},
    ),
    (
        "system.address_disabled",
        "An address of yours was paused because it failed for long, or is gone",
        f"{WHERE} was paused",
        "Failing since {{ payload.since }} (UTC). Once it works, resume it and send what it missed.",
        "1 address paused",
        "{n} addresses paused",
        {**SAMPLE, "reason": "failing"},
    ),
]


def add_types(apps: Any, schema_editor: Any) -> None:
    event_type = apps.get_model("carillon_events", "EventType")
    for name, description, title, body, one, many, sample in TYPES:
        event_type.objects.create(
            name=name,
            category="system",
            description=description,
            audience=["owner"],
            title_template=title,
            body_template=body,
            digest_one=one,
            digest_many=many,
            schema=SCHEMA,
            sample=sample,
            default_channels=["in_app", "email"],
        )


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0002_database_rules"), ("carillon_events", "0002_seeded_types")]
    operations = [migrations.RunPython(add_types, migrations.RunPython.noop)]
