"""Preferences that follow projects: what their owners preset, and what a person wants from one."""

from collections.abc import Collection

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from events.models import EventType
from events.models.event_types import in_app_only


class ProjectPreferenceQuerySet(models.QuerySet["ProjectPreference"]):
    def of(self, projects: Collection[int]) -> dict[tuple[int, int], tuple[bool, tuple[str, ...]]]:
        """Map (project, type) to whether it is on, and over which channels. One query, none for no projects."""
        if not projects:
            return {}
        columns = ("project_id", "event_type_id", "is_enabled", "channels")
        found = self.filter(project_id__in_set=projects).order_by().values_list(*columns)
        return {(project, type_id): (is_on, tuple(channels)) for project, type_id, is_on, channels in found}


class ProjectPreference(models.Model):
    """Default of a project for one type, set by its owners: it counts for whoever chose nothing for that type."""

    project_id = models.BigIntegerField()
    event_type = models.ForeignKey(EventType, on_delete=models.CASCADE, related_name="+")
    is_enabled = models.BooleanField("enabled", default=True, db_default=True)
    channels = models.JSONField(default=in_app_only, db_default=models.Value(["in_app"], models.JSONField()))
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    objects = ProjectPreferenceQuerySet.as_manager()

    class Meta:
        db_table = "project_preferences"
        verbose_name = "default of a project"
        verbose_name_plural = "defaults of projects"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["project_id", "event_type"], name="uq_project_preferences")]

    def __str__(self) -> str:
        return f"type {self.event_type_id} in project {self.project_id}"


class ProjectScope(models.Model):
    """One person's wish for all that comes from a project, in place of the scope of each type."""

    class Scope(models.TextChoices):
        ALL = "all", "All"
        MY_JOBS = "my_jobs", "My jobs"
        NOTHING = "nothing", "Nothing"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    project_id = models.BigIntegerField()
    scope = models.TextField(choices=Scope.choices)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    class Meta:
        db_table = "project_scopes"
        verbose_name = "scope in a project"
        verbose_name_plural = "scopes in projects"
        ordering = ["id"]
        # By project first: routing asks for a few projects of many people.
        constraints = [models.UniqueConstraint(fields=["project_id", "user"], name="uq_project_scopes")]

    def __str__(self) -> str:
        return f"project {self.project_id} for user {self.user_id}"
