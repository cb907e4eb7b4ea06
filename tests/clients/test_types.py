"""TypeScript's compiler takes the JavaScript client, its declarations, and the payloads that are printed."""

from __future__ import annotations

import shutil
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

CLIENT = Path(__file__).parents[2] / "clients" / "javascript"
pytestmark = pytest.mark.skipif(
    shutil.which("tsc") is None, reason="tsc is not installed (Debian has it in the package node-typescript)"
)
# What is declared holds for what is written: the classes, and what each function takes and gives.
AGREES = """
import type * as declared from "./carillon.js";
import * as written from "./written.js";
export const agrees: Pick<typeof declared, "Carillon" | "verify" | "UnavailableError" | "BadSignatureError"> = written;
export const refused = (error: written.RefusedError): declared.RefusedError => error;
"""
USE = """
const good: JobCompletedPayload = { name: "A" };
const bad: JobCompletedPayload = { name: 1 };
"""


def complaints(folder: Path, *files: str) -> str:
    """What the compiler has against these files."""
    options = ["--noEmit", "--strict", "--allowJs", "--checkJs", "--target", "es2022", "--module", "nodenext"]
    command = ["tsc", *options, *files]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_the_client_has_no_mistake_in_its_types():
    assert complaints(CLIENT, "carillon.js", "carillon.d.ts") == ""


def test_its_declarations_say_what_it_is(tmp_path):
    for name in ("carillon.d.ts", "package.json"):
        shutil.copy(CLIENT / name, tmp_path)
    shutil.copy(CLIENT / "carillon.js", tmp_path / "written.js")
    (tmp_path / "agrees.ts").write_text(AGREES)
    assert complaints(tmp_path, "agrees.ts") == ""


def test_the_payloads_that_are_printed_hold_a_payload_against_them(db, tmp_path):
    out = StringIO()
    call_command("payloads", "--typescript", stdout=out)
    (tmp_path / "payloads.ts").write_text(out.getvalue() + USE)
    [complaint] = complaints(tmp_path, "payloads.ts").splitlines()
    assert "Type 'number' is not assignable to type 'string'" in complaint
