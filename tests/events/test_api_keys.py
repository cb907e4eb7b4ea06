"""Bearer keys: shown once, found by their digest."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from events import api_keys
from events.models import ApiKey


def test_a_key_is_found_by_its_text_alone(owner):
    key, text = api_keys.issue(owner, label="ci")
    assert text.startswith("crl_")
    assert api_keys.resolve(text) == key
    assert text not in ApiKey.objects.values_list("digest", flat=True)


@pytest.mark.parametrize("text", ["", "crl_", "crl_unknown", "crl_\x00", "crl_\ud800"])
def test_other_texts_are_no_key(db, text):
    assert api_keys.resolve(text) is None


def test_a_revoked_key_is_no_key(owner):
    key, text = api_keys.issue(owner)
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    assert api_keys.resolve(text) is None


def test_the_key_of_an_inactive_user_is_no_key(owner):
    _key, text = api_keys.issue(owner)
    owner.is_active = False
    owner.save()
    assert api_keys.resolve(text) is None


def test_a_text_that_is_no_key_costs_one_query(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert api_keys.resolve("crl_unknown") is None


def test_use_is_stamped_at_most_once_a_minute(owner, django_assert_num_queries):
    key, text = api_keys.issue(owner)
    with django_assert_num_queries(2):
        api_keys.resolve(text)
    with django_assert_num_queries(1):
        api_keys.resolve(text)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now() - timedelta(seconds=61))
    api_keys.resolve(text)
    assert ApiKey.objects.filter(last_used_at__gt=timezone.now() - timedelta(seconds=30)).exists()


@pytest.mark.parametrize("patterns", [[], ["job *"], [""], ["JOB.*"]])
def test_patterns_that_could_cover_nothing_are_refused(owner, patterns):
    with pytest.raises(ValueError, match="pattern"):
        api_keys.issue(owner, publish_patterns=patterns)


def test_the_command_prints_a_working_key(owner):
    out = StringIO()
    call_command("token", owner.get_username(), "--publish", "job.*", "--label", "farm", stdout=out, stderr=StringIO())
    key = api_keys.resolve(out.getvalue().strip())
    assert key is not None
    assert (key.user, key.publish_patterns, key.label) == (owner, ["job.*"], "farm")


@pytest.mark.parametrize(
    ("patterns", "named", "may", "may_not"),
    [
        (["job.*"], None, ["job"], ["project", "jobs", "jo", "review"]),
        (["job.completed", "review.*"], None, ["job", "review"], ["project"]),
        (["*"], None, ["job", "project"], []),
        (["jo*"], None, ["job", "joint"], ["project"]),
        (["job.*"], ["scene", "project"], ["scene", "project"], ["job"]),
        (["job.*"], ["*"], ["job", "project"], []),
        (["job.*"], [], [], ["job", "project"]),
        (None, None, ["job", "project"], []),
    ],
)
def test_a_key_s_fence_holds_memberships_too(owner, patterns, named, may, may_not):
    key, _text = api_keys.issue(owner, publish_patterns=patterns, member_types=named)
    key.refresh_from_db()
    assert [name for name in may + may_not if api_keys.may_write_members(key, name)] == may


@pytest.mark.parametrize(
    ("patterns", "named", "said"),
    [(None, ["job"], "name its patterns too"), (["job.*"], ["Job"], "'Job' can't be one"), (["job.*"], [""], "''")],
)
def test_a_fence_that_makes_no_sense_is_refused(owner, patterns, named, said):
    with pytest.raises(ValueError, match=said):
        api_keys.issue(owner, publish_patterns=patterns, member_types=named)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [([], None), (["--members", "job", "project"], ["job", "project"]), (["--members"], [])],
)
def test_the_command_names_the_memberships_a_key_may_write(owner, arguments, named):
    call_command("token", owner.get_username(), "--publish", "job.*", *arguments, stdout=StringIO(), stderr=StringIO())
    assert ApiKey.objects.get().member_types == named


def test_the_command_refuses_memberships_without_patterns(owner):
    with pytest.raises(CommandError, match="name its patterns too"):
        call_command("token", owner.get_username(), "--members", "job")


def test_keys_that_end_are_told_and_ended_ones_stay_as_they_are(owner):
    (key, _), (ended, _) = api_keys.issue(owner), api_keys.issue(owner)
    earlier, now = timezone.now() - timedelta(days=1), timezone.now()
    ApiKey.objects.filter(pk=ended.pk).update(revoked_at=earlier)
    assert api_keys.revoke(ApiKey.objects.all(), now=now) == [key]
    assert list(ApiKey.objects.order_by("pk").values_list("revoked_at", flat=True)) == [now, earlier]


def test_the_command_says_when_the_user_may_not_publish(owner):
    err = StringIO()
    call_command("token", owner.get_username(), "--publish", "job.*", stdout=StringIO(), stderr=err)
    assert "carillon_events.publish_event" in err.getvalue()


def test_the_command_refuses_unknown_users(db):
    with pytest.raises(CommandError, match="no active user 'nobody'"):
        call_command("token", "nobody")
