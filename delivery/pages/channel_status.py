"""Provider of the channel status for the preferences of the floor below."""

from collections.abc import Mapping

from django.urls import reverse

from delivery import addresses, channels
from delivery.models import Address
from delivery.pages import address_cards
from delivery.pages.delivery_list import short_target
from events import accounts
from notifications.pages.inbox_status import InboxStatus
from notifications.pages.preferences import channel_status
from notifications.pages.preferences.channel_status import AddressStatus, ChannelStatus


def install() -> None:
    channel_status.register_provider(statuses_of)


def statuses_of(inbox: InboxStatus) -> Mapping[str, ChannelStatus]:
    """Addresses in use; where there is none, those that were switched off. Two queries; some more when the account's
    e-mail has changed since."""
    rows = addresses.of(accounts.everyone().get(pk=inbox.user_id))
    return {
        name: _channel_status(name, [row for row in rows if row.kind == name], inbox) for name in channels.installed()
    }


def _channel_status(kind: str, rows: list[Address], inbox: InboxStatus) -> ChannelStatus:
    in_use = [row for row in rows if row.is_enabled]
    return ChannelStatus(
        f"{reverse('carillon:channel-add')}?kind={kind}", [_address_status(row, inbox) for row in in_use or rows]
    )


def _address_status(row: Address, inbox: InboxStatus) -> AddressStatus:
    state, tone, _about = address_cards.status_of(row, dead=0, inbox=inbox)
    takes_tests = row.is_enabled and row.verified_at is not None
    return AddressStatus(
        id=row.pk,
        target=short_target(row.masked_target),
        state=state,
        tone=tone,
        page=reverse("carillon:channel", args=[row.pk]),
        test=reverse("carillon:channel-test", args=[row.pk]) if takes_tests else "",
    )
