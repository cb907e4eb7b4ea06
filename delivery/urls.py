"""Every page, in the namespace `carillon`: all that a project includes, under a prefix of its own or none."""

from django.urls import include, path

app_name = "carillon"
urlpatterns = [
    path("", include("notifications.pages.urls")),
    path("", include("delivery.pages.urls")),
]
