from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Membership(models.Model):
    """A person's tie to an entity: one role for each person and entity."""

    class Role(models.TextChoices):
        OWNER = "owner"
        MEMBER = "member"
        WATCHER = "watcher"

    entity_type = models.TextField()
    entity_id = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.TextField(choices=Role.choices)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    class Meta:
        db_table = "memberships"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["entity_type", "entity_id", "user"], name="uq_memberships"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "member", "watcher"]), name="ck_memberships_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.entity_type}:{self.entity_id}"
