"""Files in deploy/: commands, ports, the time to end in and the size of bodies are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from config.server import daphne
from events.rest.parsers import MAX_BODY

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
NGINX = (DEPLOY / "nginx/carillon.conf").read_text()
PROCESSES, CONTAINERS = ((DEPLOY / f"nginx/{name}.conf").read_text() for name in ("processes", "containers"))


def test_there_is_a_unit_for_each_process_and_the_target_starts_them():
    wanted = re.findall(r"[\w@-]+\.service", (DEPLOY / "systemd/carillon.target").read_text())
    started = {re.sub(r"@\d+", "@", name) for name in wanted}
    assert started | {"carillon-migrate.service"} == {unit.name for unit in UNITS}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_what_there_is_as_nobody_special(unit):
    text = unit.read_text()
    assert "User=carillon" in text
    assert "NoNewPrivileges=yes" in text
    commands = re.findall(r"^ExecStart=\S+/(python manage\.py (\S+)|celery -A config (worker|beat))", text, re.M)
    assert commands
    assert {command for _line, command, _of_celery in commands if command} <= set(get_commands())


@pytest.mark.parametrize("unit", [one for one in UNITS if "migrate" not in one.name], ids=lambda unit: unit.name)
def test_a_process_is_given_the_time_that_its_end_may_take(unit):
    [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", unit.read_text(), re.M)
    assert int(seconds) > daphne.EXIT_SECONDS


def test_the_proxy_asks_the_ports_that_the_target_starts():
    started = re.findall(r"carillon-web@(\d+)", (DEPLOY / "systemd/carillon.target").read_text())
    assert re.findall(r"server 127\.0\.0\.1:(\d+)", PROCESSES) == started


def test_the_proxy_leaves_an_ending_process_alone_alike_wherever_it_runs():
    served = [re.sub(r"server \S+", "server", text[text.index("upstream") :]) for text in (PROCESSES, CONTAINERS)]
    assert served[0] == served[1]


def test_the_proxy_takes_bodies_as_large_as_a_process_does():
    [megabytes] = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(megabytes) * 1024 * 1024 == MAX_BODY


def test_the_proxy_says_who_the_client_is_and_keeps_the_figures():
    assert NGINX.count("X-Forwarded-For $proxy_add_x_forwarded_for") == NGINX.count("proxy_pass ") == 2
    assert re.search(r"location = /metrics {\s+return 404;", NGINX)
