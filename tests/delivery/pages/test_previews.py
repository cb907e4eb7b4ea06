"""Previews of what is being typed: on Publish of a payload, in the admin of an event type. None leaves a trace."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import JSONField, Value
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from delivery.pages.catalogue.preview import MOST_CHARACTERS
from events.bus import Entity
from events.memberships import grant
from events.models import Event, EventType
from notifications.models import NotificationPreference
from tests.accounts.factory import sign_in_name
from tests.events.admin.type_forms import fields_of, new_type
from tests.notifications.factories.routing import store_settings

pytestmark = pytest.mark.django_db

PUBLISH = "/events/publish/"
WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture(autouse=True)
def _signed_in(client, admin) -> None:
    client.force_login(admin)


def of_payload(client, payload: str, **more: str) -> str:
    sent = {"event_type": "job.completed", "payload": payload, "part": "preview"} | more
    return str(client.post(PUBLISH, sent).content.decode())


def address_of(event_type: EventType) -> str:
    return reverse("admin:carillon_events_eventtype_preview", args=[event_type.pk])


def of_type(client, name: str = "job.completed", **changes: object) -> str:
    event_type = EventType.objects.get(name=name)
    sent = fields_of(event_type, **{"part": "preview"} | changes)
    return str(client.post(address_of(event_type), sent).content.decode())


def of_new_type(client, **changes: object) -> str:
    sent = new_type(**{"part": "preview"} | changes)
    return str(client.post(reverse("admin:carillon_events_eventtype_preview"), sent).content.decode())


def test_a_payload_is_shown_as_people_would_get_it(client):
    shown = of_payload(client, '{"name": "Night <b>shot</b>"}')
    assert ">Night &lt;b&gt;shot&lt;/b&gt; finished</p>" in shown
    assert "<b>[job.completed] Night" in shown
    assert "<html" not in shown
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("payload", "field", "says"),
    [("{", "payload", "This is not JSON"), ("[]", "payload", "not a JSON object"), ("", "payload", "required")],
)
def test_a_payload_that_can_not_be_is_named_and_nothing_shown(client, payload, field, says):
    shown = of_payload(client, payload)
    assert f'<li data-field="{field}">' in shown
    assert says in shown
    assert 'class="toast"' not in shown


def test_the_source_counts_in_the_preview(client):
    assert "Open the job:" in of_payload(client, "{}", source="job:42")
    assert '<li data-field="source">' in of_payload(client, "{}", source="job")


def test_without_scripts_the_page_shows_it(client):
    sent = {"event_type": "job.completed", "payload": '{"name": "Night shot"}', "preview": "true"}
    page = client.post(PUBLISH, sent).content.decode()
    assert page.count(">Night shot finished</p>") == 1
    assert "<html" in page


def test_the_page_of_a_type_shows_its_sample_at_once(client):
    assert ">Shot 042 failed</p>" in client.get(f"{PUBLISH}?type=job.failed").content.decode()


def test_a_template_is_shown_as_it_is_typed(client):
    shown = of_type(client, title_template="{{ payload.name }} is done", is_critical="on", url_template="/shots/")
    assert ">Shot 042 is done</p>" in shown
    assert "data-critical" in shown
    assert "<dd>/shots/</dd>" in shown
    assert EventType.objects.get(name="job.completed").title_template != "{{ payload.name }} is done"


def test_a_type_that_is_not_stored_yet_is_shown(client):
    assert ">042 is queued</p>" in of_new_type(client)
    assert ">042 is queued</p>" in of_new_type(client, name="", category="")
    assert not EventType.objects.filter(name="render.queued").exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("title_template", "{{ payload.name| }}", "template can&#x27;t be used"),
        ("body_template", "{{ payload.name|nope }}", "Invalid filter"),
        ("url_template", "{% now 'Y' %}", "template can&#x27;t be used"),
        ("sample", "{", "Enter a valid JSON"),
        ("sample", "[]", "not a JSON object"),
        ("schema", '{"required": ["x"]}', "required property"),
    ],
)
def test_a_mistake_in_a_type_is_said_for_its_field(client, field, value, says):
    shown = of_type(client, **{field: value})
    assert says in shown
    assert f'<li data-field="{"sample" if says == "required property" else field}">' in shown
    assert 'class="toast"' not in shown


def test_the_form_that_was_refused_shows_no_look_of_it(client):
    event_type = EventType.objects.get(name="job.completed")
    page = client.post(
        reverse("admin:carillon_events_eventtype_change", args=[event_type.pk]), fields_of(event_type, sample="[]")
    )
    assert page.status_code == 200
    assert "The preview waits until this is mended." in page.content.decode()


def test_without_scripts_a_page_of_the_admin_shows_the_type(client):
    shown = of_type(client, part="", title_template="Done: {{ payload.name }}")
    assert ">Done: Shot 042</p>" in shown
    assert "<html" in shown


def test_who_would_be_told_counts_what_is_typed(client, owner, member):
    grant(Entity("job", 42), user=owner, role="owner")
    grant(Entity("job", 42), user=member, role="watcher")
    store_settings(member, dnd_enabled=True)
    about = {"dry_run": "true", "about-source": "job:42", "about-actor": owner.get_username()}
    shown = of_type(client, audience=["owner", "watchers"], title_template="Done: {{ payload.name }}", **about)
    assert "2 people would get it now." in shown
    assert "1 of them gets something later." in shown
    assert sign_in_name("member") in shown
    assert "Done: Shot 042" in shown
    assert sign_in_name("member") not in of_type(client, audience=["owner"], **about)
    assert "2 people would get it now." in of_new_type(client, **about)


def test_a_sample_entity_that_is_none_is_named(client):
    assert '<li data-field="about-source">' in of_type(client, dry_run="true", **{"about-source": "job"})


@pytest.mark.parametrize("sample", [[1], "x", None])
def test_a_sample_that_came_in_by_sql_breaks_no_page(client, sample):
    EventType.objects.filter(name="job.completed").update(sample=Value(sample, JSONField()))
    event_type = EventType.objects.get(name="job.completed")
    change = reverse("admin:carillon_events_eventtype_change", args=[event_type.pk])
    assert [client.get(page).status_code for page in (PUBLISH, change, "/catalogue/")] == [200] * 3


def test_nothing_is_ever_written(client, owner):
    grant(Entity("job", 42), user=owner, role="owner")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        of_payload(client, "{}")
        of_type(client)
        of_new_type(client)
        of_type(client, dry_run="true", **{"about-source": "job:42"})
    assert [one["sql"] for one in asked if one["sql"].startswith(WRITES)] == []
    assert len(asked) < 60
    assert not NotificationPreference.objects.exists()


def test_a_form_that_is_too_long_is_not_looked_at(client):
    event_type = EventType.objects.get(name="job.completed")
    sent = fields_of(event_type, description="x" * MOST_CHARACTERS)
    assert client.post(address_of(event_type), sent).status_code == 413


@pytest.mark.parametrize(
    ("names", "status"), [(["change_eventtype"], 403), (["change_eventtype", "publish_event"], 200)]
)
def test_who_would_be_told_is_for_those_who_publish(client, outsider, names, status):
    outsider.is_staff = True
    outsider.save()
    outsider.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client.force_login(outsider)
    event_type = EventType.objects.get(name="job.completed")
    sent = fields_of(event_type, part="preview", dry_run="true")
    assert client.post(address_of(event_type), sent).status_code == status
    page = client.get(reverse("admin:carillon_events_eventtype_change", args=[event_type.pk])).content.decode()
    assert ("Show who would be told" in page) == (status == 200)
