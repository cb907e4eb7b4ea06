"""Critical events that wait for somebody to acknowledge them, and their steps among the audiences on their way."""

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0020_escalations"),
        ("carillon_notifications", "0015_withdrawn"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="fanout",
            name="rule",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="Step of an escalation that is told; empty: the event itself.",
            ),
        ),
        migrations.CreateModel(
            name="Escalation",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="carillon_events.event",
                    ),
                ),
                ("step", models.IntegerField(db_default=0, default=0, help_text="Rules that it has gone on to.")),
                ("due_at", models.DateTimeField(blank=True, help_text="When it goes on; empty: no more.", null=True)),
                (
                    "told",
                    models.JSONField(
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Each such rule, and when.",
                    ),
                ),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "escalations",
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="idx_escalations_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "acknowledged_at__range",
                                (
                                    datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                    datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                ),
                            ),
                            (
                                "due_at__range",
                                (
                                    datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                    datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                ),
                            ),
                        ),
                        name="ck_escalations_moments",
                        violation_error_message="due_at, acknowledged_at: accepted are times from 1970-01-01 "
                        "to 2200-01-01",
                    )
                ],
            },
        ),
    ]
