"""Admin of the other project's people, with what Carillon adds to it."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from notifications.admin import PersonPages
from notifications.pages.password_form import PasswordFormOfAdmin
from tests.accounts.models import Person


@admin.register(Person)
class PersonAdmin(PersonPages, UserAdmin):  # type: ignore[type-arg]
    change_password_form = PasswordFormOfAdmin
    change_user_password_template = "admin/carillon_notifications/person_password.html"
    ordering = ("email",)
    list_display = ("email", "name")
    search_fields = ("email",)
    fieldsets = ((None, {"fields": ("email", "name", "is_active", "is_staff")}),)
