"""Mails, webhooks and chats of which nothing is wrong, sent beside others that are slow, hang or are refused.

Wrong are mails to a domain that takes ten seconds for each recipient, to one that never answers, and to two that
refuse; webhooks and chats that hang for ten seconds, and such as nobody listens to.
"""

from __future__ import annotations

from statistics import median

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

COUNTS = {"email": 1000, "webhook": 2000, "chat": 400}
NAMES = {"email": "mails", "webhook": "webhooks", "chat": "chats"}
TARGET = 0.9


def measure() -> list[Result]:
    counts = {channel: scaled(count) for channel, count in COUNTS.items()}
    with (
        environment.isolated(with_redis=True) as env,
        processes.started("-m", "bench.beside.mail_server", env=env) as mail_server,
        processes.started("-m", "bench.webhooks.receiver", env=env) as receiver,
    ):
        settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": processes.read_line(mail_server)}
        settings |= {"SMTP_USER": "", "SMTP_PASSWORD": "", "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
        url = f"http://127.0.0.1:{processes.read_line(receiver)}"
        times = processes.call("bench.beside.process", url, counts, env=env | settings, timeout=900.0)
    return [_result(channel, count, times) for channel, count in counts.items()]


def _result(channel: str, count: int, times: dict[str, list[dict[str, float]]]) -> Result:
    beside, alone = (count / median(one[channel] for one in times[way]) for way in ("beside", "alone"))
    name = f"{NAMES[channel]} beside slow, hanging and refusing servers"
    return Result(name, "/s", beside, f">= {TARGET}", beside >= TARGET * alone, compared_with="alone", theirs=alone)
