"""The status of an answer, read from its first line and kept whatever becomes of the rest.

aiohttp gives an answer out once all of its headers are read, and none when one of them is broken. By then the receiver
has said whether it took the message.
"""

import functools
import re
from typing import Any

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler

_FINAL = re.compile(rb"[\r\n]*HTTP/\d(?:\.\d)?[ \t]+(101|[2-9]\d\d)(?:[ \t][^\n]*)?\r?\n")
# Interim answers, each to its empty line: 100 Continue, 103 Early Hints.
_INTERIM = re.compile(rb"[\r\n]*HTTP/\d(?:\.\d)?[ \t]+1\d\d(?:[ \t][^\n]*)?\r?\n(?:[^\r\n][^\n]*\n)*\r?\n")
# No status within so many bytes: none is looked for any more.
_LONGEST = 64 * 1024


class StatusKeeper(ResponseHandler):
    """Connection that knows the final status of the answer being read: `status`, or 0 before its line is complete."""

    status = 0
    _head = b""

    def set_response_params(self, **params: Any) -> None:
        """Begin with an answer of its own: the connection is used for one request after another."""
        self.status, self._head = 0, b""
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        if not self.status and len(self._head) < _LONGEST:
            self._look(self._head + data)
        super().data_received(data)

    def _look(self, head: bytes) -> None:
        while interim := _INTERIM.match(head):
            head = head[interim.end() :]
        self._head = head
        if final := _FINAL.match(head):
            self.status, self._head = int(final[1]), b""


class Connector(TCPConnector):
    """Connector whose connections keep the status. aiohttp has no public name for what makes them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        keeper: Any = functools.partial(StatusKeeper, loop=self._loop)
        self._factory = keeper
