import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from config.server.connection_pool import closed_at_the_end, pool_connections
from config.server.daphne import DrainingServer
from config.static_files import check_collected
from events.checks.database import REFUSAL, is_older
from events.conf import conf
from events.sources import service_runs


class Command(BaseCommand):
    help = "Serve HTTP and WebSockets; SIGTERM finishes what is in flight, sends sockets away and exits 0 within 20 s."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        if is_older():
            raise CommandError(REFUSAL)
        check_collected()
        if not conf.REDIS_URL:
            self.stderr.write(
                "REDIS_URL is not set: what other processes publish shows here only after a reload. "
                "Set it, or use manage.py serve for everything in one process."
            )
        pool_connections()
        server = DrainingServer(
            import_string(settings.ASGI_APPLICATION),
            host=host,
            port=port,
            ready=lambda: self.stdout.write(f"Serving on http://{host}:{port}"),
        )
        with closed_at_the_end(), service_runs.recorded("web"):
            server.run()
        sys.exit(server.exit_code)
