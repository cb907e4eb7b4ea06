from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

HERE = Path(__file__).resolve().parents[1]
FLOORS = ("events", "notifications")


class DeliveryConfig(AppConfig):
    name = "delivery"
    label = "carillon_delivery"
    verbose_name = "Delivery"
    default_auto_field = "django.db.models.BigAutoField"
    # What the sweeper calls every second, after those of the floors below.
    sweeps = ("delivery.sweep.sweep",)

    def __init__(self, app_name: str, app_module: Any) -> None:
        super().__init__(app_name, app_module)
        refuse_other_floors()

    def ready(self) -> None:
        # It registers its checks with Django.
        import_module("delivery.checks")
        # Models must be loaded first. The outbox puts every channel it finds into the registry of the floor below.
        import_module("delivery.channels").discover()
        import_module("delivery.outbox.outbox").install()
        import_module("delivery.pages.channel_status").install()
        import_module("delivery.reporting.rehearsal").install()
        if apps.is_installed("anymail"):
            import_module("delivery.address_health.bounces")


def refuse_other_floors() -> None:
    """ImproperlyConfigured where the floors below are another's modules, or they or the schedule of beat, which the
    admin shows, are not installed: models, which are loaded before any system check, would fail in a sentence that says
    nothing of it."""
    for name in FLOORS:
        found = Path(str(import_module(name).__file__)).resolve().parent
        if found != HERE / name:
            raise ImproperlyConfigured(
                f"carillon.E011: the module {name!r} is {found} and not Carillon's, which is {HERE / name}; rename the "
                f"other one, or put {HERE} before it on sys.path."
            )
    for name in (*FLOORS, "django_celery_beat"):
        if not any(path == name or path.startswith(f"{name}.apps.") for path in settings.INSTALLED_APPS):
            raise ImproperlyConfigured(
                f"carillon.E010: {name!r} is not in INSTALLED_APPS and Carillon needs it; add it there."
            )
