"""Quotas of what goes out because somebody asks for it: tests, and confirmations to addresses that may be a stranger's.

They are counted from the rows, under the inbox lock of whoever asks. Only the confirmations to one mailbox are
everybody's: who asks at the same moment as others may get one more through.
"""

import math
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from delivery.errors import TooSoon
from delivery.models import Address, Delivery

Purpose = Delivery.Purpose

# Between two tests, and between two confirmations, of one address.
PAUSE = timedelta(seconds=60)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# In an hour, to all addresses of one person, or to all destinations of one project or the site.
MOST_AN_HOUR = {Purpose.TEST: 60, Purpose.CONFIRMATION: 10}
# In a day, to one mailbox under all its spellings, whoever asks.
MOST_TO_A_MAILBOX = 10


def check(address: Address, *, purpose: Purpose, now: datetime) -> None:
    """Raise TooSoon unless one more may be sent there. Two queries, for a confirmation three."""
    asked = Delivery.objects.filter(purpose=purpose)
    detail = _("We just sent one. Wait %(n)d seconds before the next.") % {"n": PAUSE.seconds}
    _check(asked.filter(address=address), most=1, within=PAUSE, now=now, code="too_soon", detail=detail)
    most = MOST_AN_HOUR[purpose]
    theirs = asked.filter(_same_owner(address))
    if purpose == Purpose.TEST:
        detail = _("You can send %(n)d tests an hour. Try again later.") % {"n": most}
        _check(theirs, most=most, within=HOUR, now=now, code="too_many_tests", detail=detail)
        return
    detail = _("You can ask for %(n)d links an hour. Try again later.") % {"n": most}
    _check(theirs, most=most, within=HOUR, now=now, code="too_many_confirmations", detail=detail)
    if address.mailbox:
        there = asked.filter(address__mailbox=address.mailbox)
        most = MOST_TO_A_MAILBOX
        detail = _("This mailbox got %(n)d links today, which is the limit. Try again later.") % {"n": most}
        _check(there, most=most, within=DAY, now=now, code="too_many_confirmations", detail=detail)


def _same_owner(address: Address) -> Q:
    if address.user_id is not None:
        return Q(address__user_id=address.user_id)
    return Q(address__destination__project_id=address.destination.project_id, address__user_id=None)


def _check(asked: QuerySet[Delivery], *, most: int, within: timedelta, now: datetime, code: str, detail: str) -> None:
    recent = asked.filter(created_at__gt=now - within).order_by("-created_at").values_list("created_at", flat=True)
    last = list(recent[:most])
    if len(last) == most:
        raise TooSoon(detail, code=code, wait=math.ceil((last[-1] + within - now).total_seconds()))
