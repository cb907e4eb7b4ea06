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
PAGES = [
    "/notifications/",
    "/notifications/preferences/",
    "/deliveries/",
    "/channels/",
    "/channels/add/?kind=webhook",
    "/catalogue/",
    "/events/publish/",
    "/password/",
]
OURS = Path(__file__).parents[2] / "static" / "carillon"
MAIN = """/** @typedef {import("./bell.js").Bell} Bell */
import { ring } from "./bell.js";
// Once.
ring(/** @type {Bell} */ (document.body)); // and "/**" again
import("./panel.js");
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
    (folder / "panel.js").write_text("")
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
        served = self.root / name
        compressed = served.with_name(f"{served.name}.gz")
        # WhiteNoise keeps no compressed copy where it would be no smaller.
        sizes = [len(gzip.compress(served.read_bytes()))]
        return min([*sizes, compressed.stat().st_size] if compressed.exists() else sizes)

    def needs(self, name: str) -> set[str]:
        """Served names of a module's file and of all that it can't start without."""
        found, waiting = set(), [self.names[name]]
        while waiting:
            found.add(module := waiting.pop())
            imported = re.findall(r'\bimport[^;(]*?"(\.[^"]+)";', (self.root / module).read_text())
            waiting += {normpath(f"{dirname(module)}/{path}") for path in imported} - found
        return found

    def scripts(self) -> set[str]:
        return {served for name, served in self.names.items() if re.fullmatch(r"carillon/[\w/]+\.js", name)}


def test_what_was_collected_with_its_comments_before_is_collected_anew(collected):
    for name, script in (("main.js", MAIN), ("bell.js", BELL)):
        (collected / name).write_text(script)
    call_command("collectstatic", interactive=False, verbosity=0)
    assert "typedef" not in (collected / "main.js").read_text()


def test_what_comes_later_is_asked_for_by_its_hashed_name(collected):
    [main] = collected.glob("main.*.js")
    [panel] = collected.glob("panel.*.js")
    assert f'import("./{panel.name}")' in main.read_text()


def test_comments_stay_at_home():
    assert minify(MAIN) == 'import{ring}from"./bell.js";ring((document.body));import("./panel.js");'


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
    assert {site.names["carillon/core/store.js"], site.names["carillon/toasts/toasts.js"]} < needed
    assert sum(map(site.size, needed)) <= 10 * KB


def test_a_page_names_every_module_that_its_script_needs(site):
    start, feed = site.needs("carillon/carillon.js"), site.needs("carillon/feed/feed.js")
    assert {site.names[name] for name in MODULES} == start
    assert {site.names[name] for name in FEED_MODULES} == feed - start


def test_all_scripts_together_are_small(site):
    assert sum(map(site.size, site.scripts())) <= 34 * KB


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_few_and_small_styles(site, admin_client, page):
    linked = re.findall(r'rel="stylesheet" href="/static/(carillon/[^"]+)"', admin_client.get(page).content.decode())
    assert 1 <= len(linked) <= 4
    assert sum(map(site.size, linked)) <= 10 * KB


@pytest.mark.django_db
def test_the_form_of_a_type_loads_few_and_small_styles_too(admin_client, request):
    """Django's own styles are not collected here, so the page is asked for before ours are."""
    page = admin_client.get("/admin/carillon_events/eventtype/add/").content.decode()
    linked = set(re.findall(r'rel="stylesheet" href="/static/(carillon/[^"]+)"', page))
    assert linked == {"carillon/carillon.css", "carillon/pages/look.css"}
    site = request.getfixturevalue("site")
    assert sum(site.size(site.names[name]) for name in linked) <= 10 * KB


@pytest.mark.django_db
def test_a_cold_inbox_is_made_of_few_files(site, admin_client):
    """The browser tests count what is asked for; here, what the page names."""
    page = admin_client.get("/notifications/").content.decode()
    assert len(set(re.findall(r'(?:href|src)="/static/([^"]+)"', page))) <= 15


def test_a_web_process_without_its_files_says_what_to_do(settings, tmp_path):
    settings.DEBUG, settings.STATIC_ROOT = False, tmp_path
    with pytest.raises(CommandError, match=r"run `manage.py collectstatic --no-input` first"):
        check_collected()


def test_a_web_process_with_its_files_starts(collected, settings):
    settings.DEBUG = False
    check_collected()
