"""Blocks of docs/arrive.md, taken into a project as a reader of it would."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.processes.environment import ROOT

DOCUMENT = ROOT / "docs" / "arrive.md"
# A block and the words before it, the last of which in backquotes with a slash is the file it goes to.
BLOCKS = re.compile(r"(.*?)^```(\w*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


def follow(section: str, *, project: str, folder: Path, run: Callable[[str], object] | None = None) -> None:
    """Write the files of a section: at the end of one that is there, else as a new one; `run` takes its commands."""
    [text] = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(), flags=re.DOTALL | re.MULTILINE)
    for words, language, block in BLOCKS.findall(text):
        if language in ("python", "html"):
            file = folder / re.findall(r"`([\w./-]+/[\w./-]+)`", words)[-1].replace("yourproject", project)
            file.parent.mkdir(parents=True, exist_ok=True)
            before = f"{file.read_text()}\n" if file.exists() else ""
            file.write_text(before + block.replace("yourproject", project))
        elif run:
            run(block)
