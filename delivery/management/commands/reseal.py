"""`manage.py reseal`: encrypt every secret of an address under the present SECRET_KEY."""

from typing import Any

from django.core.management.base import CommandError

from delivery.resealing import reseal_addresses
from events import audit
from events.db import clock
from events.management.migrated import MigratedCommand


class Command(MigratedCommand):
    help = "Encrypt the secrets of all addresses under SECRET_KEY; SECRET_KEY_FALLBACKS must open those from before."

    def handle(self, *args: Any, **options: Any) -> None:
        audit.note_command("reseal", text="begins with the secrets of addresses")
        done = reseal_addresses(now=clock.now())
        for address in done.unreadable:
            self.stdout.write(
                f"Not readable: address {address.pk}, {address.kind}, of {address.user or 'a destination'}."
            )
        said = f"{done.resealed} resealed, {done.current} were already, {len(done.unreadable)} can't be read"
        audit.note_command("reseal", text=said)
        self.stdout.write(f"Addresses: {said}.")
        if done.unreadable:
            raise CommandError(
                "Put the key that they were stored under into SECRET_KEY_FALLBACKS and run this again; "
                "or let their owners rotate the secret, or add the chat anew."
            )
