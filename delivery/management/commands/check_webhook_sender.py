"""`manage.py check_webhook_sender`: a receiver that grades any sender of Standard Webhooks."""

import asyncio
import time
from typing import Any

from aiohttp import web
from django.core.management.base import BaseCommand, CommandError, CommandParser

from delivery.channels.webhook import signing
from delivery.management.sender_grades import ELSEWHERE, HANG, RETRY_AFTER, Attempt, Examination

# A sender that waits longer for an answer is cut off.
HANG_SECONDS = 60
_HEADERS = {302: {"Location": ELSEWHERE}, 503: {"Retry-After": str(RETRY_AFTER)}}


class Command(BaseCommand):
    help = "Receive webhooks, answer them well and badly, and say what of Standard Webhooks 1.0 their sender keeps."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any that is free)")
        parser.add_argument("--patience", type=float, default=600, help="seconds to wait for an attempt (default 600)")
        parser.add_argument("--quiet", type=float, default=15, help="seconds to watch after 410 (default 15)")

    def handle(self, *args: Any, host: str, port: int, patience: float, quiet: float, **options: Any) -> None:
        self._seen, self._secret = Examination(), signing.new_secret()
        try:
            asyncio.run(self._receive(host, port, patience=patience, quiet=quiet))
        except OSError as error:
            raise CommandError(f"Can't listen on {host}, port {port}: {error.strerror}.") from error
        grades = self._seen.grades(signing.key_of(self._secret))
        for rule, is_kept in grades.items():
            self.stdout.write(f"{'pass' if is_kept else 'FAIL'}  {rule}")
        if failed := list(grades.values()).count(False):
            raise CommandError(f"{failed} of {len(grades)} rules were broken, or nothing showed that they are kept.")
        self.stdout.write(f"All {len(grades)} rules were kept.")

    async def _receive(self, host: str, port: int, *, patience: float, quiet: float) -> None:
        """Serve until it was quiet after a 410, or nothing comes any more."""
        self._last = time.monotonic()
        runner = web.ServerRunner(
            web.Server(self._answer, handler_cancellation=True, access_log=None), shutdown_timeout=0
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self.stdout.write(f"URL: http://{host}:{runner.addresses[0][1]}/\nSecret: {self._secret}")
            self.stdout.write("Let the sender send three messages there, each after the one before has arrived.")
            while time.monotonic() - self._last < (quiet if self._seen.is_through else patience):
                await asyncio.sleep(0.05)
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        attempt = Attempt(request.method, request.path, headers, await request.read(), at=time.time())
        self._seen.note(attempt)
        self._last = time.monotonic()
        self.stdout.write(f"{request.method:.9} {attempt.message_id!a:.60}: {attempt.answer or 'no answer'}")
        try:
            if attempt.answer == HANG:
                await asyncio.sleep(HANG_SECONDS)
        finally:
            attempt.ended, self._last = time.time(), time.monotonic()
        return web.Response(status=attempt.answer or 500, headers=_HEADERS.get(attempt.answer))
