"""`manage.py import_django_notifications`: what people have in django-notifications-hq, into their Carillon feeds."""

import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections
from tqdm import tqdm

from delivery.conf import conf
from events import audit
from events.db import clock
from events.management.migrated import MigratedCommand
from notifications.importing import history
from notifications.importing.django_notifications import Table, UnfitTableError


class Command(MigratedCommand):
    help = (
        "Bring the notifications of django-notifications-hq into the feeds, with what is read and unread. Nobody is "
        "told of them. Run it again after it was stopped, or once more later: nothing comes twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--table", default="notifications_notification", help="its table (default: %(default)s)")
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=sorted(connections),
            help="the alias in DATABASES where that table and its content types are (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days = conf.NOTIFICATION_RETENTION_DAYS
        try:
            table = Table(options["table"], alias=options["database"])
        except UnfitTableError as error:
            raise CommandError(f"Nothing imported: {error}. Name it by --table, its database by --database.") from error
        audit.note_command("import_django_notifications", text=f"begins with {table.name}")
        # Shown where somebody looks at it. Not by self.stderr: each piece of it is red and ends in a new line.
        with tqdm(total=table.count(), unit=" rows", file=sys.stderr, disable=None) as bar:
            done = history.run(table, since=clock.now() - timedelta(days=days), progress=bar.update)
        said = (
            f"{done.imported} imported, {done.known} were already; left out: {done.deleted} deleted by their person, "
            f"{done.nobody} of people who are gone, {done.old} older than {days} days"
        )
        audit.note_command("import_django_notifications", text=said)
        self.stdout.write(f"Notifications: {said}.")
