"""The sending machine by hand, one turn after another, in the test's own transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from delivery.channels import Channel, Outcome
from delivery.outbox import claim as claims
from delivery.outbox.lease import Leased
from delivery.outbox.settle import Result
from delivery.outbox.settle import settle as settle_results
from tests.delivery.factories.deliveries import NOON


def claim(channel: Channel, *, now: datetime = NOON, free: int = 40, retries: int = 40, after: int = 0) -> list[Leased]:
    return claims.claim(channel, free=free, retries=retries, after=after, now=now).deliveries


def settle(claimed: Sequence[Leased], outcome: Outcome, *, now: datetime = NOON, ms: int = 5) -> int:
    return settle_results([Result(one, outcome, ms) for one in claimed], now=now)


def deliver(channel: Channel, *, now: datetime = NOON) -> list[Outcome]:
    """Claim what is due, send it, settle it; the outcomes in the order of the deliveries."""
    claimed = claim(channel, now=now)

    async def send() -> list[Outcome]:
        async with channel.session() as session:
            return [await session.send(one.outgoing) for one in claimed]

    outcomes = asyncio.run(send()) if claimed else []
    settle_results([Result(one, outcome, 5) for one, outcome in zip(claimed, outcomes, strict=True)], now=now)
    return outcomes


def deliver_all(channel: Channel, *, now: datetime = NOON) -> int:
    """Deliver until no more is due; the number of attempts that took."""
    total = 0
    while outcomes := deliver(channel, now=now):
        total += len(outcomes)
    return total
