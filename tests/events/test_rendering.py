"""Words never cost a row: whatever the payload, whatever the template, there is a title."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.entities import Entity, register_entity
from events.models import Event, EventType
from events.rendering import RenderedEvent, render
from events.rules import templates
from tests.events.strategies import PAYLOADS, TEXT, VALUES, nested

FIELDS = [
    "payload.a",
    "payload.a.b",
    "payload.a.0.b",
    "payload",
    "actor",
    "source",
    "source_id",
    "event_type",
    "nothing",
]
FILTERS = [f"|{name}" for name in templates._FILTERS] + [
    "|percent",
    "|default:payload.b",
    "|default:'–'",
    "|add:payload.b",
    "|floatformat:payload.b",
    "|join:payload.b",
    "|truncatechars:payload.b",
    "|date:payload.b",
    "|yesno:payload.b",
    "|pluralize:payload.b",
    "",
]
VARIABLES = st.builds(
    "{{{{ {}{}{} }}}}".format, st.sampled_from(FIELDS), st.sampled_from(FILTERS), st.sampled_from(FILTERS)
)
TEMPLATES = st.lists(VARIABLES | TEXT, max_size=4).map("".join)
AB = st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES})


def read(payload: object, **templates: str) -> RenderedEvent:
    event_type = EventType(name="job.tested", category="job", description="A job was tested", **templates)
    return render(Event(event_type=event_type, payload=payload), event_type)


def test_an_event_loaded_with_its_actor_costs_no_query(owner, django_assert_num_queries):
    event_type = EventType.objects.get(name="job.completed")
    event = Event(event_type=event_type, actor_user=owner, source_entity_type="job", source_entity_id=7)
    with django_assert_num_queries(0):
        assert render(event, event_type).title


@settings(max_examples=100, deadline=None)
@given(AB | PAYLOADS | VALUES, TEMPLATES, TEMPLATES, TEMPLATES)
def test_every_payload_has_words(payload, title, body, url):
    said = read(payload, title_template=title, body_template=body, url_template=url)
    assert said.title
    assert all(len(part) <= templates.MAX_LENGTH for part in (said.title, said.body, said.url, said.shown_title))


@settings(deadline=None)
@given(PAYLOADS, st.sampled_from(range(16)))
def test_no_payload_breaks_a_seeded_type(seeded, payload, which):
    event_type = seeded[which]
    assert render(Event(event_type=event_type, payload=payload), event_type).title


@given(AB, TEMPLATES)
def test_what_passes_the_check_reads_its_own_sample_alike(payload, template):
    try:
        templates.check(template, sample=payload)
    except ValueError:
        return
    assert read(payload, body_template=template).body is not None


@pytest.mark.parametrize("method", ["clear", "items", "keys", "values", "popitem", "copy", "__class__", "__len__"])
def test_no_method_of_a_payload_is_in_reach(method):
    payload = {"a": 1, "inner": {"b": 2}}
    text = (
        f"{{{{ payload.{method} }}}}{{{{ payload.inner.{method} }}}}" if method[0] != "_" else "{{ payload.nothing }}"
    )
    assert read(payload, body_template=text).body == ""
    assert payload == {"a": 1, "inner": {"b": 2}}


@pytest.mark.parametrize("method", ["clear", "pop", "sort", "reverse", "append"])
def test_no_method_of_a_list_in_a_payload_is_in_reach(method):
    body = read({"a": ["3", "1", "2"]}, body_template=f"{{{{ payload.a.{method} }}}}{{{{ payload.a|join:',' }}}}").body
    assert body == "3,1,2"


def test_a_payload_written_by_sql_may_be_as_deep_as_it_likes():
    assert read(nested(900), body_template="{{ payload.in.in }}{{ payload.nothing }}").title == "A job was tested"


def test_a_field_named_like_a_method_is_a_field():
    assert read({"items": 3, "count": 4}, body_template="{{ payload.items }} {{ payload.count }}").body == "3 4"


@pytest.mark.parametrize(
    "template",
    [
        "{% now 'Y' %}",
        "{% load static %}",
        "{% include 'x' %}",
        "{{ payload.a|safe }}",
        "{{ a|escapejs }}",
        "{{ }}",
        "{{ _private }}",
    ],
)
def test_only_variables_and_plain_filters_are_accepted(template):
    with pytest.raises(ValueError, match="template can't be used"):
        templates.check(template, sample={})


def test_nothing_is_escaped_because_words_are_plain_text():
    assert read({"a": "<b>&"}, body_template="{{ payload.a }}").body == "<b>&"


@given(TEXT)
def test_only_paths_on_this_site_become_links(text):
    url = read({"a": text}, url_template="{{ payload.a }}").url
    assert url == "" or (url.startswith("/") and not url.startswith(("//", "/\\")))


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "\\\\evil",
        "/\t/evil.example",
        "jobs/1",
    ],
)
def test_addresses_that_lead_elsewhere_are_dropped(url):
    assert read({"a": url}, url_template="{{ payload.a }}").url == ""


def test_without_a_template_the_source_says_where_it_is_seen():
    register_entity("tested_job", url=lambda key: f"/tested-jobs/{key}/")
    event_type = EventType(name="job.tested", category="job")
    event = Event(event_type=event_type, source_entity_type="tested_job", source_entity_id=7)
    assert render(event, event_type).url == Entity("tested_job", 7).url == "/tested-jobs/7/"


@pytest.fixture(scope="module")
def seeded() -> list[EventType]:
    from importlib import import_module

    types = import_module("events.migrations.0002_seeded_types").TYPES
    return [
        EventType(name=name, category=category, description=description, title_template=title, body_template=body)
        for name, category, _, description, title, body, *_ in types
    ]
