"""Mails over one SMTP connection, beside bare smtplib sending the same rendered messages over one of its own.

The mail server is a process of its own on this machine. What the result counts begins with frozen bytes, as smtplib's
does; the figure beside it is a whole drain: claimed, rendered, sent over the channel's connections, written down.
"""

from __future__ import annotations

from statistics import median

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

MAILS = 2000
TARGET = 0.5


def measure() -> list[Result]:
    mails = scaled(MAILS)
    with (
        environment.isolated(with_redis=True) as env,
        processes.started("-m", "bench.mails.receiver", env=env) as receiver,
    ):
        smtp = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": processes.read_line(receiver)}
        smtp |= {"SMTP_USER": "", "SMTP_PASSWORD": ""}
        times: dict[str, list[float]] = processes.call("bench.mails.process", mails, env=env | smtp)
    rates = {name: mails / median(seconds) for name, seconds in times.items()}
    return [
        Result(
            name="mails over one SMTP connection",
            unit="/s",
            ours=rates["ours"],
            target=f">= {TARGET}",
            is_met=rates["ours"] >= TARGET * rates["bare"],
            compared_with="bare smtplib, same messages",
            theirs=rates["bare"],
            details={"drained with rendering and all bookkeeping": rates["drained"]},
        )
    ]
