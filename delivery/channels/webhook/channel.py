"""Webhooks: signed POST requests to URLs that people give, as Standard Webhooks or CloudEvents.

The URLs are a stranger's. Nothing is sent to an address that the policy forbids, names are looked up here and only
here, redirects are not followed, proxies of the environment are not used, and one deadline covers an attempt from the
first lookup to the last byte.
"""

from __future__ import annotations

import resource
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery import channels, reasons
from delivery.channels import Channel, Checked, Frozen, Outgoing
from delivery.channels.network import resolver
from delivery.channels.network.address_policy import policy
from delivery.channels.webhook import signing
from delivery.channels.webhook.body import frozen
from delivery.channels.webhook.url import parse
from delivery.conf import conf
from delivery.errors import AddressRefused
from events.accounts import User

if TYPE_CHECKING:
    from delivery.channels.webhook.session import WebhookSession

# How long saving waits for a resolver, in seconds: whoever saves holds one of the few turns of a web process. Whatever
# comes of it, each attempt asks again.
LOOKUP_ON_SAVE = 0.5
# Lookups for who saves may hang too, and must leave room for those of attempts in the same process.
_lookups_on_save = threading.BoundedSemaphore(16)


def _slots() -> int:
    """Count the attempts that one loop makes use of. With those that hang they take half of the files of a process."""
    return min(512, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4)


class Webhook(Channel):
    name = "webhook"
    label = gettext_lazy("Webhook")
    target_field = "url"
    slots = _slots()
    per_address = 8
    most_hanging = slots
    deadline = float(conf.WEBHOOK_TIMEOUT_SECONDS)

    def check(self, target: str, *, user: User) -> Checked:
        """Ask the resolver, for LOOKUP_ON_SAVE seconds at most. Raises AddressRefused."""
        url = parse(target)
        try:
            addresses = [url.host] if url.is_address else _lookup(url.host)
            resolver.vet(url.host, addresses, policy=policy())
        except resolver.BlockedAddressError:
            raise AddressRefused(reasons.sentence("blocked_address"), code="blocked_address", field="url") from None
        except resolver.NameLookupError:
            detail = _("We couldn't find %(host)s. Check its spelling.") % {"host": url.host}
            raise AddressRefused(detail, code="unknown_host", field="url") from None
        except (resolver.ResolverError, TimeoutError):
            # Not the owner's fault, and nothing is sent without the same check.
            pass
        secret = self.new_secret()
        return Checked(target=url.url, secret=secret, shown_once=secret)

    def new_secret(self) -> str:
        return signing.new_secret()

    def freeze(self, outgoing: Outgoing) -> Frozen:
        return frozen(outgoing)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[WebhookSession]:
        # aiohttp takes 6 MB and a tenth of a second: processes that send no webhook do without.
        from delivery.channels.webhook import session  # noqa: PLC0415

        async with session.opened(deadline=self.deadline) as opened:
            yield opened


def _lookup(host: str) -> list[str]:
    return resolver.looking_up(host, free=_lookups_on_save).result(LOOKUP_ON_SAVE)


channels.register(Webhook())
