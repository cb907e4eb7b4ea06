from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from events.entities import stored_id


class Membership(models.Model):
    """A person's tie to an entity, whose id is in one of two columns: one role for each person and entity.

    `written_by_user`, `written_by_key`: who gave the role last over HTTP or in the admin; neither: the platform's own
    code, or an event that made its actor the owner.
    """

    class Role(models.TextChoices):
        OWNER = "owner"
        MEMBER = "member"
        WATCHER = "watcher"

    entity_type = models.TextField()
    entity_id = models.BigIntegerField(null=True, blank=True)
    entity_key = models.TextField(null=True, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.TextField(choices=Role.choices)
    written_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    written_by_key = models.ForeignKey(
        "carillon_events.ApiKey",
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    class Meta:
        db_table = "memberships"
        ordering = ["id"]
        # For whoever is deleted: most rows are the platform's own.
        indexes = [
            models.Index(
                fields=["written_by_user"],
                name="ix_memberships_by_user",
                condition=models.Q(written_by_user__isnull=False),
            ),
            models.Index(
                fields=["written_by_key"],
                name="ix_memberships_by_key",
                condition=models.Q(written_by_key__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["entity_type", "entity_id", "user"], name="uq_memberships"),
            models.UniqueConstraint(
                fields=["entity_type", "entity_key", "user"],
                condition=models.Q(entity_key__isnull=False),
                name="uq_memberships_key",
            ),
            models.CheckConstraint(
                condition=models.Q(entity_id__isnull=False, entity_key=None)
                | models.Q(entity_id=None, entity_key__isnull=False),
                name="ck_memberships_entity",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "member", "watcher"]), name="ck_memberships_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.entity_type}:{self.source_id}"

    @property
    def source_id(self) -> int | str:
        """Id of the entity, as it is in one of the two columns."""
        found: int | str = stored_id(self.entity_id, self.entity_key)
        return found
