"""In production every file's name carries its content's hash, and modules import each other by those names."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from config.static_files import check_collected


@pytest.fixture
def collected(settings, tmp_path):
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "main.js").write_text('import { ring } from "./bell.js";\nring();\n')
    (tmp_path / "from" / "bell.js").write_text("export const ring = () => {};\n")
    settings.STATICFILES_DIRS = [tmp_path / "from"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "to"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.static_files.HashedStaticFiles"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path / "to"


def test_modules_import_each_other_by_their_hashed_names(collected):
    [main] = [path for path in collected.glob("main.*.js") if path.suffix == ".js"]
    [bell] = collected.glob("bell.*.js")
    assert f'from "./{bell.name}"' in main.read_text()


def test_a_web_process_without_its_files_says_what_to_do(settings, tmp_path):
    settings.DEBUG, settings.STATIC_ROOT = False, tmp_path
    with pytest.raises(CommandError, match=r"run `manage.py collectstatic --no-input` first"):
        check_collected()


def test_a_web_process_with_its_files_starts(collected, settings):
    settings.DEBUG = False
    check_collected()
