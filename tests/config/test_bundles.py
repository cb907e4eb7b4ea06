"""Modules that are always loaded together are one file, each with a scope of its own and once in a page."""

from __future__ import annotations

import re
from pathlib import Path

from config.static_files.bundles import join_scripts, join_styles

OURS = Path(__file__).parents[2] / "static" / "carillon"
# Forms of import and export that are not told apart from their surroundings.
UNKNOWN = re.compile(r"^(?:export (?:\{|\*|default)|import (?:\*|\w))", re.MULTILINE)
MODULES = {
    "a/start.js": 'import{one}from"./one.js";const own=1;import("./later.js");',
    "a/one.js": 'import{two}from"./two.js";const own=2;export const one=two;',
    "a/two.js": "export const two=2;",
    "a/later.js": 'import{two}from"./two.js";import{help as aid}from"./help.js";export function go(){aid(two);}',
    "a/help.js": "export const help=(value)=>value;",
}


def test_a_module_goes_along_with_the_only_one_that_needs_it():
    _, files = join_scripts(MODULES, start="a/start.js", shared="a/shared.js")
    assert files == {
        "a/start.js": "a/start.js",
        "a/one.js": "a/start.js",
        "a/two.js": "a/shared.js",
        "a/later.js": "a/later.js",
        "a/help.js": "a/later.js",
    }


def test_joined_modules_keep_their_scopes_and_find_each_other():
    texts, _ = join_scripts(MODULES, start="a/start.js", shared="a/shared.js")
    assert texts["a/shared.js"] == "const a_two=(()=>{const two=2;return{two}})();export{a_two};"
    assert texts["a/start.js"] == (
        'import{a_two}from"./shared.js";const a_one=(()=>{const{two}=a_two;const own=2;const one=two;return{one}})();'
        'const{one}=a_one;const own=1;import("./later.js");'
    )
    assert "const{help:aid}=a_help;export function go()" in texts["a/later.js"]


def test_a_sheet_takes_the_place_of_its_import():
    sheets = {"a/all.css": '@import "part/one.css";\nb{}', "a/part/one.css": "a{}"}
    assert join_styles("a/all.css", sheets) == "a{}\nb{}"


def test_a_sheet_stays_in_the_layer_of_its_import():
    sheets = {"a/all.css": '@import "part/one.css" layer(ours);\nb{}', "a/part/one.css": "a{}"}
    assert join_styles("a/all.css", sheets) == "@layer ours{a{}}\nb{}"


def test_our_modules_are_written_in_the_forms_that_can_be_joined():
    assert [path.name for path in OURS.rglob("*.js") if UNKNOWN.search(path.read_text())] == []
