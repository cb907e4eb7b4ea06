"""A thousand sockets on one web process: messages a second, and the memory of one that is idle."""

from __future__ import annotations

import sys
from statistics import median

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result
from bench.sockets import nchan

SOCKETS, MESSAGES = 1_000, 20
TARGET, TARGET_NCHAN, TARGET_KB = 12.0, 0.8, 40.0


def measure() -> list[Result]:
    sockets = scaled(SOCKETS)
    hub_port, group_port = processes.free_port(), processes.free_port()
    daphne = ("-m", "daphne", "-p", str(group_port), "-v", "0", "bench.sockets.group_asgi:application")
    with environment.isolated(with_redis=True, with_web=True) as env:
        peer_env = env | {"DJANGO_SETTINGS_MODULE": "bench.sockets.group_settings"}
        with (
            processes.started("manage.py", "web", "--port", str(hub_port), env=env) as web,
            processes.started(*daphne, env=peer_env),
            nchan.started() as peer,
        ):
            figures = processes.call(
                "bench.sockets.process",
                hub_port,
                group_port,
                peer.port if peer else 0,
                web.pid,
                sockets,
                MESSAGES,
                env=peer_env,
            )
    ours, theirs, kilobytes = median(figures["hub"]), median(figures["groups"]), figures["kilobytes"]
    name = f"{sockets:,} sockets on one web process"
    results = [
        Result(
            name=name,
            unit="messages/s",
            ours=ours,
            target=f">= {TARGET:.0f} times",
            is_met=ours >= TARGET * theirs,
            compared_with="group_send to each person's group, RedisChannelLayer",
            theirs=theirs,
        ),
        Result(
            name=f"memory of each of {sockets:,} idle sockets",
            unit="KB",
            ours=kilobytes,
            target=f"<= {TARGET_KB:.0f} KB",
            is_met=kilobytes <= TARGET_KB,
        ),
    ]
    if not figures["nchan"]:
        print("Left out, no nchan: install nginx and libnginx-mod-nchan (Debian)", file=sys.stderr)
        return results
    bare = median(figures["nchan"])
    return [
        *results,
        Result(
            name=name,
            unit="messages/s",
            ours=ours,
            target=f">= {TARGET_NCHAN} of it",
            is_met=ours >= TARGET_NCHAN * bare,
            compared_with="nginx with nchan, the same client",
            theirs=bare,
        ),
    ]
