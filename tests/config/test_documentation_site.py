"""The documentation as a site: built without a warning, so no link in it leads nowhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.process
def test_it_is_built_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-c", "docs", ".", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    assert "publish" in (tmp_path / "docs" / "python.html").read_text()


def test_every_page_is_in_its_contents():
    contents = (ROOT / "docs" / "index.md").read_text().splitlines()
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages <= set(contents)


def test_the_changelog_knows_this_version():
    version = (ROOT / "pyproject.toml").read_text().split('version = "')[1].split('"')[0]
    assert f"## {version}\n" in (ROOT / "CHANGELOG.md").read_text()
