from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from events import sets


class EventsConfig(AppConfig):
    name = "events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        sets.register()
        # A platform's apps keep their durable subscribers in a module of this name.
        autodiscover_modules("event_subscribers")
