"""The ground floor's pages in the admin."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory
from django.urls import reverse

from events import api_keys
from events.accounts import User, full_name
from events.admin import base
from events.admin.log import SubscriberAdmin
from events.bus import publish
from events.entities import Entity
from events.memberships import grant
from events.models import ApiKey, Event, EventType, HardwareReading, LogHead, Membership, ParkedEvent, Subscriber
from tests.accounts.factory import admin_page
from tests.events.admin.type_forms import fields_of, new_type
from tests.inline_code import INLINE


def send(admin_client: Client, page: str, *args: object, **form: object):
    return admin_client.post(reverse(f"admin:carillon_events_{page}", args=args), form)


def errors(response) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


@pytest.fixture
def filled(owner: User) -> None:
    event = publish("job.completed", source=Entity("job", 42), actor=owner, payload={"name": "<b>Shot</b>"})
    reader = Subscriber.objects.create(name="tested", position=0)
    ParkedEvent.objects.create(subscriber=reader, event=event, error="Traceback\nValueError: no")
    Membership.objects.create(entity_type="job", entity_id=42, user=owner, role="owner")
    HardwareReading.objects.create(host="render-02", name="/data", value=91)
    api_keys.issue(owner, label="Render farm")


PAGES = ["eventtype", "event", "subscriber", "parkedevent", "membership", "apikey", "hardwarereading"]


@pytest.mark.parametrize("model", PAGES)
def test_every_list_and_every_row_has_its_page(admin_client, filled, model):
    listed = admin_client.get(reverse(f"admin:carillon_events_{model}_changelist"))
    row = listed.context["cl"].result_list[0]
    opened = admin_client.get(reverse(f"admin:carillon_events_{model}_change", args=[row.pk]))
    assert (listed.status_code, opened.status_code) == (200, 200)


@pytest.mark.parametrize("model", PAGES)
def test_no_page_carries_inline_script_or_style(admin_client, filled, model):
    listed = admin_client.get(reverse(f"admin:carillon_events_{model}_changelist"))
    row = listed.context["cl"].result_list[0]
    for page in (listed, admin_client.get(reverse(f"admin:carillon_events_{model}_change", args=[row.pk]))):
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert not INLINE.findall(page.content.decode())


@pytest.mark.parametrize(
    ("model", "term", "found"),
    [
        ("event", "job:42", 1),
        ("event", "job:43", 0),
        ("event", "job.comp", 1),
        ("event", "9" * 30, 0),
        ("membership", "job:42", 1),
        ("membership", "owner", 1),
        ("membership", "owner@example.com", 1),
        ("membership", "outsider", 0),
        ("eventtype", "comple", 1),
        ("apikey", "farm", 1),
    ],
)
def test_search_finds_what_operators_have_at_hand(admin_client, filled, model, term, found):
    response = admin_client.get(reverse(f"admin:carillon_events_{model}_changelist"), {"q": term})
    assert response.context["cl"].result_count == found


def test_an_event_is_found_by_its_id(admin_client, filled):
    event = Event.objects.get()
    response = admin_client.get(reverse("admin:carillon_events_event_changelist"), {"q": str(event.pk)})
    assert list(response.context["cl"].result_list) == [event]


def test_json_on_a_page_has_a_greatest_length():
    deep: list[object] = [0] * 50_000
    for _ in range(30):
        deep = [deep]
    assert len(base.pretty_json(deep)) == base.MOST_JSON + len("<pre></pre>")


def test_a_payload_is_shown_pretty_and_escaped(admin_client, filled):
    page = admin_client.get(
        reverse("admin:carillon_events_event_change", args=[Event.objects.get().pk])
    ).content.decode()
    assert "&lt;b&gt;Shot&lt;/b&gt;&quot;\n}" in page


@pytest.mark.parametrize("model", ["event", "parkedevent", "apikey", "hardwarereading"])
def test_what_the_bus_writes_is_not_written_by_hand(admin_client, filled, model):
    row = admin_client.get(reverse(f"admin:carillon_events_{model}_changelist")).context["cl"].result_list[0]
    assert send(admin_client, f"{model}_change", row.pk).status_code == 403
    assert send(admin_client, f"{model}_delete", row.pk, post="yes").status_code == 403
    assert send(admin_client, f"{model}_add").status_code == 403


def test_a_membership_says_who_wrote_it(admin_client, admin_user, owner):
    form = {"entity_type": "job", "entity_id": 42, "user": owner.pk, "role": "owner"}
    assert send(admin_client, "membership_add", **form).status_code == 302
    listed = admin_client.get(reverse("admin:carillon_events_membership_changelist")).content.decode()
    assert f'<td class="field-written_by">{full_name(admin_user)}</td>' in listed
    key, _text = api_keys.issue(owner, label="Render farm")
    grant(Entity("job", 42), user=owner, role="owner", by=owner, key=key)
    listed = admin_client.get(reverse("admin:carillon_events_membership_changelist")).content.decode()
    assert f'<td class="field-written_by">{full_name(owner)}, Render farm</td>' in listed


@pytest.mark.parametrize(
    ("patterns", "named", "shown"),
    [(None, None, "all"), (["job.*"], None, "job"), (["job.*"], ["job", "scene"], "job, scene"), (["*"], [], "none")],
)
def test_a_key_says_whose_memberships_it_may_write(admin_client, owner, patterns, named, shown):
    api_keys.issue(owner, publish_patterns=patterns, member_types=named)
    listed = admin_client.get(reverse("admin:carillon_events_apikey_changelist")).content.decode()
    assert f'<td class="field-memberships">{shown}</td>' in listed


def queries(admin_client: Client, page: str, django_assert_max_num_queries) -> int:
    with django_assert_max_num_queries(30) as captured:
        admin_client.get(reverse(f"admin:carillon_events_{page}_changelist"))
    return len(captured)


@pytest.mark.parametrize("model", ["event", "membership", "parkedevent", "eventtype", "subscriber", "apikey"])
def test_a_list_asks_as_much_for_one_row_as_for_many(
    admin_client, filled, owner, member, django_assert_max_num_queries, model
):
    queries(admin_client, model, django_assert_max_num_queries)
    few = queries(admin_client, model, django_assert_max_num_queries)
    for number in range(12):
        event = publish("job.completed", source=Entity("job", 100 + number), actor=member)
        Membership.objects.create(entity_type="job", entity_id=100 + number, user=member, role="owner")
        reader = Subscriber.objects.create(name=f"tested-{number}")
        ParkedEvent.objects.create(subscriber=reader, event=event, error="no")
        EventType.objects.create(name=f"tested.{number}", category="tested")
        api_keys.issue(member)
    assert queries(admin_client, model, django_assert_max_num_queries) == few


def test_a_big_table_is_counted_no_further_than_the_bound(admin_client, filled, monkeypatch):
    monkeypatch.setattr(base, "MOST_COUNTED", 3)
    for _ in range(5):
        publish("job.started")
    assert admin_client.get(reverse("admin:carillon_events_event_changelist")).context["cl"].result_count == 3
    assert "At most the first 3" in admin_client.get(reverse("admin:carillon_events_event_changelist")).content.decode()


def test_a_small_table_is_not_said_to_be_cut(admin_client, filled):
    assert (
        "At most the first" not in admin_client.get(reverse("admin:carillon_events_event_changelist")).content.decode()
    )


def test_a_type_made_in_the_admin_is_publishable_at_once(admin_client):
    assert send(admin_client, "eventtype_add", **new_type()).status_code == 302
    made = publish("render.queued", payload={"shot": "042"}).event_type
    assert made.audience == ["actor", "watchers"]
    assert made.default_channels == ["in_app", "email"]


@pytest.mark.django_db(transaction=True)
def test_a_change_of_a_type_counts_for_the_next_publish(admin_client):
    event_type = publish("job.started").event_type
    changed = fields_of(event_type, schema='{"required": ["shot"]}', sample='{"shot": "1"}')
    assert send(admin_client, "eventtype_change", event_type.pk, **changed).status_code == 302
    with pytest.raises(ValueError, match="'shot' is a required property"):
        publish("job.started")


def test_the_audience_is_ticked_from_the_rules(admin_client):
    event_type = EventType.objects.get(name="review.comment")
    page = admin_client.get(reverse("admin:carillon_events_eventtype_change", args=[event_type.pk])).content.decode()
    ticked = re.findall(r'name="audience" value="(\w+)"[^>]* checked', page)
    assert ticked == ["owner", "watchers"]


def test_a_saved_page_changes_nothing_that_was_not_changed(admin_client):
    event_type = EventType.objects.get(name="job.completed")
    before = EventType.objects.filter(pk=event_type.pk).values().get()
    send(admin_client, "eventtype_change", event_type.pk, **fields_of(event_type))
    after = EventType.objects.filter(pk=event_type.pk).values().get()
    assert after | {"updated_at": None} == before | {"updated_at": None}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "Not A Name", "lower-case words joined by dots"),
        ("category", "Not a word", "one lower-case word"),
        ("audience", ["friends"], "friends is not one of the available choices"),
        ("schema", '{"type": "nothing"}', "not valid JSON Schema"),
        ("schema", '{"$ref": "#/nowhere"}', "leads nowhere"),
        ("schema", '{"properties": {"a": {"pattern": "a(?=b)"}}}', "has the pattern 'a(?=b)', which RE2 can't compile"),
        ("schema", '{"$dynamicRef": "https://example.com/"}', "may only refer to itself"),
        ("schema", '{"minimum": NaN}', "not JSON"),
        ("schema", "{", "Enter a valid JSON"),
        ("schema", "[" * 100_000, "nested too deep"),
        ("sample", '{"n": ' + "9" * 5000 + "}", "a number is too long"),
        ("sample", '{"shot": "\\u0000"}', "NUL"),
        ("sample", "{}", "'shot' is a required property"),
        ("sample", "[]", "not a JSON object"),
        ("title_template", "{% now 'Y' %}", "template can't be used"),
        ("url_template", "{{ payload.shot|nothing }}", "template can't be used"),
    ],
)
def test_an_error_stands_at_its_field(admin_client, field, value, says):
    response = send(admin_client, "eventtype_add", **new_type(**{field: value}))
    assert says in errors(response)[field][0]
    assert not EventType.objects.filter(name="render.queued").exists()


def test_an_empty_sample_is_an_empty_object(admin_client):
    send(admin_client, "eventtype_add", **new_type(sample="", schema=""))
    made = EventType.objects.get(name="render.queued")
    assert (made.sample, made.schema) == ({}, None)


def test_the_name_stays_once_it_is_given(admin_client):
    event_type = EventType.objects.get(name="job.completed")
    send(admin_client, "eventtype_change", event_type.pk, **fields_of(event_type, name="job.done"))
    event_type.refresh_from_db()
    assert event_type.name == "job.completed"


def test_the_preview_reads_like_the_sample(admin_client):
    event_type = EventType.objects.get(name="job.failed")
    page = admin_client.get(reverse("admin:carillon_events_eventtype_change", args=[event_type.pk])).content.decode()
    assert ">Shot 042 failed</p>" in page
    assert ">CUDA out of memory at step 14 of 20</p>" in page
    assert "1 job failed / 3 jobs failed</dd>" in page


def test_a_type_in_use_is_kept_with_a_word_on_what_to_do(admin_client, filled):
    event_type = EventType.objects.get(name="job.completed")
    response = send(admin_client, "eventtype_delete", event_type.pk, post="yes")
    assert "Switch it off instead" in response.content.decode()
    assert EventType.objects.filter(pk=event_type.pk).exists()


def test_a_type_never_used_can_go(admin_client):
    event_type = EventType.objects.get(name="job.completed")
    assert send(admin_client, "eventtype_delete", event_type.pk, post="yes").status_code == 302
    assert not EventType.objects.filter(pk=event_type.pk).exists()


def test_types_are_switched_off_together(admin_client):
    chosen = EventType.objects.filter(category="job").values_list("pk", flat=True)
    send(admin_client, "eventtype_changelist", action="switch_off", _selected_action=list(chosen))
    assert not EventType.objects.filter(category="job", is_active=True).exists()


def test_a_type_that_came_in_broken_says_so_in_the_list(admin_client):
    broken = EventType.objects.create(name="aaa.broken", category="aaa", title_template="{% bad %}")
    form = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": broken.pk, "_save": "Save"}
    page = admin_client.post(reverse("admin:carillon_events_eventtype_changelist") + "?q=aaa", form)
    assert "template can&#x27;t be used" in page.content.decode()


@pytest.fixture
def reader(db) -> Subscriber:
    LogHead.objects.update_or_create(pk=1, defaults={"position": 100})
    return Subscriber.objects.create(name="tested", position=40)


def test_a_subscriber_shows_how_far_behind_it_is(admin_client, reader):
    assert (
        b'<td class="field-behind">60</td>'
        in admin_client.get(reverse("admin:carillon_events_subscriber_changelist")).content
    )


def test_pausing_a_subscriber_never_puts_its_position_back(admin_client, reader):
    Subscriber.objects.filter(pk=reader.pk).update(position=90)
    reader.is_paused = True
    SubscriberAdmin(Subscriber, site).save_model(RequestFactory().post("/"), reader, form=None, change=True)
    reader.refresh_from_db()
    assert (reader.position, reader.is_paused) == (90, True)


def test_a_subscriber_is_paused_from_its_page(admin_client, reader):
    assert send(admin_client, "subscriber_change", reader.pk, is_paused="on").status_code == 302
    reader.refresh_from_db()
    assert reader.is_paused


def test_a_key_is_revoked_and_never_shown(admin_client, owner):
    key, text = api_keys.issue(owner, label="Render farm")
    send(admin_client, "apikey_changelist", action="revoke", _selected_action=[key.pk])
    page = admin_client.get(reverse("admin:carillon_events_apikey_change", args=[key.pk])).content.decode()
    assert key.digest not in page
    assert api_keys.resolve(text) is None
    assert ApiKey.objects.get().revoked_at is not None


def test_only_who_may_change_keys_can_revoke_them(owner, admin_client):
    owner.is_staff = True
    owner.save()
    admin_client.force_login(owner)
    assert admin_client.get(reverse("admin:carillon_events_apikey_changelist")).status_code == 403


@pytest.mark.parametrize(("kind", "number", "field"), [("Job", 1, "entity_type"), ("job", "a b", "entity_id")])
def test_a_membership_of_no_entity_is_refused(admin_client, owner, kind, number, field):
    form = {"entity_type": kind, "entity_id": number, "user": owner.pk, "role": "owner"}
    assert field in errors(send(admin_client, "membership_add", **form))


def test_a_membership_is_granted_from_the_admin(admin_client, owner):
    send(admin_client, "membership_add", entity_type="job", entity_id=42, user=owner.pk, role="watcher")
    assert Membership.objects.get().role == "watcher"


def test_a_person_with_rows_can_be_deleted_from_the_admin(admin_client, filled, owner):
    response = admin_client.post(admin_page("delete", owner.pk), {"post": "yes"})
    assert response.status_code == 302
    assert not get_user_model().objects.filter(pk=owner.pk).exists()
