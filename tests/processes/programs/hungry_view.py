"""manage.py with one more address, /hungry, whose view never gives the interpreter's lock back."""

import os
import re
import sys

import django
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse
from django.urls import path


def hungry(request: HttpRequest) -> HttpResponse:
    re.match("(a+)+b", "a" * 100)
    return HttpResponse()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from config import urls

    urls.urlpatterns += [path("hungry", hungry)]
    execute_from_command_line(sys.argv)
