"""Twenty wrong passwords at once keep a web process's cores busy for seconds; a neighbour is answered meanwhile."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytestmark = [pytest.mark.process, pytest.mark.service]

AT_ONCE = 20


class Browser(httpx.Client):
    """A client that fills in the form."""

    def sign_in(self, name: str, password: str) -> int:
        page = self.get("/sign-in/")
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        form = {"csrfmiddlewaretoken": token, "username": name, "password": password}
        return self.post("/sign-in/", data=form).status_code


def test_a_neighbour_reads_while_twenty_wrong_passwords_are_looked_at(service):
    def guess(number: int) -> int:
        with Browser(base_url=service.urls[0], timeout=60) as stranger:
            return stranger.sign_in(f"name-{number}", "wrong")

    with Browser(base_url=service.urls[0], timeout=60) as neighbour, ThreadPoolExecutor(AT_ONCE) as threads:
        assert neighbour.sign_in("alice", "carillon-demo") == 302
        guesses = [threads.submit(guess, number) for number in range(AT_ONCE)]
        reads = 0
        while not all(each.done() for each in guesses):
            assert neighbour.get("/notifications/").status_code == 200
            reads += 1
        # Without turns it is a read for every three or four passwords.
        assert reads >= AT_ONCE / 2
        assert {each.result() for each in guesses} <= {200, 429}
    assert "couldn't get a connection" not in service.webs[0].output
