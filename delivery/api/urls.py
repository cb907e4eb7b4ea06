from delivery.api import address_views, delivery_views
from events.rest.converters import path

urlpatterns = [
    path("notifications/channels", address_views.AddressesView.as_view(), name="api-channels"),
    path("notifications/channels/<bigint:channel_id>", address_views.AddressView.as_view(), name="api-channel"),
    path("notifications/channels/<bigint:channel_id>/test", address_views.TestView.as_view(), name="api-test"),
    path("notifications/channels/<bigint:channel_id>/verify", address_views.VerifyView.as_view(), name="api-verify"),
    path(
        "notifications/channels/<bigint:channel_id>/rotate-secret",
        address_views.RotateSecretView.as_view(),
        name="api-rotate-secret",
    ),
    path("notifications/channels/<bigint:channel_id>/recover", address_views.RecoverView.as_view(), name="api-recover"),
    path("deliveries", delivery_views.DeliveriesView.as_view(), name="api-deliveries"),
    path("deliveries/<bigint:delivery_id>", delivery_views.DeliveryView.as_view(), name="api-delivery"),
    path("deliveries/<bigint:delivery_id>/resend", delivery_views.ResendView.as_view(), name="api-resend"),
    path("events/<bigint:event_id>/explain", delivery_views.ExplainView.as_view(), name="api-explain"),
]
