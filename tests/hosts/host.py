"""Project of others: a copy of the folder `studio` on a database of its own. Carillon comes in by the document."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection

from events.conf import conf
from tests.delivery.factories import django_notifications
from tests.hosts import document
from tests.hosts.installation import run
from tests.processes import Process, free_port
from tests.processes.environment import address

STUDIO = Path(__file__).parent / "studio"
TAGS = {
    "</head>": "{% load carillon %}{% carillon_head %}</head>",
    "</nav>": "{% carillon_bell %}</nav>",
    "</body>": "{% carillon_toasts %}</body>",
}


class Host:
    def __init__(self, python: Path, folder: Path, *, database_url: str) -> None:
        self.python, self.folder = python, folder
        redis_url = "" if connection.vendor == "sqlite" else conf.REDIS_URL
        self.env = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        shutil.copytree(STUDIO, folder, dirs_exist_ok=True)
        # It needs nothing of Carillon.
        shutil.copy(django_notifications.__file__, folder / "old_bells.py")

    def manage(self, *arguments: str) -> str:
        return run([str(self.python), "manage.py", *arguments], self.folder, env=self.env)

    def shell(self, program: str) -> str:
        return run([str(self.python), "manage.py", "shell", "--no-imports"], self.folder, env=self.env, text=program)

    def take_in(self) -> None:
        """Do what the document says, and put the tags into its own frame."""
        document.follow("What to write", project="shop", folder=self.folder)
        frame = self.folder / "templates" / "base.html"
        text = frame.read_text()
        for end, tags in TAGS.items():
            text = text.replace(end, tags)
        frame.write_text(text)

    @contextmanager
    def started(self) -> Iterator[str]:
        """Address of its site: by Daphne and, with Redis, a worker; without, all in one process."""
        port = str(free_port())
        module = "shop.asgi" if self.env["REDIS_URL"] else "shop.one_process"
        commands = [["daphne", "--port", port, f"{module}:application"]]
        if self.env["REDIS_URL"]:
            commands.append(["celery", "-A", "shop", "worker", "--concurrency", "1", "--loglevel", "INFO"])
        processes = [
            Process("-m", *command, program=str(self.python), cwd=self.folder, env=self.env, folder=self.folder)
            for command in commands
        ]
        try:
            processes[0].wait_for_output("Listening on TCP address")
            if self.env["REDIS_URL"]:
                processes[1].wait_for_output("ready.")
            yield f"http://127.0.0.1:{port}"
        finally:
            for process in processes:
                process.kill()


@contextmanager
def new_database(folder: Path) -> Iterator[str]:
    """Address of an empty database of the kind that the tests run on."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / 'shop.sqlite3'}"
        return
    name = f"{settings.DATABASES['default']['NAME']}_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(address("postgres"), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield address(name)
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
