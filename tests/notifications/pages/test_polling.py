"""What browsers ask for where no socket gets through, and what pages of other projects fill their elements with."""

from __future__ import annotations

import pytest
from django.test import Client

from events.accounts import User
from notifications.inbox import marking
from tests.notifications.factories.routing import JOB, publish_and_route

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


def look(client: Client, user: User | None, *, seq: str | int) -> list[str | int]:
    answer = client.get("/notifications/since/", {"user": user.pk if user else "None", "seq": seq})
    return [frame["type"] for frame in answer.json()["frames"]] if answer.status_code == 200 else [answer.status_code]


def test_it_gives_the_frames_of_a_greeting(client, owner):
    client.force_login(owner)
    publish_and_route("job.completed", source=JOB, payload={"name": "Shot 1"})
    answer = client.get("/notifications/since/", {"user": owner.pk, "seq": 0})
    [hello] = answer.json()["frames"]
    assert (hello["seq"], hello["recovered"]) == (marking.state(owner.pk).seq, True)
    assert [row["title"] for row in hello["notifications"]] == ["Shot 1 finished"]


@pytest.mark.parametrize("seq", ["", "-1", "x", "9" * 30, "٣"])
def test_a_number_that_is_none_gets_where_the_inbox_stands(client, owner, seq):
    client.force_login(owner)
    assert look(client, owner, seq=seq) == ["hello"]


def test_one_that_is_ahead_is_told_to_start_anew(client, owner):
    client.force_login(owner)
    assert look(client, owner, seq=10**9) == ["hello", "resync"]


def test_a_page_of_another_person_learns_that_its_session_ended(client, owner, member):
    client.force_login(owner)
    assert look(client, member, seq=0) == [401]


def test_nobody_has_no_frames(client, owner):
    assert look(client, owner, seq=0) == [401]
    assert look(client, None, seq=0) == [401]


def test_looking_again_costs_the_same_for_more_rows(client, owner, django_assert_max_num_queries):
    client.force_login(owner)
    for number in range(12):
        publish_and_route("review.comment", source=JOB, payload={"title": f"Shot {number}", "text": "Hm"})
    with django_assert_max_num_queries(7):
        look(client, owner, seq=0)


def test_the_parts_of_an_embedded_bell_are_for_whoever_is_signed_in(client, owner):
    assert client.get("/notifications/embed/").content.strip() == b""
    client.force_login(owner)
    assert b'<a class="bell"' in client.get("/notifications/embed/").content
