"""People are whoever the project's user model says, by its own names."""

from __future__ import annotations

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.checks import run_checks
from django.db import models
from django.test.utils import isolate_apps

from events import accounts
from events.log import publish
from tests.accounts.factory import new_person, saved_person, sign_in_name

pytestmark = pytest.mark.django_db


def test_a_person_is_found_by_the_name_they_sign_in_with(owner):
    assert accounts.named(sign_in_name("owner")).get() == owner
    assert not accounts.named("nobody").exists()


def test_a_key_may_be_as_large_as_the_models_own(owner):
    last = saved_person("last", pk=accounts.largest_id())
    assert publish.publish("job.completed", actor=last.pk).actor_user_id == last.pk


def test_a_full_name_comes_before_the_one_for_signing_in(owner):
    owner.get_full_name = lambda: "Olga Ruiz"
    assert accounts.full_name(owner) == "Olga Ruiz"


def test_strangers_read_no_address():

    person = new_person("olga@example.com", email="olga@example.com")

    assert accounts.public_name(person) == "olga"


def test_this_project_has_a_model_that_will_do():
    assert [error for error in run_checks() if error.id in {f"carillon.E00{n}" for n in range(5, 9)}] == []


@isolate_apps("events")
def test_a_model_that_will_not_do_is_refused_before_anything_fails(monkeypatch):
    class Member(AbstractBaseUser):
        id = models.UUIDField(primary_key=True)
        USERNAME_FIELD = "id"

        class Meta:
            app_label = "carillon_events"

    monkeypatch.setattr(accounts, "get_user_model", lambda: Member)
    found = {error.id or "": error.msg for error in accounts.people_can_be_told()}
    assert sorted(found) == [f"carillon.E00{n}" for n in (5, 6, 7, 8)]
    assert "its key is a UUIDField; the key must be a number" in found["carillon.E005"]
