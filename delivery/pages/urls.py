"""Addresses of the pages, included at the root."""

from delivery.pages import address_views, delivery_views, first_steps, link_views, pulse_views, why_not_view
from delivery.pages.catalogue import views as catalogue_views
from delivery.pages.destinations import views as destination_views
from delivery.pages.publish import views as publish_views
from events.rest.converters import path

urlpatterns = [
    path("catalogue/", catalogue_views.catalogue_page, name="catalogue"),
    path("events/publish/", publish_views.publish_page, name="publish"),
    path("deliveries/", delivery_views.deliveries_page, name="deliveries"),
    path("deliveries/<bigint:delivery_id>/resend/", delivery_views.resend, name="delivery-resend"),
    path("deliveries/retry/", delivery_views.retry_all, name="deliveries-retry"),
    path("notifications/why-not/", why_not_view.why_not_page, name="why-not"),
    path("pulse/", pulse_views.pulse_page, name="pulse"),
    path("pulse/live/", pulse_views.pulse_page, {"template": "pulse_live.html"}, name="pulse-live"),
    path("first-steps/bell/", first_steps.say, {"what": "bell"}, name="first-steps-bell"),
    path("first-steps/dismiss/", first_steps.say, {"what": "dismissed"}, name="first-steps-dismiss"),
    path("first-steps/key/", first_steps.make_key, name="first-steps-key"),
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
    path("destinations/", destination_views.destinations_page, name="destinations"),
    path("destinations/<bigint:destination_id>/", destination_views.destination_page, name="destination"),
    path("destinations/<bigint:destination_id>/change/", destination_views.change, name="destination-change"),
    path("destinations/<bigint:destination_id>/test/", destination_views.test, name="destination-test"),
    path("destinations/<bigint:destination_id>/switch/", destination_views.switch, name="destination-switch"),
    path("destinations/<bigint:destination_id>/recover/", destination_views.recover, name="destination-recover"),
    path("destinations/<bigint:destination_id>/retry/", destination_views.retry, name="destination-retry"),
    path("destinations/<bigint:destination_id>/rotate-secret/", destination_views.rotate, name="destination-rotate"),
    path("destinations/<bigint:destination_id>/delete/", destination_views.delete, name="destination-delete"),
    path("unsubscribe/", link_views.unsubscribe, {"token": ""}),
    path("unsubscribe/<str:token>/", link_views.unsubscribe, name="unsubscribe"),
    path("acknowledge/", link_views.acknowledge, {"token": ""}),
    path("acknowledge/<str:token>/", link_views.acknowledge, name="acknowledge-link"),
    path("mute/", link_views.mute, {"token": ""}),
    path("mute/<str:token>/", link_views.mute, name="mute-link"),
    path("confirm/", link_views.confirm_address, {"token": ""}),
    path("confirm/<str:token>/", link_views.confirm_address, name="confirm-address"),
]
