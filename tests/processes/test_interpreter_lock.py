"""SIGTERM ends a web process even while a function in C keeps the interpreter's lock for ever."""

from __future__ import annotations

import contextlib
import signal

import httpx
import pytest

from tests.processes import Process, Serve, Service, free_port
from tests.processes.environment import wait_until_ready

pytestmark = pytest.mark.process

LAUNCHER = "tests.processes.programs.hungry_view"
EXIT_SECONDS = 20.0


def ended(process: Process, url: str) -> tuple[int, str]:
    """The exit code and what was said, after SIGTERM to a process that can't heed it."""
    with contextlib.suppress(httpx.TimeoutException):
        httpx.get(f"{url}/hungry", timeout=1)
    with pytest.raises(httpx.TimeoutException):
        httpx.get(f"{url}/healthz", timeout=1)
    process.send(signal.SIGTERM)
    return process.wait(timeout=EXIT_SECONDS), process.output


@pytest.mark.embedded
def test_serve_ends_and_says_where_it_was():
    with Serve(launcher=LAUNCHER) as serve:
        code, output = ended(serve.process, serve.url)
    assert code == 1
    assert "in hungry" in output


@pytest.mark.service
def test_web_ends_and_says_where_it_was():
    with Service(webs=0, demo=False) as service:
        port = free_port()
        process = Process("-m", LAUNCHER, "web", "--port", str(port), env=service.env, folder=service.folder)
        service.webs.append(process)
        wait_until_ready(process, f"http://127.0.0.1:{port}")
        code, output = ended(process, f"http://127.0.0.1:{port}")
    assert code == 1
    assert "in hungry" in output
