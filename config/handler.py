"""Django behind ASGI, which crosses from the event loop into a thread once for each request, and back.

Django's own handler does so twice for each middleware that is no coroutine, as all but a few are: two thirds of an
empty request's CPU (docs/performance.md).
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from config.refusals.api_errors import in_json


class Handler(ASGIHandler):
    """ASGI application for HTTP. It keeps its threads, of which as many may work at once.

    All that a request does in the database happens in one call on one thread, from `request_started` to
    `request_finished`: so a connection that broke is closed by the request that found it so, and no other gets it.
    """

    def __init__(self, *, threads: int) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        executor = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._respond_in_thread = sync_to_async(self._respond, thread_sensitive=False, executor=executor)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            response = await self._respond_in_thread(scope, body_file)
            if response.streaming:
                await self._stream(response, receive, send)
            else:
                await self.send_response(response, send)
        finally:
            body_file.close()

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """Requests whose headers break Django's own reading of them are refused with 400, too."""
        try:
            made = super().create_request(scope, body_file)
        except ValueError:  # a character set that is none, in Content-Type
            made = None, HttpResponseBadRequest()
        return made if made[1] is None else (None, in_json(made[1], path=scope["path"]))

    def _respond(self, scope: Mapping[str, Any], body_file: IO[bytes]) -> Any:
        """Answer in this thread; the response is closed, but for a stream, whose content is still to come."""
        signals.request_started.send(sender=self.__class__, scope=scope)
        set_script_prefix(get_script_prefix(scope))
        request, refusal = self.create_request(scope, body_file)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__  # the sender of request_finished
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        return response

    async def _stream(self, response: HttpResponseBase, receive: Any, send: Any) -> None:
        """Send until the end or until the client has left; what it reads, it reads in a thread of its own."""
        async with ThreadSensitiveContext():
            sending = asyncio.create_task(self.send_response(response, send))
            leaving = asyncio.create_task(self.listen_for_disconnect(receive))
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            sending.cancel()
            leaving.cancel()
            sent, _left = await asyncio.gather(sending, leaving, return_exceptions=True)
            await sync_to_async(response.close)()
        if isinstance(sent, Exception):
            raise sent
