import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from config.demo import enter_demo, load
from config.server.all_in_one import embedded_database, run_all
from config.static_files import check_collected
from notifications.pages.auth_views import DEMO_ACCOUNTS, DEMO_PASSWORD


class Command(BaseCommand):
    help = "Run web server, worker, clock and sweeper in one process on a SQLite file; its tables are kept up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")
        parser.add_argument("--demo", action="store_true", help="with accounts and data to look at; needs DEBUG=true")

    def handle(self, *args: Any, host: str, port: int, demo: bool, **options: Any) -> None:
        if demo and not settings.DEBUG:
            raise CommandError("--demo makes accounts with a published password: it needs DEBUG=true.")
        check_collected()
        if "BASE_URL" not in os.environ and not settings.CSRF_TRUSTED_ORIGINS:
            settings.CARILLON["BASE_URL"] = f"http://{host}:{port}"
        with embedded_database():
            if demo:
                enter_demo()
                load()
            application = import_string(settings.ASGI_APPLICATION)
            code = run_all(application, host=host, port=port, ready=lambda: self._announce(host, port, demo=demo))
        sys.exit(code)

    def _announce(self, host: str, port: int, *, demo: bool) -> None:
        self.stdout.write(f"Carillon is at http://{host}:{port}")
        if demo:
            self.stdout.write(f"Sign in as {', '.join(DEMO_ACCOUNTS)}; the password is {DEMO_PASSWORD}. Ctrl+C stops.")
