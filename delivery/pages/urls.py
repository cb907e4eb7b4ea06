"""Addresses of the pages, included at the root."""

from delivery.pages import address_views, delivery_views, link_views, pulse_views
from events.rest.converters import path

urlpatterns = [
    path("deliveries/", delivery_views.deliveries_page, name="deliveries"),
    path("deliveries/<bigint:delivery_id>/resend/", delivery_views.resend, name="delivery-resend"),
    path("deliveries/retry/", delivery_views.retry_all, name="deliveries-retry"),
    path("pulse/", pulse_views.pulse_page, name="pulse"),
    path("pulse/live/", pulse_views.pulse_page, {"template": "pulse_live.html"}, name="pulse-live"),
    path("channels/", address_views.channels_page, name="channels"),
    path("channels/add/", address_views.add_page, name="channel-add"),
    path("channels/<bigint:channel_id>/", address_views.channel_page, name="channel"),
    path("channels/<bigint:channel_id>/change/", address_views.change, name="channel-change"),
    path("channels/<bigint:channel_id>/test/", address_views.test, name="channel-test"),
    path("channels/<bigint:channel_id>/confirm/", address_views.confirm, name="channel-confirm"),
    path("channels/<bigint:channel_id>/rotate-secret/", address_views.rotate, name="channel-rotate"),
    path("channels/<bigint:channel_id>/switch/", address_views.switch, name="channel-switch"),
    path("channels/<bigint:channel_id>/recover/", address_views.recover, name="channel-recover"),
    path("channels/<bigint:channel_id>/resend/", delivery_views.retry_channel, name="channel-resend"),
    path("unsubscribe/<str:token>/", link_views.unsubscribe, name="unsubscribe"),
    path("confirm/<str:token>/", link_views.confirm_address, name="confirm-address"),
]
