"""Addresses of the staff's pages, included at the root."""

from django.urls import path

from events.pages import publish_views

urlpatterns = [path("events/publish/", publish_views.publish_page, name="publish")]
