"""Queues a workflow on a ComfyUI server for a person."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db.models import Model

from events.entities import Entity, entity_of
from events.sources.comfyui import protocol, store
from events.sources.comfyui.client import Server
from events.sources.comfyui.protocol import Queued


def submit(
    workflow: dict[str, Any],
    *,
    url: str,
    actor: User | int | None = None,
    source: Model | Entity | None = None,
    project_id: int | None = None,
    title: str = "",
) -> str:
    """Queue a workflow (API format) for a person; the prompt's id. Its events are about `source`, or a job of its own.

    ComfyuiError if the server is away or refuses; then nothing is published.
    """
    prompt_id: str = async_to_sync(asubmit)(
        workflow,
        server=Server(url),
        actor_id=actor.pk if isinstance(actor, User) else actor,
        source=None if source is None else entity_of(source),
        project_id=project_id,
        title=title,
    )
    return prompt_id


async def asubmit(
    workflow: dict[str, Any],
    *,
    server: Server,
    actor_id: int | None,
    source: Entity | None,
    project_id: int | None,
    title: str,
) -> str:
    """Queue a workflow from a coroutine; the prompt's id. ComfyuiError if the server is away or refuses."""
    declared = {"actor": actor_id, "source": str(source) if source else None, "project": project_id, "title": title}
    declared = {name: value for name, value in declared.items() if value}
    prompt_id = await server.submit(workflow, extra_data={protocol.HEADER: declared})
    # Should this process end here, the bridge finds the same in the queue.
    await database_sync_to_async(store.adopt)(Queued(prompt_id, len(workflow), declared), url=server.url)
    return prompt_id
