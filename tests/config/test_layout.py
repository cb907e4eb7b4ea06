"""The layout of the code: folders that can be overlooked, plain names, docstrings that stand alone, documents that lead
somewhere."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "events", "notifications", "delivery")
# Django's own entry modules, which every app has in the same place.
ENTRY_MODULES = {"__init__", "apps", "admin", "tasks", "sweep", "conf", "checks", "urls"}
MOST_MODULES = 12

BANNED_MODULES = {"utils", "util", "helpers", "helper", "services", "service", "common", "manager", "managers", "misc"}
# Pronouns, prepositions, conjunctions and question words: a docstring that begins so needs its surroundings.
BANNED_BEGINNINGS = set(
    "it its they them their he she this that these those what whatever whether who whoever whom whose which how where "
    "when why in on at of for from with without by to as after before until since between under over into out about "
    "beside beyond behind if so there and or but nothing something anything anybody everybody everything nobody "
    "somebody".split()
)
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def modules(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def test_no_folder_holds_more_modules_than_one_can_overlook():
    counts = Counter(path.parent for path in modules(*APPS, "bench", "clients") if path.stem not in ENTRY_MODULES)
    assert {str(folder): count for folder, count in counts.items() if count > MOST_MODULES} == {}


def test_modules_have_names_that_say_what_they_do():
    assert [path for path in modules(*APPS, "bench", "clients", "tests") if path.stem in BANNED_MODULES] == []


def test_docstrings_begin_with_what_they_are_about():
    support = [path for path in modules("tests") if not path.stem.startswith("test_")]
    assert [line for path in [*modules(*APPS, "bench", "clients"), *support] for line in unclear_docstrings(path)] == []


def unclear_docstrings(path: Path) -> list[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, documented)]
    begun = [(node, (ast.get_docstring(node) or "").lower()) for node in nodes]
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)} {text.splitlines()[0]}"
        for node, text in begun
        if text and (re.split(r"\W", text)[0] in BANNED_BEGINNINGS or text.startswith("the same"))
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_in_documents_exist(document):
    named = re.findall(
        r"`((?:config|events|notifications|delivery|static|templates|tests|bench|clients|docs)/[\w/.-]*)`",
        document.read_text(),
    )
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_a_new_module_with_a_vague_docstring_is_noticed(tmp_path):
    module = ROOT / "tests" / "config" / "test_layout.py"
    assert unclear_docstrings(module) == []
    vague = tmp_path / "vague.py"
    vague.write_text('"""The same, for one."""\n\n\ndef f():\n    """Whether it is."""\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.config.test_layout.ROOT", tmp_path)
        assert len(unclear_docstrings(vague)) == 2
