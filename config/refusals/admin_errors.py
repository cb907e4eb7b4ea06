"""Requests of the admin that no column can answer: a bad request, not an error of the server.

Django checks what its forms take, not what an address or an action names: a year that is none, a number beyond its
column, an id that is a word. That holds for every model on the site, other apps' too.
"""

import logging

from celery.schedules import ParseException
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from config.refusals.api_errors import bad_request

logger = logging.getLogger("carillon.admin")

# The last is what a schedule is shown with again that was refused.
ABOUT_VALUES = (ValueError, OverflowError, RecursionError, DataError, ParseException)


class AdminErrorsMiddleware(MiddlewareMixin):
    """Answers 400, and logs why: the value may be right after all, and the code not."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or "admin" not in match.app_names or not isinstance(exception, ABOUT_VALUES):
            return None
        logger.warning("The admin can't take a value of %s", request.path, exc_info=exception)
        return bad_request(request, BadRequest(str(exception)))
