from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo import load
from notifications.pages.auth_views import DEMO_ACCOUNTS, DEMO_PASSWORD


class Command(BaseCommand):
    help = "Put in the demo's accounts, memberships and events; what is there already stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's accounts have a published password: it needs DEBUG=true.")
        load()
        self.stdout.write(f"Sign in as {', '.join(DEMO_ACCOUNTS)}; the password is {DEMO_PASSWORD}.")
