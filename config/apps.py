from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Installed for its commands (`serve`, `web`), health pages and demo data; nobody imports it."""

    name = "config"
