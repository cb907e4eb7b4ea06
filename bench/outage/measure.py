"""Outage of the mail server with mails waiting, and of one address with a long queue: what either costs in rows, and
how soon all is sent once the server is back.

Before it comes back nothing listens on the mail server's port. One worker sends, as `manage.py serve` has one.
"""

from __future__ import annotations

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

MAILS, WAITING = 1000, 3000
# Of an outage's own: each mail leaves one more when it is sent.
MOST_ATTEMPTS, MOST_SECONDS = 50, 5.0
WORKER = ("-m", "celery", "-A", "config", "worker", "--concurrency", "2", "--loglevel", "ERROR")


def measure() -> list[Result]:
    port = processes.free_port()
    smtp = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_USER": "", "SMTP_PASSWORD": ""}
    with environment.isolated(with_redis=True) as env:
        # The queue of the dead address goes first, by a clock of its own.
        rows = processes.call("bench.outage.dead_address", scaled(WAITING), env=env)
        with processes.started(*WORKER, env=env | smtp):
            outage = processes.call("bench.outage.process", scaled(MAILS), port, env=env | smtp)
    attempts, seconds = outage["attempts"], outage["seconds"]
    return [
        Result(
            name="rows that one dead address touches of those that wait for it, in 31 hours",
            unit="rows",
            ours=rows["touched"],
            target="0",
            is_met=rows["touched"] == 0,
            details={"probes": rows["probes"]},
        ),
        Result(
            name="attempts that an outage of the mail server leaves, with 1,000 mails waiting",
            unit="rows",
            ours=attempts,
            target=f"<= {MOST_ATTEMPTS}",
            is_met=attempts <= MOST_ATTEMPTS,
            details={"seconds away": outage["away"]},
        ),
        Result(
            name="from the mail server's return to the last of them sent",
            unit="s",
            ours=seconds,
            target=f"<= {MOST_SECONDS:.0f}",
            is_met=seconds <= MOST_SECONDS,
            details={"to the first": outage["first"]},
        ),
    ]
