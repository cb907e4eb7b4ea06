"""The log: what happened, in the order readers see it."""

from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from events.entities import Entity, stored_id
from events.errors import EntityRefused
from events.models.event_types import EventType
from events.rules import moments


class Event(models.Model):
    """One fact. Append-only: after the insert only its `position` is written, and how it ended."""

    # Set on what is loaded for somebody who may not see its source: it is rendered without its text.
    is_hidden = False

    event_type = models.ForeignKey(EventType, on_delete=models.RESTRICT, related_name="+")
    source_entity_type = models.TextField(blank=True, null=True)
    source_entity_id = models.BigIntegerField(blank=True, null=True)
    source_entity_key = models.TextField(blank=True, null=True, help_text="Id of its source, where that is text.")
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, blank=True, null=True, related_name="+"
    )
    payload = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    created_at = models.DateTimeField(db_default=Now())

    position = models.BigIntegerField(
        null=True, unique=True, help_text="Its number in the log; empty until it has been numbered."
    )
    project_id = models.BigIntegerField(blank=True, null=True)
    publisher = models.TextField(default="", db_default="", help_text="Who sent it over HTTP; empty: this site itself.")
    idempotency_key = models.TextField(blank=True, null=True)
    traceparent = models.TextField(default="", db_default="", help_text="W3C trace context of the publisher.")
    tracestate = models.TextField(
        blank=True, null=True, help_text="What tracing systems say beside it (W3C); empty: nothing."
    )
    recipients = models.JSONField(
        blank=True, null=True, help_text="Ids of the people it is addressed to, beside those of the type's rules."
    )
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it was taken back: nobody is told of it any more."
    )
    # No constraint: it is pruned after what it ended.
    resolved_by = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The later event about its source that ended what it said.",
    )

    class Meta:
        db_table = "events"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["publisher", "idempotency_key"], name="uq_events_idempotency"),
            moments.constraint(["created_at"], name="ck_events_moments"),
        ]
        indexes = [
            models.Index(fields=["source_entity_type", "source_entity_id"], name="idx_events_source_entity"),
            models.Index(
                fields=["source_entity_type", "source_entity_key", "id"],
                condition=models.Q(source_entity_key__isnull=False),
                name="idx_events_source_key",
            ),
            models.Index(fields=["-created_at"], name="idx_events_created_at"),
            models.Index(fields=["publisher", "id"], condition=models.Q(position=None), name="idx_events_unnumbered"),
            models.Index(
                fields=["source_entity_type", "source_entity_id", "id"],
                condition=models.Q(position=None),
                name="idx_events_unnumbered_source",
            ),
            models.Index(fields=["event_type", "position"], name="idx_events_type_position"),
            models.Index(
                fields=["project_id", "-id"], condition=models.Q(project_id__isnull=False), name="idx_events_project"
            ),
        ]
        permissions = [
            ("publish_event", "Can publish events"),
            ("receive_system", "Is told of system events"),
        ]

    def __str__(self) -> str:
        return f"event {self.pk}"

    @property
    def source_id(self) -> int | str | None:
        found: int | str | None = stored_id(self.source_entity_id, self.source_entity_key)
        return found

    @cached_property
    def source(self) -> Entity | None:
        """The entity it is about, if both halves are there and are one: other programs write this table too."""
        if self.source_entity_type is None or self.source_id is None:
            return None
        try:
            return Entity(self.source_entity_type, self.source_id)
        except EntityRefused:
            return None
