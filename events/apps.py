from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from events.db import lookups


class EventsConfig(AppConfig):
    name = "events"
    label = "carillon_events"
    verbose_name = "Events"
    default_auto_field = "django.db.models.BigAutoField"
    # What the sweeper calls every second, after those of the floors below.
    sweeps = ("events.sweep.sweep", "events.sources.jobs.lifecycle.sweep")

    def ready(self) -> None:
        lookups.register()
        # It registers its check with Django.
        import_module("events.checks")
        # Imported here: it needs the models, which are not there while apps are being found.
        import_module("events.sources.jobs.celery_signals").connect()
        # A platform's apps keep their durable subscribers in a module of this name.
        autodiscover_modules("event_subscribers")
        # Audiences by code in one of this name: types may have them among their rules.
        autodiscover_modules("event_audiences")
        # And the types of events they publish in one of this name; `migrate` puts them into the table.
        autodiscover_modules("event_types")
        post_migrate.connect(import_module("events.declarations").sync, sender=self)
