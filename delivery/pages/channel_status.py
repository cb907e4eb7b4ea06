"""Provider of the channel status for the preferences of the floor below."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.urls import reverse

from delivery import addresses, channels
from delivery.models import Address
from delivery.pages import address_cards
from notifications.pages.inbox_status import Standing
from notifications.pages.preferences import channel_status
from notifications.pages.preferences.channel_status import Place, Way


def install() -> None:
    channel_status.tell_with(ways_of)


def ways_of(standing: Standing) -> Mapping[str, Way]:
    """Addresses in use; where there is none, those that were switched off. Two queries, as for the list of channels."""
    rows = addresses.of(User.objects.get(pk=standing.user_id))
    return {name: _way(name, [row for row in rows if row.kind == name], standing) for name in channels.installed()}


def _way(kind: str, rows: list[Address], standing: Standing) -> Way:
    in_use = [row for row in rows if row.is_enabled]
    return Way(f"{reverse('channel-add')}?kind={kind}", [_place(row, standing) for row in in_use or rows])


def _place(row: Address, standing: Standing) -> Place:
    card = address_cards.card_of(row, dead=0, standing=standing)
    takes_tests = row.is_enabled and row.verified_at is not None
    return Place(
        id=row.pk,
        target=card["target"],
        state=card["state"],
        tone=card["tone"],
        page=reverse("channel", args=[row.pk]),
        test=reverse("channel-test", args=[row.pk]) if takes_tests else "",
    )
