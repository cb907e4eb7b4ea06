"""One test to an address that isn't stored, while its owner waits: guarded, signed and judged as deliveries are."""

import asyncio
import math
import threading
import time
from datetime import datetime

from django.utils.translation import gettext as _

from delivery.channels import Channel, Outcome, Outgoing
from delivery.errors import TooSoon
from delivery.models import Address, Attempt, Delivery
from delivery.sender import drain
from events.transport.shared_counts import SharedCounts

# Seconds from the first lookup to the last byte, all included.
DEADLINE = 10.0
# Of one person, in so many seconds.
MOST, WINDOW = 10, 600
# At once in one process: each keeps one of its few turns until it is answered.
_at_once = threading.BoundedSemaphore(2)
_counts = SharedCounts("trials", effect="tests of new addresses are counted in each process alone", go_on_alone=True)


def attempt(address: Address, *, channel: Channel, now: datetime) -> Attempt:
    """Send one test there and say how it went; nothing is stored. Raises TooSoon."""
    _spend(address.person.pk, at=now.timestamp())
    delivery = Delivery(pk=0, address=address, kind=address.kind, purpose=Delivery.Purpose.TEST, created_at=now)
    outgoing = Outgoing(delivery, address, address.user)
    frozen = channel.freeze(outgoing)
    delivery.body, delivery.content_type = frozen.body, frozen.content_type
    if not _at_once.acquire(blocking=False):
        raise TooSoon(_("Others are testing right now. Try again in a moment."), code="too_soon", wait=int(DEADLINE))
    started = time.monotonic()
    try:
        outcome = asyncio.run(_send(outgoing, channel=channel))
    finally:
        _at_once.release()
    ms = round((time.monotonic() - started) * 1000)
    status, reason = outcome.http_status, outcome.reason
    return Attempt(outcome=outcome.state, http_status=status, reason=reason, ms=ms, started_at=now)


def reset() -> None:
    _counts.reset()


async def _send(outgoing: Outgoing, *, channel: Channel) -> Outcome:
    async with channel.session() as session:
        return await drain.outcome_of(outgoing, session=session, channel=channel, seconds=DEADLINE)


def _spend(user_id: int, *, at: float) -> None:
    if _counts.add(f"{user_id}:{int(at // WINDOW)}", 1, seconds=WINDOW, now=at) > MOST:
        detail = _("You can test %(most)d new addresses in %(minutes)d minutes. Try again later.")
        detail %= {"most": MOST, "minutes": WINDOW // 60}
        raise TooSoon(detail, code="too_many_tests", wait=math.ceil(WINDOW - at % WINDOW))
