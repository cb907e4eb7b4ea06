"""What another process publishes is seen at once: toast, badge and feed, without a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_job_that_another_process_finishes_rings_in_the_open_page(site, live):
    page = live("alice")
    job = ("--actor", "alice", "--source", "job:77", "--payload", '{"name": "Shot 077", "message": "240 frames"}')
    site.publish_from_another_process("job.completed", *job)
    toast = page.locator("carillon-toasts .toast")
    expect(toast).to_contain_text("Shot 077 finished")
    expect(toast.locator(".word")).to_have_text("Job")
    expect(page.locator(".badge")).to_have_text("1")
    expect(page.locator(".carillon-row").first).to_contain_text("Unread. Shot 077 finished")
    expect(page.locator("main .day-label").first).to_have_text("Today")
    expect(page).to_have_title("(1) Inbox · Carillon")


def test_a_toast_is_spoken_once_and_politely(site, live):
    page = live("alice")
    site.job_finished("Shot 078", for_="alice")
    expect(page.locator("#carillon-polite")).to_have_text("Job: Shot 078 finished. 240 frames")
    expect(page.locator("#carillon-assertive")).to_be_empty()


def test_a_critical_one_stays_and_is_spoken_at_once(site, live):
    page = live("admin")
    page.clock.install()
    site.publish("system.gpu_critical", host="render-02", index=0, celsius=94, threshold=92)
    expect(page.locator("#carillon-assertive")).to_contain_text("System: GPU 0 at 94 °C")
    page.clock.run_for(60_000)
    expect(page.locator(".toast")).to_contain_text("GPU 0 at 94 °C on render-02")


def test_the_progress_of_a_job_changes_its_row_and_its_toast_in_place(site, live):
    page = live("alice")
    site.publish("job.started", actor="alice", source=900, name="Shot 900")
    expect(page.locator(".toast")).to_contain_text("Shot 900 started")
    site.publish("job.progress", actor="alice", source=900, name="Shot 900", progress=0.4)
    expect(page.locator(".toast")).to_contain_text("Shot 900: 40 % done")
    expect(page.locator(".toast")).to_have_count(1)
    expect(page.locator(".carillon-row", has_text="Shot 900").get_by_role("progressbar")).to_have_count(1)
    expect(page.locator(".badge")).to_have_text("1")


def test_do_not_disturb_lets_the_badge_grow_without_a_toast(site, live):
    page = live("alice")
    site.set("alice", dnd_enabled=True)
    expect(page.locator("[data-note=quiet]")).to_contain_text("Do not disturb is on")
    site.job_finished("Shot 079", for_="alice")
    expect(page.locator(".badge")).to_have_text("1")
    expect(page.locator(".toast")).to_have_count(0)
