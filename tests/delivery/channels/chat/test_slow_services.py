"""A chat service that hangs, beside others."""

from __future__ import annotations

import asyncio

from delivery.channels import Outcome, turns
from delivery.channels.chat import channel
from tests.delivery.factories.chat_messages import CHAT, outgoing
from tests.delivery.fakes.http_receiver import Reply


def test_a_service_that_hangs_costs_the_others_nothing_and_what_waits_behind_it_no_try(receiver, monkeypatch):
    monkeypatch.setattr(channel, "LONGEST_ATTEMPT", 2.0)
    monkeypatch.setattr(turns, "STALLED_AFTER", 0.5)
    receiver.by_path["/hangs"] = Reply(hang=True)
    hanging = [outgoing(f"json://localhost:{receiver.port}/hangs") for _ in range(12)]
    others = [outgoing(f"json://127.0.0.1:{receiver.port}/room") for _ in range(12)]

    async def run() -> list[Outcome]:
        async with CHAT.session() as session:
            return await asyncio.gather(*[session.send(one) for one in hanging + others])

    outcomes = asyncio.run(run())
    assert {one.state for one in outcomes[12:]} == {"sent"}
    assert [one.reason for one in outcomes[:12]] == ["timeout"] * 4 + ["queue"] * 8
    assert [one.whose for one in outcomes[:12]] == ["unknown"] * 4 + ["ours"] * 8
