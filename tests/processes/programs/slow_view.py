"""manage.py with one more address, /slow, that takes two seconds to answer."""

import os
import sys
import time

import django
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse
from django.urls import path

SLOW = "slow, but whole"


def slow(request: HttpRequest) -> HttpResponse:
    time.sleep(2)
    return HttpResponse(SLOW)


def big(request: HttpRequest) -> HttpResponse:
    """More than any socket buffer takes at once."""
    return HttpResponse(b"x" * 20_000_000)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from config import urls

    urls.urlpatterns += [path("slow", slow), path("big", big)]
    execute_from_command_line(sys.argv)
