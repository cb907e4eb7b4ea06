"""`manage.py publish`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from events.entities import Entity
from events.models import Event


def run(*words: str) -> str:
    out = StringIO()
    call_command("publish", *words, stdout=out)
    return out.getvalue()


def test_it_prints_the_id_of_what_it_published(owner):
    said = run(
        "job.completed",
        "--actor",
        owner.get_username(),
        "--source",
        "job:42",
        "--payload",
        '{"name": "A"}',
        "--project",
        "7",
    )
    event = Event.objects.get(pk=int(said))
    assert (event.actor_user, event.source, event.payload) == (owner, Entity("job", 42), {"name": "A"})
    assert (event.project_id, event.publisher) == (7, "")


def test_a_source_may_have_text_for_an_id(db):
    event = Event.objects.get(pk=int(run("job.completed", "--source", "prompt:3f2c-91")))
    assert event.source == Entity("prompt", "3f2c-91")


def test_an_actor_may_be_named_by_id(owner):
    assert Event.objects.get(pk=int(run("job.completed", "--actor", str(owner.pk)))).actor_user == owner


def test_a_type_alone_is_enough(db):
    assert Event.objects.get(pk=int(run("job.completed"))).payload == {}


def test_the_same_key_publishes_once(db):
    assert run("job.completed", "--key", "nightly-1") == run("job.completed", "--key", "nightly-1")
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["job.complete"], "did you mean job.completed"),
        (["job.completed", "--actor", "nobody"], "there is no user 'nobody'"),
        (["job.completed", "--actor", "9" * 40], "there is no user"),
        (["job.completed", "--source", "job"], "not of the form type:id"),
        (["job.completed", "--source", "job:a b"], "text of 1 to 200 printable characters, without spaces"),
        (["job.completed", "--payload", "{"], "--payload is not JSON"),
        (["job.completed", "--payload", "[" * 100_000], "nested too deep"),
        (["job.completed", "--payload", '{"n": ' + "9" * 5000 + "}"], "a number is too long"),
        (["job.completed", "--payload", "[]"], "not a JSON object"),
        (["job.completed", "--payload", '{"a": NaN}'], "not JSON"),
        (["job.progress", "--payload", '{"progress": 2}'], "maximum"),
        (["job.completed", "--project", "-1"], "project_id"),
        (["job.completed", "--key", ""], "idempotency key"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_refused_is_said_in_one_line(db, words, says):
    with pytest.raises(CommandError, match=says) as caught:
        run(*words)
    assert "\n" not in str(caught.value)
    assert caught.value.returncode == 1
    assert not Event.objects.exists()


def test_a_dry_run_says_who_would_be_told_and_publishes_nothing(owner):
    said = run("job.completed", "--actor", owner.get_username(), "--dry-run")
    assert "job.completed: told 1 of 1 people, 1 over in_app; 0 held." in said
    assert f"{owner.get_username()} ({owner.pk}): told." in said
    assert not Event.objects.exists()
