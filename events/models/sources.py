"""The memory of the sources: jobs under way, ComfyUI servers, runs of the service, hardware readings."""

from django.db import models
from django.db.models.functions import Now

from events.entities import Entity, stored_id


class TrackedJob(models.Model):
    """A job that a source publishes about. Each change of state and its event commit together, under the row's lock.

    The key is the job's identity where it runs (a Celery task id, a ComfyUI prompt id). A job that names no source of
    its own is the source of its events: the `trackedjob` entity with the row's number.
    """

    class State(models.TextChoices):
        SUBMITTED = "submitted"
        STARTED = "started"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    key = models.TextField(unique=True)
    name = models.TextField()
    state = models.TextField(choices=State.choices, default=State.SUBMITTED, db_default=State.SUBMITTED)
    source_entity_type = models.TextField(null=True, blank=True)
    source_entity_id = models.BigIntegerField(null=True, blank=True)
    source_entity_key = models.TextField(null=True, blank=True)
    # No foreign key: a person who is deleted must not stand in the way of the job's end.
    actor_user_id = models.IntegerField(null=True, blank=True)
    project_id = models.BigIntegerField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True, help_text="Goes into the payload of each of its events.")
    due_at = models.DateTimeField(
        help_text="When the sweep takes it: a job under way is lost, one that has ended is forgotten."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "tracked_jobs"
        ordering = ["-id"]
        indexes = [models.Index(fields=["due_at"], name="ix_tracked_jobs_due_at")]

    def __str__(self) -> str:
        return f"{self.name} ({self.key})"

    @property
    def source(self) -> Entity:
        if self.source_entity_type is None:
            return Entity("trackedjob", self.pk)
        return Entity(self.source_entity_type, stored_id(self.source_entity_id, self.source_entity_key) or 0)


class ComfyuiServer(models.Model):
    """A ComfyUI server, and how far its history has been published."""

    url = models.TextField(unique=True)
    seen_until_ms = models.BigIntegerField(
        help_text="When the latest prompt that was looked at began, by the server's clock."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "comfyui_servers"
        verbose_name = "ComfyUI server"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.url


class ServiceRun(models.Model):
    """One run of one long-lived process. A row without an end whose process is gone ended uncleanly."""

    role = models.TextField(help_text="serve, web or worker.")
    host = models.TextField()
    pid = models.IntegerField()
    process_started = models.FloatField(help_text="By the machine's clock: process numbers are used again.")
    version = models.TextField()
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    seen_at = models.DateTimeField(db_default=Now())
    memory_bytes = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Resident memory of it and its children when last seen; empty: unknown.",
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    is_clean = models.BooleanField(null=True, blank=True, help_text="How it ended; empty while it runs.")

    class Meta:
        db_table = "service_runs"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.role} {self.pid} on {self.host}"


class HardwareReading(models.Model):
    """A disk or a GPU of one machine. Its key is the number of the entity that warnings are about."""

    host = models.TextField()
    kind = models.TextField(default="disk", db_default="disk")
    name = models.TextField(help_text="The mount point.")
    value = models.FloatField(default=0, db_default=0, help_text="Percent in use when last seen.")
    told_threshold = models.FloatField(
        null=True, blank=True, help_text="The threshold whose crossing was told; empty: armed, the next one is told."
    )
    told_at = models.DateTimeField(null=True, blank=True)
    observed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "hardware_readings"
        ordering = ["host", "kind", "name"]
        constraints = [models.UniqueConstraint(fields=["host", "kind", "name"], name="uq_hardware_readings")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} on {self.host}"
