from django.urls import path

from events.pages import catalogue_views, publish_views

urlpatterns = [
    path("events/publish/", publish_views.publish_page, name="publish"),
    path("catalogue/", catalogue_views.catalogue_page, name="catalogue"),
]
