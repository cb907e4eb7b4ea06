"""The usual consumer, which our hub is compared with: each socket in its person's group."""

from __future__ import annotations

from typing import Any

import django

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402


class GroupConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    channel_layer_alias = "groups"

    async def connect(self) -> None:
        self.group = f"user.{self.scope['query_string'].decode()}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def frame(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


application = GroupConsumer.as_asgi()
