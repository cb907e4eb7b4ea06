"""In production every file's name carries its content's hash, modules import each other by those names, and pages stay
small: what a page needs before anything rings, what the inbox needs, what there is in all."""

from __future__ import annotations

import gzip
import json
import re
from os.path import dirname, normpath
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.static_files import check_collected, minify
from notifications.templatetags.carillon import FEED_MODULES, MODULES

KB = 1024
OURS = Path(__file__).parents[2] / "static" / "carillon"
MAIN = """/** @typedef {import("./bell.js").Bell} Bell */
import { ring } from "./bell.js";
// Once.
ring(/** @type {Bell} */ (document.body)); // and "/**" again
"""
BELL = """/** @param {import("./main.js").Bell} bell */
export const ring = (bell) => {};
"""


@pytest.fixture
def production(settings, tmp_path):
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "to"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.static_files.HashedStaticFiles"}}
    return settings


@pytest.fixture
def collected(production, tmp_path):
    folder = tmp_path / "from" / "carillon"
    folder.mkdir(parents=True)
    (folder / "main.js").write_text(MAIN)
    (folder / "bell.js").write_text(BELL)
    production.STATICFILES_DIRS = [tmp_path / "from"]
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path / "to" / "carillon"


@pytest.fixture
def site(production):
    """Sizes in bytes, compressed as they are served, of our own files, hashed names included."""
    call_command("collectstatic", interactive=False, verbosity=0)
    return Site(production.STATIC_ROOT)


class Site:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.names: dict[str, str] = json.loads((root / "staticfiles.json").read_text())["paths"]

    def size(self, name: str) -> int:
        served = self.root / self.names[name]
        compressed = served.with_name(f"{served.name}.gz")
        # WhiteNoise keeps no compressed copy where it would be no smaller.
        sizes = [len(gzip.compress(served.read_bytes()))]
        return min([*sizes, compressed.stat().st_size] if compressed.exists() else sizes)

    def needs(self, name: str) -> set[str]:
        """A module and all that it can't start without."""
        found, waiting = set(), [name]
        plain = {hashed: known for known, hashed in self.names.items()}
        while waiting:
            found.add(module := waiting.pop())
            text = (self.root / self.names[module]).read_text()
            imported = re.findall(r'\bimport[^;(]*?"(\.[^"]+)";', text)
            waiting += {plain[normpath(f"{dirname(module)}/{path}")] for path in imported} - found
        return found


def test_what_was_collected_with_its_comments_before_is_collected_anew(collected):
    for name, script in (("main.js", MAIN), ("bell.js", BELL)):
        (collected / name).write_text(script)
    call_command("collectstatic", interactive=False, verbosity=0)
    assert "typedef" not in (collected / "main.js").read_text()


def test_modules_import_each_other_by_their_hashed_names(collected):
    [main] = [path for path in collected.glob("main.*.js") if path.suffix == ".js"]
    [bell] = collected.glob("bell.*.js")
    assert re.search(rf'from ?"./{bell.name}"', main.read_text())


def test_comments_stay_at_home():
    assert minify(MAIN) == 'import{ring}from"./bell.js";ring((document.body));'


def test_text_that_looks_like_a_comment_and_licences_stay():
    assert minify('/*! MIT */\nring("/** no comment */");') == '/*! MIT */ring("/** no comment */");'


@pytest.mark.parametrize("script", sorted(OURS.rglob("*.js")), ids=lambda path: path.stem)
def test_what_is_minified_already_stays_as_it_is(script):
    minified = minify(script.read_text())
    assert minify(minified) == minified


def test_a_dry_run_collects_nothing(production):
    call_command("collectstatic", interactive=False, verbosity=0, dry_run=True)
    assert not production.STATIC_ROOT.exists()


def test_before_anything_rings_a_page_needs_little(site):
    needed = site.needs("carillon/carillon.js")
    assert {"carillon/core/tabs.js", "carillon/toasts/toasts.js"} < needed
    assert sum(map(site.size, needed)) <= 10 * KB


def test_a_page_names_every_module_that_its_script_needs(site):
    start = site.needs("carillon/carillon.js")
    assert set(MODULES) == start - {"carillon/carillon.js"}
    assert set(FEED_MODULES) == site.needs("carillon/feed/feed.js") - start


def test_all_scripts_together_are_small(site):
    assert sum(site.size(name) for name in site.names if re.fullmatch(r"carillon/[\w/]+\.js", name)) <= 34 * KB


@pytest.mark.django_db
def test_the_styles_of_the_inbox_are_small(site, client, member):
    client.force_login(member)
    page = client.get("/notifications/").content.decode()
    linked = re.findall(r'rel="stylesheet" href="/static/(carillon/[\w/]+)[.\w]*\.css"', page)
    assert "carillon/feed/feed" in linked
    assert sum(site.size(f"{name}.css") for name in linked) <= 10 * KB


def test_a_web_process_without_its_files_says_what_to_do(settings, tmp_path):
    settings.DEBUG, settings.STATIC_ROOT = False, tmp_path
    with pytest.raises(CommandError, match=r"run `manage.py collectstatic --no-input` first"):
        check_collected()


def test_a_web_process_with_its_files_starts(collected, settings):
    settings.DEBUG = False
    check_collected()
