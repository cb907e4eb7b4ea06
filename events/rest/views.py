"""What all views of the API share."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events.rest.parsers import MAX_BODY


class ApiView(APIView):
    http_method_names = ["get", "head", "post", "put", "delete"]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            # REST framework takes a body without a Content-Length for no body at all.
            request._body = request.read(MAX_BODY + 1)
            request.META["CONTENT_LENGTH"] = str(len(request._body))
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        found = super().finalize_response(request, response, *args, **kwargs)
        found.headers.setdefault("Cache-Control", "private, no-cache")
        return found
