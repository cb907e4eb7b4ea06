"""A list by id costs one query, whatever page is asked for."""

from __future__ import annotations

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from events.api.serializers import EventTypeOut
from events.models import EventType
from events.rest.pagination import listed_by_id


@pytest.mark.parametrize(("query", "count"), [({"limit": "16"}, 16), ({"limit": "3"}, 3), ({"cursor": "999999999"}, 0)])
def test_a_page_is_one_query(db, django_assert_num_queries, query, count):
    request = Request(APIRequestFactory().get("/event-types", query))
    with django_assert_num_queries(1):
        assert len(listed_by_id(request, EventType.objects.all(), as_=EventTypeOut).data) == count
