"""Mails over one SMTP connection, beside bare smtplib sending the same rendered messages over one of its own.

The mail server is a process of its own on this machine. What the line counts begins with frozen bytes, as smtplib's
does; the figure beside it is a whole drain: claimed, rendered, sent over the channel's connections, written down.
"""

from __future__ import annotations

from statistics import median

from bench import stage
from bench.lines import Line

MAILS = 2000
TARGET = 0.5


def measure() -> list[Line]:
    mails = stage.scaled(MAILS)
    with stage.service(with_redis=True) as env, stage.started("-m", "bench.mail_receiver", env=env) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        over_smtp = env | {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": port, "SMTP_USER": "", "SMTP_PASSWORD": ""}
        times: dict[str, list[float]] = stage.run("bench.mails_process", mails, env=over_smtp)
    rates = {name: mails / median(seconds) for name, seconds in times.items()}
    return [
        Line(
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
