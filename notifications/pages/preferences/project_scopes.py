"""Projects among a person's preferences: what they want from each, and the defaults that its owners set."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.accounts import User
from events.entities import whole_number
from events.rules import channel_names
from notifications.models import NotificationPreference, ProjectPreference
from notifications.preferences import projects

MOST_PROJECTS = 20
CHOICES = (
    ("", gettext_lazy("As set for each type")),
    ("all", gettext_lazy("Everything")),
    ("my_jobs", gettext_lazy("My jobs")),
    ("nothing", gettext_lazy("Nothing")),
)


def shown(user: User, *, rows: Sequence[NotificationPreference]) -> dict[str, Any]:
    """Lines of the person's projects; and by type what their defaults say to who chose nothing."""
    own = projects.projects_of(user, most=MOST_PROJECTS)
    names, scopes = projects.names_of(own), dict(projects.scopes_of(user.pk).values_list("project_id", "scope"))
    unchosen = {row.event_type_id for row in rows if row.chosen_at is None}
    presets = {type_id: found for type_id, found in projects.presets_of(own).items() if type_id in unchosen}
    return {
        "projects": [{"id": one, "name": names[one], "scope": scopes.get(one, "")} for one in own],
        "project_choices": CHOICES,
        "project_defaults": {type_id: [_words(one, names) for one in found] for type_id, found in presets.items()},
    }


def save(user: User, *, form: QueryDict, now: datetime) -> None:
    """Store what was chosen for the projects that the form names. Raises PreferenceRefused, or Membership.DoesNotExist
    for a project of which the person may know nothing."""
    stored = dict(projects.scopes_of(user.pk).values_list("project_id", "scope"))
    for name in form:
        number = whole_number(name.removeprefix("project-scope-")) if name.startswith("project-scope-") else None
        scope = form.get(name, "")
        if number is not None and scope != stored.get(number, ""):
            projects.set_scope(user, project_id=number, scope=scope or None, now=now)


def _words(preset: ProjectPreference, names: dict[int, str]) -> str:
    labels = dict(channel_names.labels())
    channels = ", ".join(str(labels.get(name, name)) for name in preset.channels) if preset.is_enabled else _("off")
    return _("Default of {project}: {channels}").format(project=names[preset.project_id], channels=channels)
