"""A thousand sockets on one web process: messages a second, and the memory of one that is idle."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from bench import stage
from bench.latency import free_port
from bench.lines import Line

SOCKETS, MESSAGES = 1_000, 20
TARGET, TARGET_KB = 12.0, 40.0


def measure() -> list[Line]:
    sockets, messages = stage.scaled(SOCKETS), MESSAGES
    with stage.service(with_redis=True, with_web=True) as env:
        hub_port, group_port = free_port(), free_port()
        peer = env | {"DJANGO_SETTINGS_MODULE": "bench.group_settings"}
        daphne = ("-m", "daphne", "-p", str(group_port), "-v", "0", "bench.group_asgi:application")
        with (
            stage.started("manage.py", "web", "--port", str(hub_port), env=env) as web,
            stage.started(*daphne, env=peer),
        ):
            found = stage.run("bench.sockets_process", hub_port, group_port, web.pid, sockets, messages, env=peer)
    ours, theirs = median(found["hub"]), median(found["groups"])
    return [
        Line(
            name=f"{sockets:,} sockets on one web process",
            unit="messages/s",
            ours=ours,
            target=f">= {TARGET:.0f} times",
            is_met=ours >= TARGET * theirs,
            compared_with="group_send to each person's group, RedisChannelLayer",
            theirs=theirs,
        ),
        Line(
            name=f"memory of each of {sockets:,} idle sockets",
            unit="KB",
            ours=found["kilobytes"],
            target=f"<= {TARGET_KB:.0f} KB",
            is_met=found["kilobytes"] <= TARGET_KB,
        ),
    ]


def resident(pid: int) -> float:
    """Kilobytes."""
    [line] = [one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS")]
    return float(line.split()[1])
