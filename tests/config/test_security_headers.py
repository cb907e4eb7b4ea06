"""What every answer tells browsers to refuse, and that a production environment passes Django's own checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "a-long-random-value-of-more-than-fifty-characters-0123456789",
    "ALLOWED_HOSTS": "example.com",
    "CSRF_TRUSTED_ORIGINS": "https://example.com",
    "TRUSTED_PROXIES": "10.0.0.5",
}
SETTING = "from django.conf import settings; print(settings.SECURE_HSTS_SECONDS, settings.SESSION_COOKIE_SECURE)"


def production(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process with an empty database of its own."""
    given = os.environ | PRODUCTION | {"DATABASE_URL": f"sqlite:///{folder}/empty.sqlite3"} | environment
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=given, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", ["/healthz", "/sign-in/", "/api/v1/notifications", "/nowhere/", "/admin/"])
def test_every_answer_denies_the_browser_s_powers(client, db, path):
    policy = client.get(path)["Permissions-Policy"]
    assert "camera=()" in policy
    assert "geolocation=()" in policy
    assert "clipboard-write" not in policy


@pytest.mark.parametrize("is_secure", [True, False])
def test_browsers_are_told_to_stay_with_https_where_they_came_over_it(client, settings, is_secure):
    settings.SECURE_HSTS_SECONDS = 60
    assert client.get("/healthz", secure=is_secure).has_header("Strict-Transport-Security") is is_secure


@pytest.mark.process
@pytest.mark.parametrize(
    ("origins", "told"), [("https://example.com", "31536000 True"), ("http://example.com", "0 False"), ("", "0 False")]
)
def test_hsts_follows_https(tmp_path, origins, told):
    done = production("manage.py", "shell", "-v0", "-c", SETTING, folder=tmp_path, CSRF_TRUSTED_ORIGINS=origins)
    assert done.stdout.strip() == told


@pytest.mark.process
def test_a_production_environment_passes_django_s_checks(tmp_path):
    done = production("manage.py", "check", "--deploy", "--fail-level", "WARNING", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
