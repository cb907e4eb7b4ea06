"""Clients that leave while something is on its way to them: everybody does, so it is nothing to write down."""

from __future__ import annotations

import pytest

from tests.processes import Serve
from tests.processes.hostile_clients import ask_and_leave
from tests.processes.websocket_frames import listening

pytestmark = [pytest.mark.process, pytest.mark.embedded]


def test_a_client_that_leaves_while_a_frame_is_sent_writes_nothing():
    with Serve("--demo") as serve:
        key = serve.manage("token", "alice").split()[-1]
        with listening(serve.url, key=key):
            before = len(serve.process.output)
            ask_and_leave(serve.port, key=key, times=20)
        with listening(serve.url, key=key):
            assert "Traceback" not in serve.process.output[before:]
