"""A worker without sweeps: it does nothing that no hint asks it for."""

import os
import sys

import django
from django.conf import settings

from tests.own_settings import own

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    own(settings, SWEEPS=[])
    from config.celery import app

    app.worker_main(sys.argv[1:])
