"""docker-compose.yml and the Dockerfile say what the code does; read here, since not every machine has an engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from config import environment
from config.server import daphne

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def test_it_is_a_proxy_two_webs_a_worker_the_clock_and_their_stores(services):
    assert set(services) == {"nginx", "web-1", "web-2", "worker", "beat", "migrate", "postgres", "redis"}


@pytest.mark.parametrize("name", ["web-1", "web-2", "worker", "beat", "migrate"])
def test_every_process_has_the_same_database_and_redis(services, name, monkeypatch, tmp_path):
    given = services[name]["environment"]
    for key in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(key, given[key])
    database = environment.database("DATABASE_URL", default_file=tmp_path / "x")
    store = services["postgres"]["environment"]
    assert database["HOST"] == "postgres"
    assert [database[key] for key in ("USER", "PASSWORD", "NAME")] == [
        store[f"POSTGRES_{key}"] for key in ("USER", "PASSWORD", "DB")
    ]
    assert environment.redis("REDIS_URL").startswith("redis://redis:")


@pytest.mark.parametrize("name", ["web-1", "web-2", "migrate"])
def test_its_commands_exist(services, name):
    assert services[name]["command"].split()[2] in get_commands()


def test_a_process_is_given_the_time_that_its_end_may_take(services):
    for name in ("web-1", "web-2", "worker", "beat"):
        assert int(services[name]["stop_grace_period"].rstrip("s")) > daphne.EXIT_SECONDS


def test_nothing_starts_before_the_tables_are_there(services):
    for name in ("web-1", "web-2", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_no_env_of_a_checkout_turns_debug_on(services):
    assert services["web-1"]["environment"]["DEBUG"] == "false"


def test_no_secret_has_a_default(services):
    assert services["web-1"]["environment"]["SECRET_KEY"].startswith("${SECRET_KEY:?")


def test_the_proxy_is_that_of_deploy_and_asks_the_two_webs(services):
    mounted = [one.split(":")[0] for one in services["nginx"]["volumes"]]
    texts = [(ROOT / name).read_text() for name in mounted]
    asked = [one for text in texts for one in re.findall(r"^    server ([\d.]+):8000 ", text, re.M)]
    assert asked == [address(services[name]) for name in ("web-1", "web-2")]
    assert "proxy_pass http://carillon;" in texts[0]


def test_the_webs_believe_the_proxy_what_it_says_of_the_client(services, monkeypatch):
    said = services["web-1"]["environment"]["TRUSTED_PROXIES"]
    monkeypatch.setenv("TRUSTED_PROXIES", said.replace("${TRUSTED_PROXIES:-}", ""))
    assert [str(one) for one in environment.networks("TRUSTED_PROXIES")] == [f"{address(services['nginx'])}/32"]


def address(service: dict[str, Any]) -> str:
    given: str = service["networks"]["default"]["ipv4_address"]
    return given


def test_the_stores_are_published_to_this_machine_only(services):
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_serves_as_nobody_special_with_its_static_files():
    built, final = stages()
    assert any("collectstatic" in line for line in built)
    [user] = [line.split()[1] for line in final if line.startswith("USER ")]
    assert int(user) > 0, "a number, which Kubernetes can tell from root's"
    assert any(line.startswith("CMD") and '"web"' in line for line in final)


def test_the_image_has_what_was_built_and_no_tool_of_the_building():
    _built, final = stages()
    copied = [line for line in final if line.startswith(("COPY", "ADD"))]
    assert copied == ["COPY --from=build /venv /venv", "COPY --from=build /app /app"]
    assert not [line for line in final if re.search(r"\b(pip|apt-get|gcc)\b", line)]


def stages() -> tuple[list[str], list[str]]:
    """Lines of the stage that builds, and of the one that runs."""
    _head, built, final = re.split(r"^FROM .*$", (ROOT / "Dockerfile").read_text(), flags=re.M)
    return built.splitlines(), final.splitlines()


def test_no_secret_gets_into_the_image():
    assert {".env", ".git", "var"} <= set((ROOT / ".dockerignore").read_text().split())
