"""Preferences as a table of types and channels: how it is shown, and what a submitted one changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from events.rules import channel_names
from events.rules.ladders import Step
from notifications.models import NotificationPreference
from notifications.pages.preferences import ladder_form
from notifications.preferences import preferences
from notifications.presentation import labels, type_words

Scope = NotificationPreference.Scope
_USUAL = gettext_lazy("As usual")
SCOPES = (
    (Scope.ALL.value, gettext_lazy("Everything")),
    (Scope.MY_JOBS.value, gettext_lazy("My jobs")),
    (Scope.MY_PROJECTS.value, gettext_lazy("My projects")),
)


def groups_of(rows: Sequence[NotificationPreference], *, presets: Mapping[int, Sequence[str]]) -> list[dict[str, Any]]:
    """Jobs, reviews, system, collaboration, then what else there is; within each as the types were made. `presets`: by
    type what projects preset."""
    return [
        {
            "category": category,
            "label": labels.category_plural(category),
            "lines": [
                {
                    "preference": row,
                    "type": row.event_type,
                    "label": type_words.name(row.event_type),
                    "about": type_words.about(row.event_type),
                    "presets": presets.get(row.event_type_id, ()),
                    "scope": row.scope if is_narrowable(row) else "",
                    "ladder": _selects(row),
                }
                for row in of_category
            ],
        }
        for category, of_category in groupby(sorted(rows, key=_order), key=lambda row: row.event_type.category)
    ]


def _selects(row: NotificationPreference) -> list[dict[str, Any]]:
    """Selects for when each channel speaks of the type; none for a critical one, which comes at once."""
    event_type = row.event_type
    if event_type.is_critical:
        return []
    kept = event_type.default_channels if event_type.is_locked else ()
    return ladder_form.selects(row.ladder, prefix=f"ladder-{event_type.pk}", usual=_USUAL, kept=kept)


def common_scope(rows: Sequence[NotificationPreference]) -> str:
    scopes = {row.scope for row in rows if is_narrowable(row)}
    return scopes.pop() if len(scopes) == 1 else ""


def is_narrowable(row: NotificationPreference) -> bool:
    """Critical and locked types, mentions and administrators' notices reach people whatever their scope."""
    event_type = row.event_type
    always = event_type.is_critical or event_type.is_locked
    return not always and not set(event_type.rules) <= {"mentioned", "admins"}


def as_shown(row: NotificationPreference) -> tuple[list[str], str, Mapping[str, Step]]:
    """Boxes that are ticked, a locked one too, the scope, and when the channels speak."""
    fixed = row.event_type.default_channels if row.event_type.is_locked else []
    chosen = [*fixed, *(row.channels if row.is_enabled else [])]
    return [name for name in channel_names.known() if name in chosen], row.scope, ladder_form.as_shown(row.ladder)


def save(user_id: int, *, form: QueryDict, made_from: Mapping[str, Any], now: datetime) -> list[str]:
    """Store what somebody changed in a form for the types it names, which may be one; labels of those whose scope had
    been changed otherwise meanwhile. Raises PreferenceRefused."""
    rows = {str(row.event_type_id): row for row in preferences.ensure(user_id)}
    overall = form.get("scope", "")
    everywhere = overall if overall != form.get("scope_was", "") else ""
    overridden = []
    for type_id in form.getlist("types"):
        row = rows.get(type_id)
        if row is not None and _save_line(
            user_id, row, form=form, was=made_from.get(type_id), everywhere=everywhere, now=now
        ):
            overridden.append(type_words.name(row.event_type))
    return overridden


def _save_line(
    user_id: int, row: NotificationPreference, *, form: QueryDict, was: object, everywhere: str, now: datetime
) -> bool:
    """Store what was changed in a line; true if another scope than the line was made from is overridden."""
    stored, stored_scope, stored_ladder = as_shown(row)
    match was:
        case [list() as shown, str() as shown_scope, dict() as shown_ladder]:
            pass
        case _:
            shown, shown_scope, shown_ladder = stored, stored_scope, dict(stored_ladder)
    ticked = form.getlist(f"channels-{row.event_type_id}")
    fixed = row.event_type.default_channels if row.event_type.is_locked else []
    # A disabled box isn't submitted; nothing ticked switches the type off and keeps its channels for later.
    is_touched = {name: name not in fixed and (name in ticked) != (name in shown) for name in channel_names.known()}
    channels = [name for name, touched in is_touched.items() if name in (ticked if touched else stored)]
    asked = (everywhere or form.get(f"scope-{row.event_type_id}", row.scope)) if is_narrowable(row) else row.scope
    is_asked = bool(everywhere) or asked != shown_scope
    scope = asked if is_asked else stored_scope
    ladder = ladder_form.submitted(form, prefix=f"ladder-{row.event_type_id}", stored=row.ladder)
    ladder = ladder if ladder != shown_ladder else dict(stored_ladder)
    if (stored, stored_scope, stored_ladder) != (channels, scope, ladder):
        preferences.change(
            user_id,
            event_type_id=row.event_type_id,
            now=now,
            # What is as it was isn't chosen anew: a project's default goes on counting.
            is_enabled=bool(channels) if channels != stored else None,
            channels=channels or None if channels != stored else None,
            scope=scope,
            ladder=ladder,
        )
    return is_asked and stored_scope not in (shown_scope, scope)


def _order(row: NotificationPreference) -> tuple[int, str, int]:
    return *labels.category_order(row.event_type.category), row.event_type_id
