"""Addresses of the shop."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path
from django.views.generic import TemplateView
from rest_framework.routers import DefaultRouter

from shop.api import EventViewSet

router = DefaultRouter()
router.register("events", EventViewSet)
urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html"), name="home"),
    path("sign-in/", LoginView.as_view(template_name="sign_in.html"), name="sign-in"),
    path("api/", include(router.urls)),
    path("admin/", admin.site.urls),
]
