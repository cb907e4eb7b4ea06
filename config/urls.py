"""Every address of the site, put together."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from delivery.monitoring.health import healthz, readyz
from delivery.monitoring.metrics import metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="inbox"), name="home"),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("carillon/favicon.svg"))),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include("config.api_urls")),
    path("admin/", admin.site.urls),
    path("", include("notifications.pages.urls")),
    path("", include("events.pages.urls")),
    path("", include("delivery.pages.urls")),
]
