from events.api.event_type_views import EventTypesView
from events.api.event_views import EventsView
from events.api.member_views import MembersView, MemberView
from events.api.withdrawal_views import EventView
from events.rest.converters import path

urlpatterns = [
    path("events", EventsView.as_view(), name="events"),
    path("events/<bigint:event_id>", EventView.as_view(), name="event"),
    path("event-types", EventTypesView.as_view(), name="event-types"),
    path("entities/<str:entity_type>/<entity_id:entity_id>/members", MembersView.as_view(), name="members"),
    path(
        "entities/<str:entity_type>/<entity_id:entity_id>/members/<bigint:user_id>",
        MemberView.as_view(),
        name="member",
    ),
]
