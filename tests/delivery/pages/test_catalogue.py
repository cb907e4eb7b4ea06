"""The page of all event types: how each looks, what it holds, and who is told."""

from __future__ import annotations

import pytest
from django.urls import reverse

from events.models import EventType

pytestmark = pytest.mark.django_db


def shown(client, user, query: str = "") -> str:
    client.force_login(user)
    return str(client.get(reverse("carillon:catalogue") + query).content.decode())


def test_each_type_says_who_is_told_and_what_it_holds(client, member):
    page = shown(client, member)
    for name in EventType.objects.values_list("name", flat=True):
        assert f'id="{name}"' in page
    assert "The people it mentions." in page
    assert "&quot;mentioned_user_ids&quot;" in page
    assert "publish collab.mention" in page


def test_each_type_shows_its_toast_its_row_and_its_mail(client, member):
    page = shown(client, member)
    entry = page[page.index('id="job.failed"') :].partition("</li>\n</ol>")[0]
    assert '<li class="toast" data-category="job"' in entry
    assert ">Shot 042 failed</p>" in entry
    assert page.count("[job.failed] Shot 042 failed") == 1
    assert page.count('class="carillon-row" data-id=') == EventType.objects.count() + 1


def test_a_type_that_is_told_to_nobody_says_so(client, member):
    EventType.objects.create(name="billing.paid", category="billing")
    assert "Nobody: Carillon only keeps it." in shown(client, member)


def test_a_type_that_is_switched_off_is_not_in_it(client, member):
    EventType.objects.filter(name="job.failed").update(is_active=False)
    assert 'id="job.failed"' not in shown(client, member)


def test_it_is_paged_and_asks_constantly_often(client, member, django_assert_max_num_queries):
    EventType.objects.bulk_create([EventType(name=f"more.t{n:03}", category="more") for n in range(120)])
    client.force_login(member)
    with django_assert_max_num_queries(14):
        page = client.get(reverse("carillon:catalogue")).content.decode()
    assert 'rel="next"' in page
    assert 'id="more.t119"' in shown(client, member, "?page=3")


def test_only_for_who_is_signed_in(client):
    assert client.get(reverse("carillon:catalogue")).status_code == 302
