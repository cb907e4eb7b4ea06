"""The rows of a bridge's prompts: what is called from its coroutines, in a thread that may talk to the database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from events.models import ComfyuiServer, TrackedJob
from events.sources.comfyui.protocol import Outcome, Prompt, Queued
from events.sources.jobs import lifecycle

# A bridge may be away this long before what it followed is given up; it renews that well before.
LEASE = timedelta(hours=1)


def key(prompt_id: str) -> str:
    return f"comfyui:{prompt_id}"


def begin(pk: int) -> None:
    lifecycle.start(TrackedJob(pk=pk), lease=LEASE)


def end(prompt_id: str, outcome: Outcome, last: dict[str, Any] | None) -> None:
    lifecycle.end(key(prompt_id), outcome.state, outcome.payload, last=last)


def adopt(queued: Queued, *, url: str) -> TrackedJob:
    declared = queued.declared
    about = lifecycle.facts(
        declared.get("title") or f"ComfyUI prompt {queued.prompt_id[:8]}",
        source=declared.get("source"),
        actor=declared.get("actor"),
        project_id=declared.get("project"),
        details={"prompt_id": lifecycle.text(queued.prompt_id), "server": url},
    )
    return lifecycle.submit(key(queued.prompt_id), about)


def under_way(queued: Sequence[Queued], *, url: str) -> list[Prompt]:
    """The rows of what was found, and of what an earlier run followed: those that have not ended."""
    nodes = {prompt.prompt_id: prompt.nodes for prompt in queued}
    keys = [key(prompt_id) for prompt_id in nodes]
    known = set(TrackedJob.objects.filter(key__in_set=keys).values_list("key", flat=True))
    for prompt in queued:
        if key(prompt.prompt_id) not in known:
            adopt(prompt, url=url)
    rows = TrackedJob.objects.filter(ended_at=None, key__startswith="comfyui:", details__server=url)
    rows = rows | TrackedJob.objects.filter(ended_at=None, key__in_set=keys)
    return [
        Prompt(row.pk, prompt_id, nodes=nodes.get(prompt_id, 0), is_started=row.state == TrackedJob.State.STARTED)
        for row in rows
        for prompt_id in [row.key.partition(":")[2]]
    ]


def seen_until(url: str, *, newest: int) -> int:
    """Read how far the history has been told. A server that is met for the first time has told all."""
    row, _is_new = ComfyuiServer.objects.get_or_create(url=url, defaults={"seen_until_ms": newest})
    return row.seen_until_ms


def remember(url: str, *, newest: int) -> None:
    ComfyuiServer.objects.filter(url=url, seen_until_ms__lt=newest).update(seen_until_ms=newest)
