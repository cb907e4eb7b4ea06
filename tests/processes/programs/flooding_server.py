"""The server with an application that sends without end: `flooding_server PORT SECONDS`."""

import logging
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config.server import daphne, flow_control  # noqa: E402  they need the applications loaded

FRAME = "x" * 65536


async def flood(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        await send({"type": "websocket.send", "text": FRAME})


def announce() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    port, seconds = sys.argv[1:]
    logging.basicConfig(level=logging.INFO)
    daphne.SLOW_READER_SECONDS = float(seconds)
    # A client of a test that reads again on a busy machine needs longer than the usual second to hear the farewell.
    flow_control.Socket.closeHandshakeTimeout = 5.0
    daphne.DrainingServer(flood, host="127.0.0.1", port=int(port), ready=announce).run()
