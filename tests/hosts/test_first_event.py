"""docs/arrive.md by a stranger with people who sign in by e-mail: the wheel, "What to write" and "The first event"."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.hosts import document
from tests.hosts.installation import Installation
from tests.hosts.people import MODELS
from tests.processes import Process, free_port

pytestmark = [pytest.mark.browser, pytest.mark.embedded, pytest.mark.timeout(300)]
PEOPLE = """
from django.contrib.auth import get_user_model

ann = get_user_model()(email="ann@studio.example", is_staff=True, is_superuser=True)
ann.set_password("secret")
ann.save()
"""


@pytest.fixture
def project(installation: Installation, tmp_path: Path) -> Path:
    """Folder in which all of the document was done, from what `startproject` makes."""

    def run(command: str, **more: str) -> None:
        _python, *arguments = shlex.split(command)
        installation.run(*arguments, folder=tmp_path, **more)  # type: ignore[arg-type]

    run("python -m django startproject yourproject .")
    run("python manage.py startapp people")
    (tmp_path / "people" / "models.py").write_text(MODELS)
    with (tmp_path / "yourproject" / "settings.py").open("a") as settings:
        settings.write('INSTALLED_APPS.append("people")\nAUTH_USER_MODEL = "people.Person"\n')
    run("python manage.py makemigrations people")
    document.follow("What to write", project="yourproject", folder=tmp_path)
    document.follow("The first event", project="yourproject", folder=tmp_path, run=run)
    run("python manage.py shell --no-imports", text=PEOPLE)
    return tmp_path


@pytest.fixture
def url(installation: Installation, project: Path) -> Iterator[str]:
    """Address of the site, as it is started for development."""
    port = str(free_port())
    command = ["-m", "daphne", "--port", port, "yourproject.one_process:application"]
    process = Process(*command, program=str(installation.python), cwd=project, env={}, folder=project)
    try:
        process.wait_for_output("Listening on TCP address")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()


def test_the_bell_rings(url: str, browser: Browser):
    page = browser.new_context(base_url=url).new_page()
    page.goto("/admin/login/?next=/orders/7/")
    page.get_by_label("Email").fill("ann@studio.example")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Log in").click()
    page.locator("carillon-bell[data-connection=live]").wait_for(state="attached")
    page.get_by_role("button", name="Ship").click()
    expect(page.locator("carillon-bell .badge")).to_have_text("1")
    page.goto("/bell/notifications/")
    expect(page.locator("main")).to_contain_text("Order 7 is on its way")
    page.context.close()
