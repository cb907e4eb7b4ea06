"""The ASGI application of every web process: HTTP to Django, WebSockets to the notification socket."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django.setup(set_prefix=False)

# What they import needs the applications loaded.
from config.handler import Handler  # noqa: E402
from config.server.callers import Callers  # noqa: E402
from config.server.connection_pool import HEALTH_CHECKS_AT_ONCE, REQUESTS_AT_ONCE  # noqa: E402
from config.server.handshakes import HandshakeRates  # noqa: E402
from config.server.proxy import described  # noqa: E402
from config.server.request_turns import HEALTH, RequestTurns  # noqa: E402
from delivery.asgi import socket  # noqa: E402

callers = Callers()
pages = Handler(threads=REQUESTS_AT_ONCE + HEALTH_CHECKS_AT_ONCE * len(HEALTH))
requests = RequestTurns(pages, callers=callers)
sockets = HandshakeRates(socket, callers=callers)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] not in ("http", "websocket"):
        raise ValueError(f"ASGI scope {scope['type']!r} is not served here; http and websocket are")
    scope = described(scope)
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    else:
        await requests(scope, receive, send)
