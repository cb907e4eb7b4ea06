"""Mutes: entities that a person wants no word of."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from events.db.aggregates import Numbers
from events.entities import Source, stored_id
from events.memberships import about
from events.rules import moments


class MuteQuerySet(models.QuerySet["Mute"]):
    def in_force(self, now: datetime) -> "MuteQuerySet":
        return self.filter(models.Q(until=None) | models.Q(until__gt=now))

    def of(self, users: Collection[int], *, entities: Collection[Source], now: datetime) -> dict[Source, set[int]]:
        """Map each of these entities to those of the people who mute it. One query, none for no entities."""
        if not entities:
            return {}
        found = self.in_force(now).filter(about(entities), user_id__in_set=users).order_by()
        groups = found.values_list("entity_type", "entity_id", "entity_key").annotate(users=Numbers("user_id"))
        return {(name, stored_id(*halves)): set(muted_by) for name, *halves, muted_by in groups}


class Mute(models.Model):
    """A person's wish to hear nothing of an entity, whose id is in one of two columns; of a project: of all in it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    entity_type = models.TextField()
    entity_id = models.BigIntegerField(null=True, blank=True)
    entity_key = models.TextField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True, help_text="When it ends by itself; empty: never.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MuteQuerySet.as_manager()

    class Meta:
        db_table = "mutes"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["until"], condition=models.Q(until__isnull=False), name="idx_mutes_until"),
        ]
        constraints = [
            # By entity first: routing asks who of many people mutes a few entities.
            models.UniqueConstraint(fields=["entity_type", "entity_id", "user"], name="uq_mutes"),
            models.UniqueConstraint(
                fields=["entity_type", "entity_key", "user"],
                condition=models.Q(entity_key__isnull=False),
                name="uq_mutes_key",
            ),
            models.CheckConstraint(
                condition=models.Q(entity_id__isnull=False, entity_key=None)
                | models.Q(entity_id=None, entity_key__isnull=False),
                name="ck_mutes_entity",
            ),
            moments.constraint(["until"], name="ck_mutes_moments"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_type}:{self.source_id} for user {self.user_id}"

    @property
    def source_id(self) -> int | str:
        """Id of the entity, as it is in one of the two columns."""
        found: int | str = stored_id(self.entity_id, self.entity_key)
        return found
