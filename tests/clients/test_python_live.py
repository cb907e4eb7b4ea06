"""The Python client against the real site: publish, read, listen, resume."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from carillon_client import Carillon, RefusedError
from carillon_client.listening import listen

from tests.processes import Serve

RECIPES = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text().split("```python\n")[1:]
RECIPES = [block.split("```")[0] for block in RECIPES]
pytestmark = [pytest.mark.process, pytest.mark.embedded]


@pytest.fixture(scope="module")
def demo() -> Iterator[Serve]:
    with Serve("--demo") as serve:
        yield serve


@pytest.fixture(scope="module")
def key(demo) -> str:
    text: str = demo.manage("token", "admin").split()[-1]
    return text


@pytest.fixture
def carillon(demo, key) -> Carillon:
    return Carillon(demo.url, key=key)


@pytest.fixture(scope="module")
def admin(demo) -> int:
    with closing(sqlite3.connect(demo.database)) as database:
        found: int = database.execute("SELECT id FROM auth_user WHERE username = 'admin'").fetchone()[0]
    return found


def test_a_repeat_is_the_first_event(carillon):
    one, again = (carillon.publish("job.completed", payload={"name": "A"}, key="once") for _ in range(2))
    assert one["id"] == again["id"]


def test_what_the_key_says_of_another_event_is_a_conflict(carillon):
    carillon.publish("job.completed", payload={"name": "A"}, key="twice")
    with pytest.raises(RefusedError, match="409 idempotency_conflict"):
        carillon.publish("job.completed", payload={"name": "B"}, key="twice")


def test_many_are_in_the_log_in_their_order(carillon):
    published = carillon.publish_many({"event_type": "job.submitted", "payload": {"name": str(n)}} for n in range(150))
    ids = [event["id"] for event in published]
    # They are numbered after the commit.
    for _ in range(100):
        found = [event["id"] for event in carillon.events(event_type="job.*") if event["id"] in ids]
        if len(found) == len(ids):
            break
        time.sleep(0.1)
    assert found == ids


def test_a_socket_tells_and_goes_on_where_it_was_left(demo, key, carillon, admin):
    frames = listen(demo.url, key=key)
    seq = next(frames)["seq"]
    carillon.publish("job.completed", to=[admin], payload={"name": "One"})
    assert next(one["notification"]["title"] for one in frames if one["seq"] > seq) == "One finished"
    frames.close()
    carillon.publish("job.completed", to=[admin], payload={"name": "Two"})
    told = [row for frame in islice(listen(demo.url, key=key, seq=seq), 1) for row in frame["notifications"]]
    assert "One finished" in [row["title"] for row in told]
    assert next(carillon.feed(unread_only=True))["title"] in ("One finished", "Two finished")


def test_a_key_that_does_not_hold_is_told_so(demo):
    with pytest.raises(RefusedError, match="401 unauthenticated"):
        list(islice(listen(demo.url, key="crl_nobody"), 2))
    with pytest.raises(RefusedError, match="401"):
        Carillon(demo.url, key="crl_nobody").publish("job.completed")


def recipe(name: str) -> Any:
    """A function as docs/contracts.md shows it."""
    module: dict[str, Any] = {}
    exec(next(one for one in RECIPES if f"def {name}(" in one), module)
    return module[name]


def test_the_recipe_catches_up_from_where_it_was(carillon, demo):
    handled: list[int] = []
    after = recipe("catch_up")(carillon, after=0, handle=lambda event: handled.append(event["position"]))
    assert (handled, after) == (sorted(handled), handled[-1])
    assert recipe("catch_up")(carillon, after=after, handle=handled.append) >= after


def test_the_recipe_sends_what_is_dead_again(carillon, demo):
    dead = list(carillon.deliveries(state="dead"))
    recipe("send_dead_again")(carillon)
    states = {delivery["id"]: delivery["state"] for delivery in carillon.deliveries()}
    assert dead
    assert [states[one["id"]] for one in dead if states[one["id"]] == "dead"] == []
