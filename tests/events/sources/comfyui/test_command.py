"""`manage.py comfyui_bridge` as a process of its own, and its refusals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from io import StringIO
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.db import connection

from events.models import Event
from tests.accounts.factory import sign_in_name
from tests.events.fakes.comfyui_server import ComfyuiServer

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", "localhost:8188"], "is not the address of a ComfyUI server"),
        (["--url", "http://127.0.0.1:1", "--submit", "no-such-file"], "is not a workflow as JSON"),
        (["--url", "http://127.0.0.1:1", "--submit", "pyproject.toml"], "is not a workflow as JSON"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("comfyui_bridge", *arguments, stdout=StringIO())


def test_a_server_that_is_away_takes_no_workflow(tmp_path):
    (tmp_path / "workflow.json").write_text("{}")
    with pytest.raises(CommandError, match="127.0.0.1:1/prompt: Cannot connect".replace(".", r"\.")):
        call_command("comfyui_bridge", "--url", "http://127.0.0.1:1", "--submit", str(tmp_path / "workflow.json"))


async def told(name: str) -> None:
    while not await Event.objects.filter(event_type__name=name).aexists():
        await asyncio.sleep(0.05)


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_workflow_is_queued_and_followed_and_sigterm_ends_it_cleanly(tmp_path, owner):
    workflow = tmp_path / "workflow.json"
    workflow.write_text(json.dumps({"4": {"class_type": "KSampler", "inputs": {}}}))
    base = "sqlite://" if connection.vendor == "sqlite" else os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    environment = os.environ | {"DATABASE_URL": f"{base}/{connection.settings_dict['NAME']}", "DEBUG": "1"}

    async def scene() -> int:
        server = await ComfyuiServer().start()
        command = [sys.executable, "manage.py", "comfyui_bridge", "--url", server.url]
        submitted = [
            *command,
            "--submit",
            str(workflow),
            "--actor",
            sign_in_name("owner"),
            "--source",
            "job:42",
            "--title",
            "Take 7",
        ]
        bridge = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        submitter = await asyncio.create_subprocess_exec(
            *submitted, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            said, _ = await submitter.communicate()
            while not server.connections:
                await asyncio.sleep(0.05)
            assert await server.begin() == said.decode().strip()
            await told("job.started")
            await server.finish("out.png")
            await told("job.completed")
            bridge.send_signal(signal.SIGTERM)
            code = await bridge.wait()
        await server.stop()
        return code

    assert async_to_sync(scene)() == 0
    events = [(event.event_type.name, event.actor_user_id, str(event.source)) for event in Event.objects.all()]
    assert sorted(events) == [(f"job.{state}", owner.pk, "job:42") for state in ("completed", "started", "submitted")]
