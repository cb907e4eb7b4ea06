"""The ASGI application of every web process: HTTP to Django, WebSockets to the notification socket."""

import os
from typing import Any

import django

from config.refusals.request_text import ReadableRequests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django.setup(set_prefix=False)
pages = ReadableRequests()

# What they import needs the applications loaded.
from config.server.callers import Callers  # noqa: E402
from config.server.handshakes import HandshakeRates  # noqa: E402
from config.server.proxy import described  # noqa: E402
from config.server.request_turns import RequestTurns  # noqa: E402
from notifications.websocket import consumer  # noqa: E402

callers = Callers()
requests = RequestTurns(pages, callers=callers)
sockets = HandshakeRates(consumer.application, callers=callers)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] not in ("http", "websocket"):
        raise ValueError(f"ASGI scope {scope['type']!r} is not served here; http and websocket are")
    scope = described(scope)
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    else:
        await requests(scope, receive, send)
