"""Processes that a benchmark starts: a Python function called in one of its own, and servers and workers.

Run as `python -m bench.processes MODULE ARGUMENTS`: set Django up, call the module's `main` with the arguments of a
JSON array, and print what it returns as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parent.parent
# Seconds that a call or an answer may take.
TIMEOUT = 300.0


def call(module: str, *arguments: object, env: Mapping[str, str], timeout: float = TIMEOUT) -> Any:
    """Call the module's `main` in a process with Django set up, and return the JSON value that it returns."""
    return output([sys.executable, *call_command(module, *arguments)], env=env, timeout=timeout)


def call_command(module: str, *arguments: object) -> tuple[str, ...]:
    """Arguments to Python with which it calls the module's `main` with Django set up."""
    return "-m", "bench.processes", module, json.dumps(arguments)


def output(command: list[str], *, env: Mapping[str, str], timeout: float = TIMEOUT) -> Any:
    """Run a command and return the JSON value that it prints."""
    done = subprocess.run(command, cwd=ROOT, env=dict(env), check=True, stdout=subprocess.PIPE, timeout=timeout)
    return json.loads(done.stdout)


@contextmanager
def started(*arguments: str, env: Mapping[str, str], stderr: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """A Python process with lines on its standard input and output, asked to end afterwards. What it says on standard
    error is seen, unless `stderr` is subprocess.DEVNULL."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


def write_line(process: subprocess.Popen[str], line: object) -> None:
    assert process.stdin is not None
    print(line, file=process.stdin, flush=True)


def read_line(process: subprocess.Popen[str]) -> str:
    """The next line of the process's output. Raises RuntimeError where it ended without one."""
    assert process.stdout is not None
    line: str = process.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"A process to be measured ended with code {process.wait()} before it answered.")
    return line


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    module, arguments = sys.argv[1:]
    print(json.dumps(importlib.import_module(module).main(*json.loads(arguments))))


if __name__ == "__main__":
    _main()
