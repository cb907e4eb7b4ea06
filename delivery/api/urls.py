"""The whole API, in the namespace `carillon_api`: every floor's part, the OpenAPI document and its page."""

from django.urls import include, re_path

from delivery.api import address_views, asyncapi, delivery_views, destination_views, docs
from events.rest.converters import path
from events.rest.views import MissingView

app_name = "carillon_api"

urlpatterns = [
    path("", include("events.api.urls")),
    path("", include("notifications.api.urls")),
    path("notifications/channels", address_views.AddressesView.as_view(), name="channels"),
    path("notifications/channels/<bigint:channel_id>", address_views.AddressView.as_view(), name="channel"),
    path("notifications/channels/<bigint:channel_id>/test", address_views.TestView.as_view(), name="test"),
    path("notifications/channels/<bigint:channel_id>/verify", address_views.VerifyView.as_view(), name="verify"),
    path(
        "notifications/channels/<bigint:channel_id>/rotate-secret",
        address_views.RotateSecretView.as_view(),
        name="rotate-secret",
    ),
    path("notifications/channels/<bigint:channel_id>/recover", address_views.RecoverView.as_view(), name="recover"),
    path("notifications/why-not", delivery_views.WhyNotView.as_view(), name="why-not"),
    path("destinations", destination_views.DestinationsView.as_view(), name="destinations"),
    path("destinations/<bigint:destination_id>", destination_views.DestinationView.as_view(), name="destination"),
    path("destinations/<bigint:destination_id>/test", destination_views.TestView.as_view(), name="destination-test"),
    path(
        "destinations/<bigint:destination_id>/rotate-secret",
        destination_views.RotateSecretView.as_view(),
        name="destination-rotate-secret",
    ),
    path(
        "destinations/<bigint:destination_id>/recover",
        destination_views.RecoverView.as_view(),
        name="destination-recover",
    ),
    path("deliveries", delivery_views.DeliveriesView.as_view(), name="deliveries"),
    path("deliveries/<bigint:delivery_id>", delivery_views.DeliveryView.as_view(), name="delivery"),
    path("deliveries/<bigint:delivery_id>/resend", delivery_views.ResendView.as_view(), name="resend"),
    path("events/<bigint:event_id>/explain", delivery_views.ExplainView.as_view(), name="explain"),
    path("schema", docs.DocumentView.as_view(), name="schema"),
    path("asyncapi.json", asyncapi.asyncapi, name="asyncapi"),
    path("docs", docs.docs_page, name="docs"),
    path("docs/try", docs.try_page, name="try"),
    re_path("", MissingView.as_view()),
]
