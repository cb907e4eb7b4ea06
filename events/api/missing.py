"""Addresses of the API that don't exist answer like everything else: in JSON."""

from __future__ import annotations

from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from events.rest.views import ApiView


class MissingView(ApiView):
    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise NotFound
