"""Every address of the site: the pages and the API, as any project includes them, and what is this project's own."""

from django.apps import apps
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from delivery.monitoring.health import healthz, readyz
from delivery.monitoring.metrics import metrics

handler400 = "config.refusals.api_errors.bad_request"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="carillon:inbox"), name="home"),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("carillon/favicon.svg"))),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include("delivery.api.urls")),
    # The site's own page, which offers to revoke the keys too.
    path("admin/password_change/", RedirectView.as_view(pattern_name="carillon:password-change")),
    path("admin/", admin.site.urls),
    path("", include("delivery.urls")),
]
if apps.is_installed("anymail"):
    urlpatterns.append(path("anymail/", include("anymail.urls")))
