"""The base of the API's views, and the view of addresses that don't exist."""

from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import MethodNotAllowed, NotFound
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import DEFAULTS, IMPORT_STRINGS, APISettings
from rest_framework.views import APIView

from events.rest.authentication import BearerKey, SignedIn
from events.rest.errors import handle
from events.rest.openapi import Operation
from events.rest.parsers import MAX_BODY, JsonBody
from events.rest.permissions import Unrestricted

_WRITTEN: Any = {"EXCEPTION_HANDLER": handle, "URL_FORMAT_OVERRIDE": None}
OWN: Any = APISettings(_WRITTEN, DEFAULTS, IMPORT_STRINGS)


class Negotiation(DefaultContentNegotiation):
    settings = OWN


class JsonAnswer(JSONRenderer):
    ensure_ascii, compact, strict = False, True, True


# The project's REST_FRAMEWORK says nothing about these: they answer alike in every project. (A docstring here would be
# read as that of each operation.)
class Independent(APIView):
    settings: Any = OWN
    content_negotiation_class: Any = Negotiation
    metadata_class: Any = None
    versioning_class: Any = None
    throttle_classes: Any = ()

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Write the answer here: what Django writes after the view fails with the project's own page of errors."""
        final: Response
        try:
            final = super().finalize_response(request, response, *args, **kwargs).render()
        except Exception as error:  # noqa: BLE001  whatever it raises is the API's to answer
            final = super().finalize_response(request, self.handle_exception(error), *args, **kwargs).render()
        return final


class ApiView(Independent):
    authentication_classes: Any = (BearerKey, SignedIn)
    permission_classes: Any = (Unrestricted,)
    parser_classes: Any = (JsonBody,)
    renderer_classes: Any = (JsonAnswer,)
    schema: Any = Operation()
    http_method_names = ["get", "head", "post", "put", "delete"]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            # REST framework takes a body without a Content-Length for no body at all.
            request._body = request.read(MAX_BODY + 1)
            request.META["CONTENT_LENGTH"] = str(len(request._body))
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a method that this address doesn't have before asking who wants it."""
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "private, no-cache")
        return final


class MissingView(ApiView):
    """Addresses of the API that don't exist answer like everything else: in JSON."""

    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise NotFound
