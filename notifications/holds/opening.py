"""Opening of rows that waited for themselves alone, each a delivery of its own, within the hours of their people."""

from collections.abc import Sequence
from datetime import datetime

from events.db.rows import update_rows
from notifications import channels
from notifications.channels import Opened
from notifications.conf import conf
from notifications.holds import hourly_cap
from notifications.models import Hold, Inbox, Notification


def open_rows(rows: Sequence[tuple[Inbox, Opened]], *, now: datetime) -> dict[int, datetime]:
    """Open the rows now; where their person's hour is full, they wait for its end, which is returned by person.

    Three queries at most, none without rows, and those of the channels. Needs the locks of the inboxes.
    """
    going: list[Opened] = []
    waiting: list[tuple[int, str, datetime]] = []
    ends: dict[int, datetime] = {}
    for inbox, row in rows:
        until = None
        if most := conf.HOURLY_CAPS.get(row.channel):
            inbox.hourly, until = hourly_cap.add(inbox.hourly, name=row.channel, most=most, now=now.timestamp())
        if until:
            waiting.append((row.notification_id, Hold.BURST.value, until))
            ends[row.user_id] = min(until, ends.get(row.user_id, until))
        else:
            going.append(row)
    columns = {"id": "bigint", "hold": "text", "hold_until": "timestamptz"}
    update_rows("notifications", columns=columns, rows=waiting)
    hours = {inbox.user_id: inbox.hourly for inbox, _row in rows}
    columns = {"user_id": "bigint", "hourly": "text"}
    update_rows("inboxes", key="user_id", columns=columns, rows=list(hours.items()))
    if going:
        Notification.objects.filter(id__in_set=[row.notification_id for row in going]).update(hold=Hold.NONE)
        channels.open_rows(going)
    return ends
