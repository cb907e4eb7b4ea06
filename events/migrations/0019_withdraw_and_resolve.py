"""Events can be taken back, and end earlier ones; the types that say so."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

HOST = "{{ payload.host|default:'this machine' }}"

# name, category, description, title, body, one, many, resolves, sample
TYPES = [
    (
        "event.withdrawn",
        "event",
        "An event was taken back",
        "Withdrawn: {{ payload.title|default:'an event' }}",
        "{{ payload.reason }}",
        "1 withdrawal",
        "{n} withdrawals",
        [],
        {"event_id": 42, "event_type": "job.failed", "title": "Shot 042 failed", "reason": "Sent by mistake"},
    ),
    (
        "system.disk_ok",
        "system",
        "Disk space above the threshold again",
        "Disk {{ payload.mount }} has room again",
        "{{ payload.percent|floatformat:0 }} % full, {{ payload.free_bytes|filesizeformat }} left on " + HOST + ".",
        "1 disk has room again",
        "{n} disks have room again",
        ["system.disk_warning"],
        {"host": "render-02", "mount": "/data", "percent": 71.0, "free_bytes": 130781224960},
    ),
    (
        "system.gpu_ok",
        "system",
        "GPU below its thresholds again",
        "GPU {{ payload.index }} is fine again on " + HOST,
        "{{ payload.model }}",
        "1 GPU fine again",
        "{n} GPUs fine again",
        ["system.gpu_warning", "system.gpu_critical"],
        {"host": "render-02", "index": 0, "model": "NVIDIA RTX A6000"},
    ),
]


def add_types(apps: Any, schema_editor: Any) -> None:
    event_type = apps.get_model("carillon_events", "EventType")
    for name, category, description, title, body, one, many, resolves, sample in TYPES:
        values = {
            "category": category,
            "description": description,
            # Of a system event all admins are told, unless nothing is chosen until somebody does.
            "default_channels": [],
            "title_template": title,
            "body_template": body,
            "digest_one": one,
            "digest_many": many,
            "resolves": resolves,
            "sample": sample,
        }
        event_type.objects.get_or_create(name=name, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0018_ladders")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="resolved_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                editable=False,
                help_text="The later event about its source that ended what it said.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="carillon_events.event",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="withdrawn_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When it was taken back: nobody is told of it any more.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="eventtype",
            name="resolves",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="Earlier events of these types about the same thing are over with one of this type.",
            ),
        ),
        migrations.AddField(
            model_name="eventtype",
            name="tells_when_over",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whoever got one by mail, chat or webhook gets a line there when it is over or withdrawn.",
            ),
        ),
        migrations.RunPython(add_types, migrations.RunPython.noop),
    ]
