"""Alerts of an address say why in a sentence, and nothing that isn't so. Templates that somebody changed stay."""

from typing import Any

from django.db import migrations

WHERE = "{{ payload.label|default:'Address' }} {{ payload.target }}"
SAMPLE = {"label": "Webhook", "target": "https://example.com/hook", "since": "3 March, 12:00 UTC"}
# name, title and body before, title and body now, sample
TEXTS = [
    (
        "system.address_failing",
        f"{WHERE} does not answer",
        "Failing since {{ payload.since }} (UTC). What was tried too often is kept and can be sent again.",
        f"{WHERE} did not take what was sent",
        "{{ payload.reason }} Failing since {{ payload.since }}. What did not arrive is kept and can be sent again.",
        {**SAMPLE, "reason": "The receiver failed. Look at its log."},
    ),
    (
        "system.address_disabled",
        f"{WHERE} was paused",
        "Failing since {{ payload.since }} (UTC). Once it works, resume it and send what it missed.",
        f"{WHERE} was paused",
        "{{ payload.reason }} You can resume it, and send what it missed.",
        {**SAMPLE, "reason": "It failed for days, so it was paused."},
    ),
]


def say_why(apps: Any, schema_editor: Any) -> None:
    types = apps.get_model("carillon_events", "EventType").objects
    for name, old_title, old_body, title, body, sample in TEXTS:
        unchanged = types.filter(name=name, title_template=old_title, body_template=old_body)
        unchanged.update(title_template=title, body_template=body, sample=sample)


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0007_breakers"), ("carillon_events", "0002_seeded_types")]
    operations = [migrations.RunPython(say_why, migrations.RunPython.noop)]
