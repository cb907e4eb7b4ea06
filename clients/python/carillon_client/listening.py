"""The socket: connected again when it is cut off, resumed from the last frame, nothing twice and nothing left out.

It needs `websockets`, which is the extra `carillon-client[socket]`.
"""

import json
import random
import time
from collections.abc import Generator, Iterator

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from carillon_client.errors import RefusedError
from carillon_client.messages import Frame

PATH = "/ws/notifications/"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
MAX_FRAME = 16 * 1024 * 1024
UNAUTHENTICATED, TOO_MANY = 4401, 4429


def listen(url: str, *, key: str, seq: int | None = None, timeout: float = 30.0) -> Generator[Frame, None, None]:
    """Yield the frames of a site's socket, for good.

    `seq`: of the last frame that was worked on, from where to go on; `timeout`: seconds for a connection to open. It is
    pinged every 20 s, and given up 20 s later. Raises RefusedError if the key doesn't hold.
    """
    place, failures, headers = Place(seq), 0, {"Authorization": f"Bearer {key}"}
    while True:
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**failures)
        address = f"{url.replace('http', 'ws', 1)}{PATH}" + (f"?seq={place.seq}" if place.seq is not None else "")
        try:
            with connect(address, additional_headers=headers, open_timeout=timeout, max_size=MAX_FRAME) as socket:
                for frame in _frames(socket, place):
                    failures = 0 if frame["type"] == "hello" else failures
                    yield frame
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            if code == UNAUTHENTICATED:
                detail = "The key is not valid any more."
                raise RefusedError(401, code="unauthenticated", detail=detail, errors=[]) from closed
            longest = LONGEST_PAUSE if code == TOO_MANY else longest
        except InvalidStatus as refused:
            status = refused.response.status_code
            if status < 500 and status != 429:
                detail = f"There is no socket at {address}."
                raise RefusedError(status, code="unknown", detail=detail, errors=[]) from refused
        except (OSError, WebSocketException):
            pass  # It tries again.
        # Full jitter: a thousand clients that lost one server don't come back in the same moment.
        time.sleep(random.random() * longest)
        failures = min(failures + 1, 10)


class Place:
    """Number of the last frame that was handed on, None before the first."""

    def __init__(self, seq: int | None) -> None:
        self.seq = seq
        self.is_resuming = False

    def misses_some(self, seq: int) -> bool:
        return self.seq is not None and seq > self.seq + 1


def _frames(socket: ClientConnection, place: Place) -> Iterator[Frame]:
    place.is_resuming = False
    for text in socket:
        frame: Frame = json.loads(text)
        seq, is_hello = frame.get("seq") or None, frame["type"] == "hello"
        if is_hello:
            place.is_resuming = False
        elif seq is not None and place.misses_some(seq):
            if not place.is_resuming:
                socket.send(json.dumps({"type": "resume", "seq": place.seq}))
            place.is_resuming = True
            continue
        elif seq is not None and place.seq is not None and seq <= place.seq:
            continue
        if is_hello or seq is not None:
            place.seq = frame["seq"]
        yield frame
