"""Keys that a process remembers for seconds: how their end is heeded."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils import timezone

from events import api_keys
from events.accounts import User
from events.models import ApiKey
from events.transport import credentials

NOW = timezone.now()
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def text(owner) -> str:
    """Of a key that is known by now."""
    _key, text = api_keys.issue(owner)
    assert api_keys.resolve(text)
    return text


def user_of(text: str) -> User:
    key = api_keys.resolve(text)
    assert key
    return key.user


def test_a_known_key_costs_no_query(text, owner, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert user_of(text) == owner


def test_a_revoked_key_is_refused_at_once(text):
    api_keys.revoke(ApiKey.objects.all(), now=NOW)
    assert api_keys.resolve(text) is None


def test_the_key_of_somebody_who_is_switched_off_is_refused_once_that_is_told(text, owner):
    owner.is_active = False
    owner.save()
    credentials.changed_on_commit([owner.pk])
    assert api_keys.resolve(text) is None


def test_what_nobody_told_of_is_found_when_the_key_is_no_longer_known(text, monkeypatch):
    ApiKey.objects.update(revoked_at=NOW)
    assert api_keys.resolve(text)
    monkeypatch.setattr(api_keys, "MAX_AGE", 0.0)
    assert api_keys.resolve(text) is None


def test_a_key_that_ends_while_it_is_read_does_not_stay_known(owner, monkeypatch):
    _key, text = api_keys.issue(owner)
    copied = api_keys._copy
    monkeypatch.setattr(api_keys, "_copy", lambda key: (api_keys.revoke(ApiKey.objects.all(), now=NOW), copied(key))[1])
    api_keys.resolve(text)
    assert api_keys.resolve(text) is None


def test_a_key_is_not_remembered_from_a_transaction(owner):
    with transaction.atomic():
        _key, text = api_keys.issue(owner)
        assert api_keys.resolve(text)
        transaction.set_rollback(True)
    assert api_keys.resolve(text) is None


def test_permissions_are_not_remembered(text, owner):
    assert not user_of(text).has_perm("carillon_events.view_event")
    owner.user_permissions.add(Permission.objects.get(codename="view_event"))
    assert user_of(text).has_perm("carillon_events.view_event")


def test_no_more_than_so_many_are_remembered(owner, monkeypatch):
    monkeypatch.setattr(api_keys, "MOST_KNOWN", 2)
    for _ in range(5):
        api_keys.resolve(api_keys.issue(owner)[1])
        assert len(credentials.known_keys) <= 2


def test_its_use_is_stamped_when_it_is_read_again(text, owner, monkeypatch):
    ApiKey.objects.update(last_used_at=None)
    monkeypatch.setattr(api_keys, "MAX_AGE", 0.0)
    assert api_keys.resolve(text)
    assert ApiKey.objects.filter(last_used_at__isnull=False).exists()
