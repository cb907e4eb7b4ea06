"""App of another project that has its own user model."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tests.accounts"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
