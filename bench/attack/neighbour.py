"""The neighbour's requests for an inbox, made on time whatever comes of them."""

from __future__ import annotations

import http.client
import time

A_SECOND = 5
TIMEOUT = 20.0


def inbox_seconds(port: int, session: str, *, duration: float) -> list[float]:
    """Seconds that five requests a second take, each from when it was due: a wait of a second delays five of them.

    Any answer but the page counts as one that didn't come in time.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    began, taken = time.monotonic(), []
    for number in range(round(duration * A_SECOND)):
        due = began + number / A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        is_page = time.monotonic() < due + TIMEOUT and _is_page(connection, session)
        taken.append(min(TIMEOUT, time.monotonic() - due) if is_page else TIMEOUT)
    connection.close()
    return taken


def _is_page(connection: http.client.HTTPConnection, session: str) -> bool:
    try:
        connection.request("GET", "/notifications/", headers={"Cookie": f"sessionid={session}"})
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return response.status == 200
