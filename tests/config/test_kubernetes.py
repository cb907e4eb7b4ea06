"""Manifests in deploy/kubernetes: commands, paths, settings and metrics are those of the code, and nobody is root."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from config.server import daphne
from delivery.monitoring import health
from events.monitoring import families

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "deploy/kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
MANIFESTS: list[dict[str, Any]] = [
    manifest for name in KUSTOMIZATION["resources"] for manifest in yaml.safe_load_all((FOLDER / name).read_text())
]
OURS = {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] in ("Deployment", "Job")}
PODS = {name: one["spec"]["template"]["spec"] for name, one in OURS.items()}
CONTAINERS = [one for pod in PODS.values() for one in (*pod.get("initContainers", []), *pod["containers"])]
# What the keys are made for; docs/deploy.md has the command.
SECRETS = {"SECRET_KEY", "DATABASE_URL", "METRICS_TOKEN"}
each_container = pytest.mark.parametrize("container", CONTAINERS, ids=lambda one: one["name"])
each_pod = pytest.mark.parametrize("name", PODS)


def of(kind: str) -> list[dict[str, Any]]:
    return [one for one in MANIFESTS if one["kind"] == kind]


def test_there_is_one_of_each_process_and_of_the_migration():
    assert set(OURS) == {"carillon-web", "carillon-worker", "carillon-beat", "carillon-migrate"}


@each_container
def test_a_command_exists(container):
    line = " ".join(container["command"])
    found = re.search(r"manage\.py (\w+)|celery -A config (worker|beat)", line)
    assert found
    assert found[2] or found[1] in get_commands()


@each_container
def test_it_runs_the_image_as_nobody_special_and_writes_nothing(container):
    assert container["image"] == "carillon"
    given = container["securityContext"]
    assert given["allowPrivilegeEscalation"] is False
    assert given["readOnlyRootFilesystem"] is True
    assert given["capabilities"] == {"drop": ["ALL"]}


@each_container
def test_memory_is_bounded(container):
    assert container["resources"]["limits"]["memory"]


@each_pod
def test_a_pod_runs_as_the_user_of_the_image(name):
    given = PODS[name]["securityContext"]
    assert given["runAsNonRoot"] is True
    assert f"USER {given['runAsUser']}" in (ROOT / "Dockerfile").read_text().splitlines()


@each_pod
def test_services_of_the_cluster_give_no_settings(name):
    assert PODS[name]["enableServiceLinks"] is False


@pytest.mark.parametrize("name", sorted(PODS.keys() - {"carillon-migrate"}))
def test_nothing_starts_before_the_tables_are_there_or_is_cut_short(name):
    pod = PODS[name]
    [wait] = pod["initContainers"]
    assert "migrate --check" in wait["command"][-1]
    [container] = pod["containers"]
    waits = int(container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [0])[-1])
    assert pod["terminationGracePeriodSeconds"] > waits + daphne.EXIT_SECONDS


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_a_probe_asks_a_path_that_there_is(probe):
    [web] = PODS["carillon-web"]["containers"]
    path, _, query = web[probe]["httpGet"]["path"].partition("?")
    assert resolve(path).func is (health.readyz if probe == "readinessProbe" else health.healthz)
    assert set(re.findall(r"exclude=(\w+)", query)) <= set(health.checks(None))


def test_a_pod_is_asked_by_its_own_address():
    [web] = PODS["carillon-web"]["containers"]
    given = {one["name"]: one for one in web["env"]}
    assert list(given) == ["POD_IP", "ALLOWED_HOSTS"], "an address must come before what names it"
    assert given["POD_IP"]["valueFrom"]["fieldRef"]["fieldPath"] == "status.podIP"
    [rule] = of("Ingress")[0]["spec"]["rules"]
    assert given["ALLOWED_HOSTS"]["value"] == f"{rule['host']},$(POD_IP)"


def test_every_setting_is_one():
    [settings] = KUSTOMIZATION["configMapGenerator"]
    given = {line.split("=")[0] for line in settings["literals"]}
    read = "".join((ROOT / f"config/{name}.py").read_text() for name in ("settings", "environment"))
    assert given | SECRETS | {"ALLOWED_HOSTS"} <= set(re.findall(r"\(\s*\"([A-Z_]+)\"", read))
    assert not given & SECRETS


def test_the_clock_is_one_and_never_two():
    beat = OURS["carillon-beat"]["spec"]
    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})
    assert {one["spec"]["scaleTargetRef"]["name"] for one in of("HorizontalPodAutoscaler")} == {"carillon-worker"}


@pytest.mark.parametrize("name", ["carillon-web", "carillon-worker"])
def test_a_roll_or_a_drained_node_leaves_some_of_them(name):
    assert OURS[name]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    [budget] = [one for one in of("PodDisruptionBudget") if one["metadata"]["name"] == name]
    assert budget["spec"]["minAvailable"] == 1
    assert budget["spec"]["selector"] == OURS[name]["spec"]["selector"]


def test_workers_are_as_many_as_lag_asks_for_by_metrics_that_there_are():
    [scaler] = of("HorizontalPodAutoscaler")
    asked = {one["external"]["metric"]["name"] for one in scaler["spec"]["metrics"]}
    shown = {one.name for one in vars(families).values() if isinstance(one, families.Figure)}
    assert asked == {"carillon_oldest_undelivered_seconds", "carillon_subscriber_lag_events"} <= shown
    [rule] = yaml.safe_load((FOLDER / "prometheus-adapter.yaml").read_text())["rules"]["external"]
    assert set(re.findall(r"carillon_\w+", rule["seriesQuery"])) == asked


def test_the_ingress_takes_bodies_and_holds_sockets_as_the_proxy_does():
    [ingress] = of("Ingress")
    given = {name.partition("/")[2]: value for name, value in ingress["metadata"]["annotations"].items()}
    proxy = (ROOT / "deploy/nginx/carillon.conf").read_text()
    assert f"client_max_body_size {given['client-max-body-size']};" in proxy
    assert f"proxy_read_timeout {given['proxy-read-timeout']};" in proxy
    assert {given["websocket-services"]} == {one["metadata"]["name"] for one in of("Service")}
