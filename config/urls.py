"""Every address of the site, put together; /api/v1/ has a part of every floor, the OpenAPI document and its page."""

from django.apps import apps
from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.functional import lazy
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from delivery.monitoring.health import healthz, readyz
from delivery.monitoring.metrics import metrics
from events.rest.views import MissingView

api_docs = SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="carillon/api/docs.html")
api_patterns: list[URLPattern | URLResolver] = [
    path("", include("events.api.urls")),
    path("", include("notifications.api.urls")),
    path("", include("delivery.api.urls")),
    path("schema", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path("docs", api_docs, name="api-docs"),
    re_path("", MissingView.as_view()),
]

handler400 = "config.refusals.api_errors.bad_request"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="inbox"), name="home"),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("carillon/favicon.svg"))),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include(api_patterns)),
    # The site's own page, which offers to revoke the keys too.
    path("admin/password_change/", RedirectView.as_view(pattern_name="password-change")),
    path("admin/", admin.site.urls),
    path("", include("notifications.pages.urls")),
    path("", include("events.pages.urls")),
    path("", include("delivery.pages.urls")),
]
if apps.is_installed("anymail"):
    urlpatterns.append(path("anymail/", include("anymail.urls")))
