"""Settings of Carillon without DEBUG, which would keep every query, and without static files, which would have to be
collected: an empty list of them stands for those."""

from pathlib import Path

from config.settings import *  # noqa: F403

DEBUG = False
STATIC_ROOT = Path(__file__).parent / "collected"
