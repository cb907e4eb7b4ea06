"""Rows of a burst fold into one of them, its head; what feeds are read by leaves the folded ones out."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0017_bursts"),
        ("carillon_notifications", "0012_preferences_of_projects"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="notification",
            name="idx_notifications_changes",
        ),
        migrations.RemoveIndex(
            model_name="notification",
            name="idx_notifications_inbox",
        ),
        migrations.RemoveIndex(
            model_name="notification",
            name="idx_notifications_feed",
        ),
        migrations.AddField(
            model_name="notification",
            name="actors",
            field=models.JSONField(
                blank=True,
                editable=False,
                help_text="Ids of those who did them, the last first: four at most.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="count",
            field=models.IntegerField(db_default=1, default=1, editable=False, help_text="Events that it shows."),
        ),
        migrations.AddField(
            model_name="notification",
            name="folded_into",
            field=models.BigIntegerField(
                blank=True, editable=False, help_text="Row that shows it; empty: it stands for itself.", null=True
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="folds_until",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When its burst ends, of which it is the head; empty: of none.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="notification",
            name="group_key",
            field=models.TextField(
                blank=True,
                help_text="Rows of one replacing group and source, or the head of a burst or storm; empty: neither.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("done_at", None), ("folded_into", None), ("snoozed_until", None)),
                fields=["user", "-feed_seq"],
                name="idx_notifications_inbox",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("folded_into", None)), fields=["user", "-feed_seq"], name="idx_notifications_feed"
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("folded_into", None)), fields=["user", "seq"], name="idx_notifications_changes"
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("folded_into__isnull", False)),
                fields=["folded_into"],
                name="idx_notifications_folded",
            ),
        ),
    ]
