"""Queues a workflow on a ComfyUI server for a person."""

from typing import Any

from asgiref.sync import async_to_sync
from django.db.models import Model

from events.accounts import User
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
    declared = {
        "actor": actor.pk if isinstance(actor, User) else actor,
        "source": str(entity_of(source)) if source is not None else None,
        "project": project_id,
        "title": title,
    }
    declared = {name: value for name, value in declared.items() if value}
    server = Server(url)
    prompt_id: str = async_to_sync(server.submit)(workflow, extra_data={protocol.HEADER: declared})
    # Should this process end here, the bridge finds the same in the queue.
    store.adopt(Queued(prompt_id, len(workflow), declared), url=server.url)
    return prompt_id
