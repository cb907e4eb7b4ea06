"""Trace of what an attempt over Apprise did, which itself only says yes or no."""

import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Trace:
    """Trace of one attempt. `sockets`: to shut down from outside when its time is up."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: Exception | None = None
    peer: str = ""
    is_aborted: bool = False
    sockets: list[socket.socket] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """True: the attempt has failed, another request would be a second attempt."""
        return self.is_aborted or self.error is not None or (self.status or 0) >= 300

    def abort(self) -> None:
        self.is_aborted = True
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
