"""Notifications leave the feed for good or until a moment; the index of the feed leaves them out."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0010_quiet_updates"),
        ("carillon_notifications", "0007_hourly_caps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="notification",
            name="idx_notifications_feed",
        ),
        migrations.AddField(
            model_name="notification",
            name="done_at",
            field=models.DateTimeField(
                blank=True, help_text="When its person was done with it: out of the feed.", null=True
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="snoozed_until",
            field=models.DateTimeField(
                blank=True, help_text="When it comes back into the feed; empty: it is there, or done.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("done_at", None), ("snoozed_until", None)),
                fields=["user", "-feed_seq"],
                name="idx_notifications_inbox",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("done_at__isnull", False)),
                fields=["user", "-feed_seq"],
                name="idx_notifications_done",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("snoozed_until__isnull", False)),
                fields=["user", "snoozed_until"],
                name="idx_notifications_snoozed",
            ),
        ),
    ]
