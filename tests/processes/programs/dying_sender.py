"""`serve` or a worker that is killed, with its group, while it sends: `dying_sender POINT serve|worker ...`.

`claim`: right after a claim has been committed. `send`: the receiver has the request, we don't have its answer.
`settle`: the answer is here, what it means is written, and not committed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import django


def die(*_args: Any, **_kwargs: Any) -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)


def at_claim() -> None:
    from delivery.outbox import claim

    claim_batch = claim.claim

    def claim_and_die(*args: Any, **kwargs: Any) -> Any:
        batch = claim_batch(*args, **kwargs)
        if batch.deliveries:
            die()
        return batch

    claim.claim = claim_and_die


def at_send() -> None:
    from delivery.channels.webhook.channel import WebhookSession

    send = WebhookSession.send

    async def send_and_die(self: WebhookSession, outgoing: Any) -> Any:
        sending = asyncio.create_task(send(self, outgoing))
        await asyncio.sleep(0.3)
        die()
        return await sending

    WebhookSession.send = send_and_die  # type: ignore[method-assign]


def at_settle() -> None:
    from delivery.address_health import health

    health.record = die


if __name__ == "__main__":
    point, program = sys.argv[1:3]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    {"claim": at_claim, "send": at_send, "settle": at_settle}[point]()
    if program == "serve":
        from django.core.management import execute_from_command_line

        execute_from_command_line(["manage.py", *sys.argv[2:]])
    else:
        from config.celery import app

        app.worker_main(sys.argv[2:])
