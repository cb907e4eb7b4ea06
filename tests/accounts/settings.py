"""Settings of this project with another project's user model, for a second run of the tests."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = ["tests.accounts", *OURS]
AUTH_USER_MODEL = "people.Person"
