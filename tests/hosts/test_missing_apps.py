"""A project in which some of the three apps are missing is told so in one sentence, whatever it uses of them first."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import combinations

import pytest

from tests.processes.environment import ROOT, clean_environment

pytestmark = [pytest.mark.process, pytest.mark.embedded]
FLOORS = ("events", "notifications", "delivery")
SUBSETS = [subset for size in range(3) for subset in combinations(FLOORS, size)]
# As a project's settings, and each way into the apps that docs/arrive.md names; what each says comes out as JSON.
PROGRAM = """
import json, sys, types
from importlib import import_module

import django
from celery import Celery
from django.conf import settings
from django.core import checks
from delivery.schedule import BEAT_SCHEDULE

THIRD = ["channels", "rest_framework", "drf_spectacular_sidecar", "django_celery_beat"]
STOCK = ["auth", "contenttypes", "sessions", "messages", "staticfiles"]
settings.configure(
    INSTALLED_APPS=[f"django.contrib.{name}" for name in STOCK] + THIRD + sys.argv[1:],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    CELERY_BEAT_SCHEDULE=BEAT_SCHEDULE,
)


def celery():
    from delivery.celery import configure

    app = Celery("host", broker="memory://", set_as_current=False)
    configure(app)
    app.loader.import_default_modules()


def check():
    found = [one.msg for one in checks.run_checks() if one.id == "carillon.E010"]
    raise SystemExit(" ".join(found))


WAYS = {
    "pages": lambda: import_module("delivery.urls"),
    "API": lambda: import_module("delivery.api.urls"),
    "socket": lambda: import_module("delivery.asgi"),
    "Celery": celery,
    "schedule": check,
}
said = {}
try:
    django.setup()
except Exception as error:
    WAYS = {"start": lambda error=error: exec("raise error", {"error": error})}
for name, way in WAYS.items():
    try:
        way()
    except (Exception, SystemExit) as error:
        said[name] = [type(error).__name__, str(error)]
print(json.dumps(said))
"""


@pytest.mark.parametrize("installed", SUBSETS, ids=lambda subset: "+".join(subset) or "none")
def test_each_way_in_names_the_app_that_is_missing(installed):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *installed],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    missing = [name for name in FLOORS if name not in installed]
    sentences = {f"{name!r} is not in INSTALLED_APPS and Carillon needs it; add it there." for name in missing}
    for way, (kind, told) in json.loads(done.stdout).items():
        assert kind in ("ImproperlyConfigured", "SystemExit"), (way, kind, told)
        assert any(told.removeprefix("carillon.E010: ").startswith(sentence) for sentence in sentences), (way, told)
