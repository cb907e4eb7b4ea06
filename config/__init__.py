"""Wiring: settings, addresses, processes. Imported by nobody."""

from config.celery import app as celery

__all__ = ["celery"]
