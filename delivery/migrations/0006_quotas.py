"""What quotas count by: whom a confirmation reaches, and when a delivery was last sent again."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0005_accepted_moments")]
    operations = [
        migrations.AddField(
            "address",
            "mailbox",
            models.TextField(
                default="", db_default="", blank=True, help_text="Whom a confirmation reaches, under whatever spelling."
            ),
        ),
        migrations.AddField(
            "delivery",
            "resent_at",
            models.DateTimeField(null=True, blank=True, help_text="When it was last asked for again."),
        ),
        migrations.AddIndex(
            "address", models.Index(fields=["mailbox"], condition=~Q(mailbox=""), name="idx_channels_mailbox")
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["address", "created_at"],
                condition=Q(purpose__in=("test", "confirmation")),
                name="idx_deliveries_asked",
            ),
        ),
    ]
