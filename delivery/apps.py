from importlib import import_module

from django.apps import AppConfig, apps


class DeliveryConfig(AppConfig):
    name = "delivery"
    label = "carillon_delivery"
    verbose_name = "Delivery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models must be loaded first. The outbox puts every channel it finds into the registry of the floor below.
        import_module("delivery.channels").discover()
        import_module("delivery.outbox.outbox").install()
        import_module("delivery.pages.channel_status").install()
        if apps.is_installed("anymail"):
            import_module("delivery.address_health.bounces")
