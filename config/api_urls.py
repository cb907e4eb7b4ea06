"""/api/v1/: every floor's part, the OpenAPI document and its page."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from events.api.missing import MissingView

urlpatterns = [
    path("", include("events.api.urls")),
    path("", include("notifications.api.urls")),
    path("", include("delivery.api.urls")),
    path("schema", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path(
        "docs",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="carillon/api/docs.html"),
        name="api-docs",
    ),
    re_path("", MissingView.as_view()),
]
