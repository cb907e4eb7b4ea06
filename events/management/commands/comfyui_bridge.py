import asyncio
import contextlib
import json
import signal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.entities import parse_entity
from events.errors import Refused
from events.management.commands.publish import person
from events.sources.comfyui.bridge import Bridge
from events.sources.comfyui.client import ComfyuiError, Server
from events.sources.comfyui.submit import submit


class Command(BaseCommand):
    help = "Publish job.* about the prompts of a ComfyUI server until SIGTERM; with --submit, queue one workflow."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="for example http://127.0.0.1:8188")
        parser.add_argument("--submit", metavar="FILE", help="queue this workflow (API format), print its id and end")
        parser.add_argument("--actor", metavar="USER", help="with --submit: for whom, a username or a user id")
        parser.add_argument("--source", metavar="T:ID", help="with --submit: what its events are about, as in job:42")
        parser.add_argument("--project", metavar="N", type=int, help="with --submit: the project it belongs to")
        parser.add_argument("--title", default="", help="with --submit: what people read")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            server = Server(options["url"])
            if options["submit"] is None:
                asyncio.run(follow(server))
            else:
                self.stdout.write(self._submit(server, options))
        except ComfyuiError as error:
            raise CommandError(f"Not submitted: {error}") from error
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _submit(self, server: Server, options: dict[str, Any]) -> str:
        try:
            workflow = json.loads(Path(options["submit"]).read_text())
        except (OSError, ValueError, RecursionError) as error:
            raise CommandError(f"Not submitted: {options['submit']} is not a workflow as JSON ({error}).") from error
        if not isinstance(workflow, dict):
            raise CommandError("Not submitted: a workflow is a JSON object; save it with Export (API).")
        try:
            source = parse_entity(options["source"]) if options["source"] is not None else None
        except Refused as refusal:
            raise CommandError(f"Not submitted: {refusal.detail}.") from refusal
        return submit(
            workflow,
            url=server.url,
            actor=person(options["actor"]) if options["actor"] is not None else None,
            source=source,
            project_id=options["project"],
            title=options["title"],
        )


async def follow(server: Server) -> None:
    """Follow the server until SIGTERM or Ctrl+C. The next bridge takes up again what was under way."""
    running = asyncio.ensure_future(Bridge(server).run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running
