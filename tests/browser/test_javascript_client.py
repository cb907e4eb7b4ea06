"""The JavaScript client in a page of the site: publish with repeats, read, listen and resume, verify."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from delivery.channels.webhook import signing

pytestmark = [pytest.mark.browser, pytest.mark.page]
MODULE = (Path(__file__).parents[2] / "clients" / "javascript" / "carillon.js").read_text()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_774_785_600
BODY = '{"event_type":"job.completed"}'
SIGNED = signing.headers(BODY.encode(), message_id="msg_1", timestamp=NOW, keys=[b"other", signing.key_of(SECRET)])
# What a refused request leaves in a browser's console.
NOISE = ("503", "409", "400", "ERR_FAILED")

AROUND = """async (given) => {
  const { Carillon, verify } = await import("/client.js");
  const { key } = given;
  try { CODE } catch (error) { return `${error.name}: ${error.message}`; }
}"""


@pytest.fixture
def shown(enter) -> Page:
    """A page of admin's, in which the module can be imported."""
    page: Page = enter("admin", "", expect=NOISE)
    page.context.route("**/client.js", lambda route: route.fulfill(body=MODULE, content_type="text/javascript"))
    page.goto("/notifications/preferences/")
    return page


def run(page: Page, code: str, **given: Any) -> Any:
    """What this code gives, or the error that it ends with."""
    return page.evaluate(AROUND.replace("CODE", code), given)


@pytest.fixture
def key(site) -> str:
    found: str = site.accounts["admin"][1]
    return found


def test_a_busy_site_is_asked_again_under_the_same_key(shown, key):
    keys: list[str] = []

    def busy_at_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) < 3:
            route.fulfill(status=503, headers={"Retry-After": "0"}, body='{"code": "busy", "detail": "Wait."}')
        else:
            route.continue_()

    shown.route("**/api/v1/events", busy_at_first)
    found = run(shown, "return await new Carillon({ key }).publish({ event_type: 'job.completed' })", key=key)
    assert (found["event_type"], len(keys), len(set(keys))) == ("job.completed", 3, 1)


def test_who_is_asked_to_wait_beyond_the_deadline_is_told_at_once(shown, key):
    answer = {"status": 503, "headers": {"Retry-After": "60"}, "body": '{"code": "busy", "detail": "Wait."}'}
    shown.route("**/api/v1/events", lambda route: route.fulfill(**answer))
    code = "return await new Carillon({ key, deadline: 5 }).publish({ event_type: 'job.completed' })"
    assert run(shown, code, key=key) == "RefusedError: 503 busy: Wait."


def test_a_site_that_is_away_is_given_up_at_the_deadline(shown, key):
    shown.route("**/api/v1/events", lambda route: route.abort())
    code = "return await new Carillon({ key, deadline: 0.3 }).publish({ event_type: 'job.completed' })"
    assert run(shown, code, key=key).startswith("UnavailableError: no answer from ")


def test_what_is_refused_says_why(shown, key):
    code = "return await new Carillon({ key }).publish({ event_type: 'job.x' })"
    assert run(shown, code, key=key).startswith("RefusedError: 400 unknown_event_type: ")


def test_many_are_in_the_log_after_as_many_pages_as_it_takes(shown, key):
    code = """
      const carillon = new Carillon({ key });
      const event = (_, number) => ({ event_type: "job.submitted", payload: { name: `${number}` } });
      const events = Array.from({ length: 1001 }, event);
      const first = await carillon.publishMany(events, { key: "many" });
      const again = await carillon.publishMany(events, { key: "many" });
      return [first.length, first.every((event, place) => event.id === again[place].id)];
    """
    assert run(shown, code, key=key) == [1001, True]
    code = """
      let count = 0;
      for await (const event of new Carillon({ key }).events({ type: "job.*" })) count += 1;
      return count;
    """
    assert run(shown, code, key=key) > 100


def test_a_page_s_own_session_reads_its_feed(site, shown, key):
    publish = "await new Carillon({ key }).publish({ event_type: 'job.completed', to: [given.admin] });"
    run(shown, publish, key=key, admin=site.people["admin"])
    code = """
      for (;;)
        for await (const row of new Carillon().feed({ unreadOnly: true, category: "job" })) return row.event_type;
    """
    assert run(shown, code) == "job.completed"


def test_a_socket_tells_and_goes_on_where_it_was_left(site, shown, key):
    listen = """
      return await new Promise((resolve) => {
        const frames = [];
        const stop = new Carillon().listen((frame) => {
          if (frame.type !== "hello" && frame.event_type !== "job.completed") return;
          frames.push(frame);
          if (frames.length === given.count) { stop(); resolve(frames); }
        }, { seq: given.seq });
        if (given.publish)
          new Carillon({ key }).publish({ event_type: "job.completed", payload: { name: "One" }, to: [given.admin] });
      });
    """
    admin = site.people["admin"]
    hello, told = run(shown, listen, key=key, count=2, publish=True, admin=admin)
    assert (hello["type"], told["notification"]["title"]) == ("hello", "One finished")
    (again,) = run(shown, listen, count=1, seq=hello["seq"])
    assert "One finished" in [row["title"] for row in again["notifications"]]


def test_a_webhook_that_carillon_signed_is_verified(shown):
    code = "return await verify(given.body, given.headers, { secrets: given.secrets, now: given.now })"
    said = {"body": BODY, "headers": SIGNED, "secrets": [signing.new_secret(), SECRET], "now": NOW}
    assert run(shown, code, **said) == {"event_type": "job.completed"}
    changes: list[dict[str, Any]] = [
        {"body": BODY + " "},
        {"headers": {}},
        {"now": NOW + 301},
        {"secrets": [signing.new_secret()]},
    ]
    for change in changes:
        assert run(shown, code, **(said | change)).startswith("BadSignatureError: ")


def test_its_types_name_what_it_exports():
    types = (Path(__file__).parents[2] / "clients" / "javascript" / "carillon.d.ts").read_text()
    exported = set(re.findall(r"^export (?:async )?(?:class|function) (\w+)", MODULE, re.MULTILINE))
    assert exported == {"BadSignatureError", "Carillon", "RefusedError", "UnavailableError", "verify"}
    assert [name for name in exported if f"declare class {name}" not in types and f"function {name}" not in types] == []
