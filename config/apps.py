import gc
from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.signals import user_logged_in

# New objects before the young are searched for cycles: some megabytes. Sending makes some hundred for each delivery and
# hardly a cycle among them; at Python's own threshold the search takes a quarter of a drain's time.
YOUNG_OBJECTS = 50_000


class DaphneConfig(AppConfig):
    """Daphne's app without its server, for its `runserver`.

    Its own configuration imports Twisted and OpenSSL, 16 MB, into workers and beat too. The processes that serve import
    the server themselves.
    """

    name = "daphne"
    verbose_name = "Daphne"


class ConfigConfig(AppConfig):
    """Installed for its commands (`serve`, `web`), health pages and demo data; nobody imports it."""

    name = "config"
    default = True

    def ready(self) -> None:
        """Hear of who signed in, and tune the garbage collector, once for this process.

        Installed last: what is loaded by now stays until the process ends, and walking through it for cycles in the
        middle of a great batch costs tens of milliseconds each time.
        """
        # It registers its check with Django.
        import_module("config.checks")
        limits = import_module("config.sign_in.limits")
        if settings.CARILLON["DEMO"]:
            import_module("config.demo").enter_demo()
        user_logged_in.connect(limits.forgive, dispatch_uid="carillon.sign_in")
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
