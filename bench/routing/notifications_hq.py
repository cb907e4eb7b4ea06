"""django-notifications-hq telling people as its documentation says, into its own table; no part of Carillon runs here.

Its package has the name of one of ours, so this folder leaves the path before it is imported. Prints rows a second.
"""

from __future__ import annotations

import json
import os
import sys
from statistics import median
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings

from bench.timing import seconds

ROUNDS = 3

people = int(sys.argv[1])
database = urlsplit(os.environ["DATABASE_URL"])
sys.path[:] = [path for path in sys.path if path not in ("", os.getcwd())]
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": database.path[1:],
            "USER": unquote(database.username or ""),
            "PASSWORD": unquote(database.password or ""),
            "HOST": database.hostname,
            "PORT": database.port or "",
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "notifications"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402

from notifications.models import Notification  # noqa: E402
from notifications.signals import notify  # type: ignore[import-not-found]  # noqa: E402

if Notification._meta.db_table not in connection.introspection.table_names():
    with connection.schema_editor() as editor:
        editor.create_model(Notification)
users = list(User.objects.order_by("pk")[:people])
times = [seconds(lambda: notify.send(users[0], recipient=users, verb="told")) for _ in range(ROUNDS)]
print(json.dumps(people / median(times)))
