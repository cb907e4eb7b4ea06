"""Destinations, and deliveries of events to them; an address need not be a person's any more."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_delivery", "0009_words_of_the_admin"),
        ("carillon_events", "0016_recipients"),
        ("carillon_notifications", "0010_search_by_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Destination",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project_id", models.BigIntegerField(blank=True, help_text="Empty: the site's.", null=True)),
                ("label", models.TextField(help_text="What people call it: #renders.")),
                ("patterns", models.JSONField(help_text="Patterns of event types: job.completed, job.*, *.")),
                ("critical_only", models.BooleanField(db_default=False, default=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(blank=True, help_text="Its deliveries stay until they are pruned.", null=True),
                ),
            ],
            options={
                "db_table": "destinations",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="event",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Of what goes to a destination.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="carillon_events.event",
            ),
        ),
        migrations.AlterField(
            model_name="address",
            name="user",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: a destination's.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="purpose",
            field=models.TextField(
                choices=[
                    ("notification", "Notification"),
                    ("summary", "Summary"),
                    ("event", "Event"),
                    ("test", "Test"),
                    ("confirmation", "Confirmation"),
                ],
                db_default="notification",
                default="notification",
            ),
        ),
        migrations.AlterField(
            model_name="recovery",
            name="after_notification",
            field=models.BigIntegerField(db_default=0, default=0, help_text="Of a destination: the id of an event."),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event__isnull", False)), fields=("event", "address"), name="uq_deliveries_event"
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="address",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="destination", to="carillon_delivery.address"
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="destination",
            index=models.Index(
                condition=models.Q(("deleted_at", None)), fields=["project_id"], name="idx_destinations_project"
            ),
        ),
    ]
