from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ApiKey(models.Model):
    """A bearer key: acts as its user, or, with patterns, only publishes those types and writes memberships of
    the entity types it names.

    Only the SHA-256 of the key is stored: the key itself has 256 random bits, so a slow hash would add nothing.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.TextField(unique=True, editable=False)
    label = models.TextField(default="", db_default="", blank=True)
    publish_patterns = models.JSONField(
        null=True, blank=True, help_text="Types it may publish; empty: all that its person may do."
    )
    member_types = models.JSONField(
        null=True,
        blank=True,
        help_text="Entity types whose memberships a key with patterns may write; empty: what they begin with.",
    )
    events_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many it may publish over HTTP; empty: as the settings say; 0: no limit."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "api_keys"
        verbose_name = "API key"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.label or f"key {self.pk}"
