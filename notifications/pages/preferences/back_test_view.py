"""Trial of the preferences as filled in: what they would have made of the last days. Nothing of it is saved."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.errors import Refused
from events.pages.decorators import form
from notifications.pages.inbox_status import status_for
from notifications.pages.preferences import channel_status, views
from notifications.pages.requests import is_script, person
from notifications.preferences import back_test, preferences, projects
from notifications.preferences.back_test import BackTest, Choices
from notifications.preferences.settings import settings_of


@form
def try_preferences(request: HttpRequest) -> HttpResponse:
    """The page as it was filled in, with what that would have made; for a script the sentences alone."""
    inbox = status_for(request)
    try:
        with transaction.atomic():
            views.save(request)
            choices = _choices(person(request).pk, open_ways=channel_status.load(inbox))
            shown: dict[str, Any] = {} if is_script(request) else views.shown(request)
            # Saved only to be checked and read as it would be, and let go of before anything is worked out.
            transaction.set_rollback(True)
    except Refused as refused:
        return views.refuse(request, refused)
    words = sentences(back_test.run(inbox.user_id, choices=choices, now=inbox.now))
    if is_script(request):
        return JsonResponse({"words": words})
    # Made from what is stored still.
    shown |= {"made_from": request.POST.get("made_from", "{}"), "tried_words": words}
    return render(request, "carillon/notifications/preferences.html", shown)


def sentences(found: BackTest) -> str:
    """Say to the person what the back-test found."""
    if not found.events:
        return _("Nothing came to you in the last {days} days.").format(days=back_test.DAYS)
    said = ngettext(
        "With these settings the last {days} days would have been {n} interruption instead of {really}.",
        "With these settings the last {days} days would have been {n} interruptions instead of {really}.",
        found.with_these,
    ).format(days=back_test.DAYS, n=found.with_these, really=found.really)
    if found.missed:
        missed = ngettext(
            "You would have missed {n} critical one.", "You would have missed {n} critical ones.", found.missed
        )
        said = f"{said} {missed.format(n=found.missed)}"
    if found.is_cut:
        said = f"{said} {_('Counted over your latest {n} events.').format(n=back_test.MOST_EVENTS)}"
    return said


def _choices(user_id: int, *, open_ways: dict[str, channel_status.ChannelStatus]) -> Choices:
    reaching = {"in_app", *(name for name, status in open_ways.items() if status.is_open)}
    return Choices(preferences.ensure(user_id), settings_of(user_id), list(projects.scopes_of(user_id)), reaching)
