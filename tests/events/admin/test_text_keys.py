"""Ids that are text in the admin: one field of a form, and one search, for them and for numbers."""

from __future__ import annotations

import pytest
from django.urls import reverse, reverse_lazy

from events.bus import publish
from events.entities import Entity, parse_entity
from events.memberships import grant
from events.models import Membership

ADD = reverse_lazy("admin:carillon_events_membership_add")


@pytest.mark.parametrize(
    ("written", "halves"), [("3f2c-91", (None, "3f2c-91")), ("7", (7, None)), ("007", (None, "007"))]
)
def test_a_membership_has_a_number_or_text_by_one_field(admin_client, owner, written, halves):
    form = {"entity_type": "prompt", "entity_id": written, "user": owner.pk, "role": "watcher"}
    admin_client.post(ADD, form)
    tie = Membership.objects.get()
    assert (tie.entity_id, tie.entity_key) == halves
    page = reverse("admin:carillon_events_membership_change", args=[tie.pk])
    assert f'name="entity_id" value="{written}"' in admin_client.get(page).content.decode()
    admin_client.post(page, form | {"entity_id": "b/2", "entity_key": "forged"})
    assert Membership.objects.values_list("entity_id", "entity_key").get() == (None, "b/2")
    again = admin_client.post(ADD, form | {"entity_id": "b/2"})
    assert list(again.context["adminform"].form.errors) == ["__all__"]


@pytest.mark.parametrize("term", ["prompt:3f2c-91", "prompt:7"])
def test_search_finds_what_is_about_a_text_or_a_number(admin_client, owner, term):
    about = parse_entity(term)
    publish("job.completed", source=about)
    publish("job.completed", source=Entity("prompt", "other"))
    grant(about, user=owner, role="owner")
    for model in ("event", "membership"):
        listed = admin_client.get(reverse(f"admin:carillon_events_{model}_changelist"), {"q": term})
        assert [listed.context["cl"].result_count, f"<code>{term}</code>" in listed.content.decode()] == [1, True]
