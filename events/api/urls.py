from events.api.event_type_views import EventTypesView
from events.api.event_views import EventsView
from events.api.member_views import MembersView, MemberView
from events.rest.converters import path

urlpatterns = [
    path("events", EventsView.as_view(), name="api-events"),
    path("event-types", EventTypesView.as_view(), name="api-event-types"),
    path("entities/<str:entity_type>/<bigint:entity_id>/members", MembersView.as_view(), name="api-members"),
    path(
        "entities/<str:entity_type>/<bigint:entity_id>/members/<bigint:user_id>",
        MemberView.as_view(),
        name="api-member",
    ),
]
