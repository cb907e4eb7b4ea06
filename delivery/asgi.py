"""Carillon's socket, which a project's ASGI application mounts beside its pages.

    application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": socket})

Import it after `get_asgi_application()`. Beside sockets of the project's own it is one of the routes:
`URLRouter([path("ws/notifications/", socket), ...])`. It reads the session itself: no middleware around it is needed.
"""

from notifications.websocket.consumer import application as socket

__all__ = ["socket"]
