"""`LOG_FORMAT`: lines for people, or JSON for a collector."""

from __future__ import annotations

import json
import os
import subprocess
import sys

PROGRAM = """
import logging, django
from django.test import Client
django.setup()
django.test.utils.setup_test_environment()
Client().get("/api/v1/nothing", headers={"X-Request-ID": "req-7"})
logging.getLogger("ours").warning("said")
"""


def logged(**env: str) -> str:
    given = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "ALLOWED_HOSTS": "testserver"} | env
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=given, capture_output=True, text=True, check=False)
    return done.stderr


def test_json_is_an_object_a_line_with_the_id_of_the_request():
    refused, said = (json.loads(line) for line in logged(LOG_FORMAT="json").splitlines())
    assert (refused["logger"], refused["request"]) == ("django.request", "req-7")
    assert (said["message"], "request" in said) == ("said", False)


def test_by_default_it_is_for_people():
    assert logged().splitlines()[-1].endswith("WARNING ours: said")


def test_another_format_is_refused_with_those_that_are_known():
    assert "LOG_FORMAT is 'xml'; it must be one of line, json." in logged(LOG_FORMAT="xml")
