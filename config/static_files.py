"""Static files in production: each name carries its content's hash, ES modules' imports included."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management import CommandError
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    support_js_module_import_aggregation = True


def check_collected() -> None:
    """CommandError unless the pages will find their styles and scripts."""
    manifest = Path(settings.STATIC_ROOT) / HashedStaticFiles.manifest_name
    if not settings.DEBUG and not manifest.exists():
        raise CommandError(
            "The static files are not collected: run `manage.py collectstatic --no-input` first, "
            "or set DEBUG=true to try things out."
        )
