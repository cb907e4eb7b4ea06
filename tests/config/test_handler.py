"""One hop for a request: the loop hands it to a thread, and what it does there begins and ends in that one call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from channels.testing import HttpCommunicator
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from config.handler import Handler

CHUNKS = (b"one ", b"two ", b"three")
threads: dict[str, int] = {}


def plain(request: HttpRequest) -> HttpResponse:
    threads["view"] = threading.get_ident()
    return HttpResponse("ok")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(CHUNKS))


def endless(request: HttpRequest) -> StreamingHttpResponse:
    async def content() -> AsyncIterator[bytes]:
        while True:
            yield b"more "
            await asyncio.sleep(0)

    return StreamingHttpResponse(content())


def broken(request: HttpRequest) -> StreamingHttpResponse:
    async def content() -> AsyncIterator[bytes]:
        yield b"one "
        raise LookupError("what comes next is gone")

    return StreamingHttpResponse(content())


urlpatterns = [path(view.__name__, view) for view in (plain, stream, endless, broken)]


@pytest.fixture(autouse=True)
def _these_addresses(settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def finished() -> Iterator[list[str]]:
    """Threads in which requests began and ended."""
    seen: list[str] = []

    def began(**_: Any) -> None:
        threads["start"] = threading.get_ident()

    def ended(**_: Any) -> None:
        threads["end"] = threading.get_ident()
        seen.append("ended")

    request_started.connect(began)
    request_finished.connect(ended)
    yield seen
    request_started.disconnect(began)
    request_finished.disconnect(ended)


def asked(name: str, *, then: Callable[[HttpCommunicator], Any]) -> Any:
    async def scene() -> Any:
        call = HttpCommunicator(Handler(threads=2), "GET", f"/{name}", headers=[(b"host", b"localhost")])
        return await then(call)

    return asyncio.run(scene())


async def whole(call: HttpCommunicator) -> tuple[int, bytes]:
    await call.send_input({"type": "http.request", "body": b""})
    start = await call.receive_output(10)
    body, is_more = b"", True
    while is_more:
        part = await call.receive_output(10)
        body, is_more = body + part.get("body", b""), part.get("more_body", False)
    await call.wait(10)
    return start["status"], body


def test_a_request_begins_runs_and_ends_on_one_thread_that_is_not_the_loops(finished):
    assert asked("plain", then=whole) == (200, b"ok")
    assert threads["start"] == threads["view"] == threads["end"] != threading.get_ident()
    assert finished == ["ended"]


def test_a_stream_is_sent_whole_and_ends_once(finished):
    with pytest.warns(Warning, match="synchronous iterators"):
        assert asked("stream", then=whole) == (200, b"".join(CHUNKS))
    assert finished == ["ended"]


def test_a_stream_ends_when_its_reader_has_left(finished):
    async def leave(call: HttpCommunicator) -> None:
        await call.send_input({"type": "http.request", "body": b""})
        await call.receive_output(10)
        await call.send_input({"type": "http.disconnect"})
        await call.wait(10)

    asked("endless", then=leave)
    assert finished == ["ended"]


def test_a_stream_that_breaks_off_is_told_to_the_server(finished):
    with pytest.raises(LookupError, match="is gone"):
        asked("broken", then=whole)
    assert finished == ["ended"]


def test_a_reader_who_left_before_the_request_was_whole_is_not_answered(finished):
    async def leave(call: HttpCommunicator) -> bool:
        await call.send_input({"type": "http.disconnect"})
        await call.wait(10)
        return bool(await call.receive_nothing())

    assert asked("plain", then=leave)
    assert finished == []
