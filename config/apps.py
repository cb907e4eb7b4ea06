import gc

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Installed for its commands (`serve`, `web`), health pages and demo data; nobody imports it."""

    name = "config"

    def ready(self) -> None:
        """Installed last: what is loaded by now stays until the process ends. Looking through it for cycles in the
        middle of a great batch costs tens of milliseconds each time."""
        gc.freeze()
