"""The page of django-celery-beat's schedule, whose actions leave a trace here, and need more than leave to look."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin, PeriodicTaskForm
from django_celery_beat.models import PeriodicTask

from events.admin.base import PlainLookups, TracedAction, traced_action

admin.site.unregister(PeriodicTask)


def traced(name: str) -> TracedAction:
    theirs = getattr(PeriodicTaskAdmin, name)

    @traced_action(theirs.short_description, permissions=["change"])
    def act(page: Any, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> list[PeriodicTask]:
        chosen = list(queryset)
        theirs(page, request, queryset)
        return chosen

    return act


class ScheduleForm(PeriodicTaskForm):  # type: ignore[misc]  # it has no types
    def clean(self) -> dict[str, Any]:
        # Theirs takes a name for granted, also one that was too long.
        self.cleaned_data.setdefault("task", "")
        cleaned: dict[str, Any] = super().clean()
        return cleaned


@admin.register(PeriodicTask)
class ScheduleAdmin(PlainLookups[PeriodicTask], PeriodicTaskAdmin):  # type: ignore[misc]
    form = ScheduleForm
    enable_tasks, disable_tasks, toggle_tasks, run_tasks = map(traced, PeriodicTaskAdmin.actions)
