"""Preferences page: one form, with or without scripts."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from events import accounts
from events.db import clock
from events.errors import Refused
from events.models import Membership
from events.pages.decorators import form, page_with_form
from events.rest.errors import missing_is_404
from events.rules import channel_names
from notifications.models import UserNotificationSettings
from notifications.pages.inbox_status import InboxStatus, status_for, status_of
from notifications.pages.preferences import (
    channel_status,
    dnd_presets,
    follow_view,
    ladder_form,
    mute_view,
    project_scopes,
    settings_form,
    status_text,
    table,
)
from notifications.pages.requests import back, is_script, person
from notifications.preferences import digest_preview, preferences, presets, validation
from notifications.preferences.settings import change_settings, settings_of


@page_with_form
def preferences_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "carillon/notifications/preferences.html", shown(request))
    try:
        with transaction.atomic():
            overridden = save(request)
    except Refused as refused:
        return refuse(request, refused)
    if is_script(request):
        return JsonResponse(_status_texts(request))
    messages.success(request, _("Saved"))
    if overridden:
        said = _("You changed this in another tab too. Your choice here was saved: {names}.")
        messages.warning(request, said.format(names=", ".join(overridden)))
    return redirect("carillon:preferences")


def save(request: HttpRequest) -> list[str]:
    """Store what was changed in the form, for a transaction of the caller's; labels of what had been changed otherwise
    meanwhile. Raises Refused."""
    user, now, made_from = person(request), clock.estimate(), _made_from(request.POST)
    overridden = settings_form.save(user, form=request.POST, made_from=made_from["settings"], now=now)
    overridden += table.save(user.pk, form=request.POST, made_from=made_from["types"], now=now)
    with missing_is_404(Membership):
        project_scopes.save(user, form=request.POST, now=now)
    return overridden


def refuse(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Answer to a form of which nothing was stored."""
    if is_script(request):
        return _refusal(refused)
    context = shown(request) | {"refused": refused}
    return render(request, "carillon/notifications/preferences.html", context, status=400)


@form
def do_not_disturb(request: HttpRequest) -> HttpResponse:
    user, now = person(request), clock.estimate()
    try:
        change_settings(
            user.pk, now=now, **dnd_presets.changes_of(request.POST, now=now, zone=status_for(request).zone)
        )
    except Refused as refused:
        if is_script(request):
            return _refusal(refused)
        messages.error(request, refused.detail)
    return (
        JsonResponse(_status_texts(request)) if is_script(request) else back(request, otherwise="carillon:preferences")
    )


def _refusal(refused: Refused) -> JsonResponse:
    return JsonResponse({"code": refused.code, "detail": refused.detail, "field": refused.field}, status=400)


def shown(request: HttpRequest) -> dict[str, Any]:
    """Context of the page, of what is stored."""
    user = person(request)
    rows = preferences.ensure(user.pk)
    chosen = settings_of(user.pk)
    inbox, settings = status_for(request), settings_form.as_shown(chosen, email=accounts.email_of(user))
    projects = project_scopes.shown(user, rows=rows)
    made_from = {
        "settings": settings,
        "types": {row.event_type_id: table.as_shown(row) for row in rows},
    }
    return {
        "made_from": json.dumps(made_from),
        "tried_words": "",
        "chosen": chosen,
        "groups": table.groups_of(rows, presets=projects["project_defaults"]),
        "scope": table.common_scope(rows),
        "scopes": table.SCOPES,
        "intervals": UserNotificationSettings.Interval.choices,
        "hours": [(hour, f"{hour:02}:00") for hour in range(24)],
        "weekdays": list(WEEKDAYS.items()),
        "presets": presets.offered(presets.DND, now=inbox.now, zone=inbox.zone),
        "columns": _columns(inbox),
        "zones": sorted(validation.timezones()),
        # Windows there are, and one to fill in while more are allowed.
        "hours_of_quiet": [*settings_form.readable(chosen.quiet_hours), settings_form.BLANK][: validation.MAX_WINDOWS],
        "ladder": ladder_form.selects(chosen.ladder, prefix="ladder", usual=_("As each type says")),
        "digest_channels": [
            (name, label) for name, label in channel_names.labels() if settings_form.is_sent_over(name)
        ],
        "digest_sent_by": settings["digest_channels"],
        "digest_titles": digest_preview.titles(user.pk) if chosen.digest_enabled else [],
        **projects,
        **follow_view.shown(user, query=request.GET, types=[row.event_type for row in rows]),
        **mute_view.shown(user, query=request.GET, inbox=inbox),
        **_status_texts(request),
    }


def _made_from(form: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Read what a whole form was made from; a part that a script sends says nothing of it."""
    try:
        given = json.loads(form.get("made_from") or "{}")
        return {part: dict(given.get(part, {})) for part in ("settings", "types")}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadRequest("made_from must be as the page has it") from error


def _columns(inbox: InboxStatus) -> list[dict[str, Any]]:
    """The channels people may choose, and what each of them would reach; a `status` of None needs no address, or has
    none to tell of."""
    statuses = channel_status.load(inbox)
    return [
        {
            "name": name,
            "label": label,
            "status": (status := statuses.get(name)),
            "is_sent": (is_sent := settings_form.is_sent_over(name)),
            "is_open": name != "in_app" and (status.is_open if status else is_sent),
        }
        for name, label in channel_names.labels()
    ]


def _status_texts(request: HttpRequest) -> dict[str, Any]:
    now, user = clock.estimate(), person(request)
    inbox, preview = status_of(user.pk, now=now), digest_preview.preview(user.pk, now=now)
    chosen = settings_of(user.pk)
    return {
        "is_dnd": inbox.is_dnd,
        "quiet_words": status_text.of_dnd(inbox),
        "hours_words": status_text.of_hours(chosen, inbox=inbox),
        "digest_words": status_text.of_digest(chosen, preview=preview, inbox=inbox),
        "digest_count": preview.count,
        "effect_words": status_text.of_all(chosen, inbox=inbox, user=user),
        "channel_words": status_text.of_channel(chosen, now=now),
        "common_scope": table.common_scope(preferences.ensure(user.pk)),
    }
