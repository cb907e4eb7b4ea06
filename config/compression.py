"""Pages and JSON compressed in process, as they leave; static files are compressed when they are collected."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# Of smaller answers little would be saved, and each of them would take a percent or two longer.
LEAST_BYTES = 1000


class CompressionMiddleware(GZipMiddleware):
    """Django's own, which pads what it compresses at random, so that sizes say little of secrets (BREACH).

    Left as they are: what is small, and what comes as a stream, each chunk of which is to be read at once.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not isinstance(response, HttpResponse) or len(response.content) < LEAST_BYTES:
            return response
        return super().process_response(request, response)
