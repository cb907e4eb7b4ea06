"""/notifications/preferences and /notifications/settings: what people chose."""

from rest_framework.request import Request
from rest_framework.response import Response

from events.db import clock
from events.models import EventType
from events.rest.errors import missing_is_404
from events.rest.openapi import documented
from events.rest.pagination import listed
from events.rest.strict import body_of, user_id_of
from events.rest.views import ApiView
from notifications.api.serializers import PreferenceIn, PreferenceOut, SettingsIn, SettingsOut
from notifications.inbox import marking
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings, settings_as_json, settings_of


class PreferencesView(ApiView):
    @documented(
        "list_preferences",
        summary="List your preferences for all event types, on one page",
        answers={200: PreferenceOut(many=True)},
    )
    def get(self, request: Request) -> Response:
        return listed(request, [preferences.as_json(row) for row in preferences.ensure(user_id_of(request))])


class PreferenceView(ApiView):
    @documented(
        "put_preference",
        summary="Change what you named of your preference for one event type",
        request=PreferenceIn,
        answers={200: PreferenceOut},
        refusals=[404],
    )
    def put(self, request: Request, event_type_id: int) -> Response:
        changes = body_of(request, as_=PreferenceIn)
        with missing_is_404(EventType):
            row = preferences.change(user_id_of(request), event_type_id=event_type_id, now=clock.estimate(), **changes)
        return Response(preferences.as_json(row))

    @documented(
        "delete_preference",
        summary="Take your choice for one event type back: its default counts again, or a project's",
        answers={204: None},
        refusals=[404],
    )
    def delete(self, request: Request, event_type_id: int) -> Response:
        with missing_is_404(EventType):
            preferences.forget(user_id_of(request), event_type_id=event_type_id)
        return Response(status=204)


class SettingsView(ApiView):
    @documented("show_settings", summary="Show your settings", answers={200: SettingsOut})
    def get(self, request: Request) -> Response:
        settings = settings_of(user_id_of(request))
        return Response(settings_as_json(settings, now=clock.estimate()))

    @documented(
        "put_settings",
        summary="Change what you named of your settings",
        request=SettingsIn,
        answers={200: SettingsOut},
        changes_inbox=True,
    )
    def put(self, request: Request) -> Response:
        changes, now, user_id = body_of(request, as_=SettingsIn), clock.estimate(), user_id_of(request)
        settings = change_settings(user_id, now=now, **changes)
        return Response(settings_as_json(settings, now=now), headers=marking.state(user_id).headers)
