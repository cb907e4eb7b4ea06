"""The wheel: what is in it, and a new project with a user model of its own that installs it."""

from __future__ import annotations

import ast
import re
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.hosts.installation import Installation
from tests.hosts.people import MODELS
from tests.processes.environment import ROOT

pytestmark = [pytest.mark.process, pytest.mark.embedded]
APPS = ("events", "notifications", "delivery")
OPTIONAL = {"django-anymail", "pytest"}
BROUGHT_BY_OTHERS = {"asgiref", "jsonschema-specifications", "referencing", "requests", "urllib3"}
SETTINGS = """
INSTALLED_APPS += ["people", "channels", "rest_framework", "drf_spectacular_sidecar"]
INSTALLED_APPS += ["django_celery_beat", "events", "notifications", "delivery"]
AUTH_USER_MODEL = "people.Person"
ALLOWED_HOSTS = ["testserver"]
CHANNEL_LAYERS = {"default": {"BACKEND": "events.transport.in_process_layer.InProcessLayer"}}
"""
URLS = """
from django.urls import include

urlpatterns += [path("bell/", include("delivery.urls")), path("bell/api/", include("delivery.api.urls"))]
"""
PROGRAM = """
import events
from django.core.management import call_command
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.test import Client
from events.bus import publish
from events.testing import told

assert "site-packages" in events.__file__, events.__file__
call_command("check")
call_command("migrate", verbosity=0)
ann = get_user_model().objects.create(email="ann@studio.example")
with told():
    publish("job.completed", actor=ann, payload={"name": "Take 7"})
client = Client()
client.force_login(ann)
page = client.get("/bell/notifications/")
assert page.status_code == 200, page.status_code
assert "Take 7 finished" in page.content.decode()
assert finders.find("carillon/embed.js")
assert finders.find("carillon/admin.css")
assert client.get("/nowhere/").templates == []
"""


@pytest.fixture
def project(installation: Installation, tmp_path: Path) -> Path:
    """What `startproject` makes, with an app of people."""
    installation.run("-m", "django", "startproject", "studio", ".", folder=tmp_path)
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "__init__.py").touch()
    (tmp_path / "people" / "models.py").write_text(MODELS)
    for name, more in (("settings", SETTINGS), ("urls", URLS)):
        file = tmp_path / "studio" / f"{name}.py"
        file.write_text(file.read_text() + more)
    return tmp_path


def test_a_new_project_installs_it_publishes_and_shows_the_inbox(installation: Installation, project):
    installation.run("manage.py", "makemigrations", "people", folder=project)
    installation.run("manage.py", "shell", "--no-imports", folder=project, text=PROGRAM)


def test_it_holds_the_apps_and_all_that_lies_beside_them(installation: Installation):
    inside = set(zipfile.ZipFile(installation.wheel).namelist())
    code = {path.relative_to(ROOT).as_posix() for app in APPS for path in (ROOT / app).rglob("*.py")}
    beside = {
        f"events/{path.relative_to(ROOT).as_posix()}"
        for folder in ("static/carillon", "templates/carillon", "templates/admin")
        for path in (ROOT / folder).rglob("*.*")
    }
    own = {name for name in inside if ".dist-info/" not in name}
    assert own == code | beside | {"events/static/carillon/admin.css"} | {f"{app}/py.typed" for app in APPS}


def test_it_needs_what_the_apps_import(installation: Installation):
    wheel = zipfile.ZipFile(installation.wheel)
    [metadata] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    needs = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", wheel.read(metadata).decode(), flags=re.MULTILINE)
    modules = {module for app in APPS for path in (ROOT / app).rglob("*.py") for module in imported(path)}
    known = packages_distributions()
    packages = {name.lower().replace("_", "-") for module in modules for name in known.get(module, [])}
    assert packages - OPTIONAL - BROUGHT_BY_OTHERS <= set(needs)
    # Settings name it.
    assert set(needs) - packages == {"channels-redis"}


def imported(path: Path) -> set[str]:
    """Top-level modules that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    named = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    named += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in named}
