"""manage.py whose sweeper dies in a way that no handler of errors catches."""

import os
import sys

import django
from django.conf import settings
from django.core.management import execute_from_command_line

from tests.own_settings import own


def die() -> None:
    raise SystemExit("the sweeper's end")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    own(settings, SWEEPS=["tests.processes.programs.dying_sweeper.die"])
    execute_from_command_line(sys.argv)
