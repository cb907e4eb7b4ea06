"""The admin's pages about what the sources remember: to look at, and nothing else."""

from __future__ import annotations

import os

import pytest
from django.urls import reverse

from events.models import ComfyuiServer, ServiceRun, TrackedJob
from events.sources import service_runs
from events.sources.jobs import lifecycle
from tests.inline_code import INLINE

PAGES = ["trackedjob", "servicerun", "comfyuiserver"]


@pytest.fixture
def filled(owner):
    lifecycle.submit("celery:a", lifecycle.facts("<b>Take</b>", source="shot:42", actor=owner))
    lifecycle.submit("comfyui:b", lifecycle.facts("Other"))
    service_runs.start("web", host="render-02", pid=os.getpid(), version="1")
    ComfyuiServer.objects.create(url="http://127.0.0.1:8188", seen_until_ms=7)


def opened(client, model: str):
    listed = client.get(reverse(f"admin:carillon_events_{model}_changelist"))
    row = listed.context["cl"].result_list[0]
    return [listed, client.get(reverse(f"admin:carillon_events_{model}_change", args=[row.pk]))]


@pytest.mark.parametrize("model", PAGES)
def test_every_list_and_every_row_has_its_page(admin_client, filled, model):
    for page in opened(admin_client, model):
        assert page.status_code == 200
        assert not INLINE.findall(page.content.decode())


@pytest.mark.parametrize("model", PAGES)
def test_nothing_can_be_added_changed_or_deleted(admin_client, filled, model):
    _listed, row = opened(admin_client, model)
    assert admin_client.get(reverse(f"admin:carillon_events_{model}_add")).status_code == 403
    assert admin_client.post(row.request["PATH_INFO"], {}).status_code == 403
    assert admin_client.post(f"{row.request['PATH_INFO'].removesuffix('change/')}delete/").status_code == 403


@pytest.mark.parametrize(("term", "found"), [("shot:42", 1), ("celery:a", 1), ("Oth", 1), ("nobody", 0), ("9" * 30, 0)])
def test_a_job_is_found_by_its_source_its_key_or_its_name(admin_client, filled, term, found):
    response = admin_client.get(reverse("admin:carillon_events_trackedjob_changelist"), {"q": term})
    assert response.context["cl"].result_count == found


def test_a_job_leads_to_its_events(admin_client, filled):
    of_itself = TrackedJob.objects.get(key="comfyui:b")
    page = admin_client.get(reverse("admin:carillon_events_trackedjob_change", args=[of_itself.pk]))
    link = f"{reverse('admin:carillon_events_event_changelist')}?q=trackedjob:{of_itself.pk}"
    assert f'href="{link}"' in page.content.decode()
    assert admin_client.get(link).context["cl"].result_count == 1


def test_a_run_says_how_it_ended(admin_client, filled):
    service_runs.end(ServiceRun.objects.get())
    [listed, _row] = opened(admin_client, "servicerun")
    assert '<td class="field-ending">Yes</td>' in listed.content.decode()
