"""`serve` or a worker that is killed, with its group, while it sends: `dying_sender POINT serve|worker ...`.

`number`, `route`: events have their positions, people their rows, and nothing is committed. `claiming`: a claim is
written and not committed. `claim`: right after a claim has been committed. `send`: the receiver has the request, we
don't have its answer. `settle`: the answer is here, what it means is written, and not committed. `rescue`, `recover`:
what they found is taken back or opened, and not committed.
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


def after(module: Any, name: str) -> None:
    """Die when this function has done something."""
    function = getattr(module, name)

    def do_and_die(*args: Any, **kwargs: Any) -> Any:
        if done := function(*args, **kwargs):
            die()
        return done

    setattr(module, name, do_and_die)


def at_number() -> None:
    from events.dispatch import sequencer

    number = sequencer._number

    def number_and_die(*args: Any, **kwargs: Any) -> Any:
        numbered = number(*args, **kwargs)
        if numbered.count:
            die()
        return numbered

    sequencer._number = number_and_die


def at_route() -> None:
    from notifications.routing import writer

    writer._update_inboxes = die


def at_claiming() -> None:
    from delivery.outbox import lease

    after(lease, "take")


def at_rescue() -> None:
    from delivery.outbox import rescue

    after(rescue, "_leave_unknown")


def at_recover() -> None:
    from delivery.outbox import recover

    recover._open = die


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
    from delivery.channels.webhook.session import WebhookSession

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


POINTS = {
    "number": at_number,
    "route": at_route,
    "claiming": at_claiming,
    "claim": at_claim,
    "send": at_send,
    "settle": at_settle,
    "rescue": at_rescue,
    "recover": at_recover,
}

if __name__ == "__main__":
    point, program = sys.argv[1:3]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    POINTS[point]()
    if program == "serve":
        from django.core.management import execute_from_command_line

        execute_from_command_line(["manage.py", *sys.argv[2:]])
    else:
        from config.celery import app

        app.worker_main(sys.argv[2:])
