from importlib import import_module

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out


class NotificationsConfig(AppConfig):
    name = "notifications"
    label = "carillon_notifications"
    verbose_name = "Notifications"
    default_auto_field = "django.db.models.BigAutoField"
    # What the sweeper calls every second, after those of the floors below.
    sweeps = ("notifications.sweep.sweep",)

    def ready(self) -> None:
        # Models must be loaded first: the router registers itself as a subscriber of the log.
        import_module("notifications.routing.router")
        sessions = import_module("notifications.websocket.authentication")
        user_logged_in.connect(sessions.end_on_login, dispatch_uid="carillon.end_sockets")
        user_logged_out.connect(sessions.end_on_logout, dispatch_uid="carillon.end_sockets")
