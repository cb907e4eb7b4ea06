"""What reaches a person and how: one form, with or without scripts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from events.audience_rules import CHANNELS
from events.refusals import PreferenceRefused
from notifications import channels, choices, preferences
from notifications.models import NotificationPreference, UserNotificationSettings
from notifications.pages import clock, matrix, quiet_choices, settings_form, words
from notifications.pages.asking import back, is_script, person
from notifications.pages.standing import Standing, standing_of


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "notifications/preferences.html", _shown(request))
    try:
        _save(request)
    except PreferenceRefused as refused:
        if is_script(request):
            return JsonResponse({"code": refused.code, "detail": refused.detail, "field": refused.field}, status=400)
        return render(request, "notifications/preferences.html", _shown(request) | {"refused": refused}, status=400)
    if is_script(request):
        return JsonResponse(_words(request))
    messages.success(request, _("Saved"))
    return redirect("preferences")


@login_required
@require_POST
def do_not_disturb(request: HttpRequest) -> HttpResponse:
    """The switch in the panel and above the feed: off, always."""
    preferences.change_settings(person(request).pk, now=timezone.now(), dnd_enabled=False)
    return HttpResponse(status=204) if is_script(request) else back(request)


def _save(request: HttpRequest) -> None:
    now, user = timezone.now(), person(request)
    with transaction.atomic():
        settings_form.save(user.pk, form=request.POST, now=now)
        matrix.save(user.pk, form=request.POST, now=now)


def _shown(request: HttpRequest) -> dict[str, Any]:
    user = person(request)
    rows = preferences.ensure(user.pk)
    chosen = preferences.settings_of(user.pk)
    return {
        "chosen": chosen,
        "groups": matrix.matrix_of(rows),
        "scope": matrix.common_scope(rows),
        "scopes": NotificationPreference.Scope.choices,
        "intervals": UserNotificationSettings.Interval.choices,
        "hours": [(hour, f"{hour:02}:00") for hour in range(24)],
        "weekdays": list(WEEKDAYS.items()),
        "presets": quiet_choices.PRESETS,
        "channels": words.CHANNEL_WORDS.items(),
        "senderless": [words.CHANNEL_WORDS[name] for name in _senderless()],
        "zones": sorted(choices.timezones()),
        **_words(request),
    }


def _senderless() -> list[str]:
    """Channels that people may choose and that nothing here sends over: their rows are kept and go nowhere."""
    return [name for name in CHANNELS if name != "in_app" and name not in channels.installed()]


def _words(request: HttpRequest) -> dict[str, Any]:
    """What will really happen, said in words: shown by the page, and anew after each change."""
    now, user = timezone.now(), person(request)
    chosen, standing = preferences.settings_of(user.pk), standing_of(user.pk, now=now)
    until = standing.quiet_until_words
    zone = standing.zone.key
    return {
        "is_quiet": standing.is_quiet,
        "quiet_words": _("until {time} ({zone})").format(time=until, zone=zone) if until else "",
        "digest_words": _next_digest(chosen, standing=standing),
        "common_scope": matrix.common_scope(preferences.ensure(user.pk)),
    }


def _next_digest(chosen: UserNotificationSettings, *, standing: Standing) -> str:
    if not chosen.digest_enabled:
        return _("Off: everything comes as it happens.")
    due = quiet_choices.next_digest(
        interval=chosen.digest_interval,
        hour=chosen.digest_hour,
        weekday=chosen.digest_weekday,
        now=standing.now,
        zone=standing.zone,
    )
    words_of_due = clock.end_words(due, now=standing.now, zone=standing.zone)
    return _("Next: {time} ({zone}).").format(time=words_of_due, zone=standing.zone.key)
