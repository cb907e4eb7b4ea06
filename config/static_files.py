"""Static files in production: each name carries its content's hash, also where modules import each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Where our own scripts are. What others wrote may be written in any way, and stays as it is.
_OURS = "carillon/"
# Comments on lines of their own, then types in front of an expression, then indentation. No other kind of comment is in
# our scripts, and no text of theirs goes over the end of a line.
_COMMENT = re.compile(
    r"^[ \t]*(?:/\*\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n|/\*\* @[^\n]*?\*/ ?", re.MULTILINE | re.DOTALL
)
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    support_js_module_import_aggregation = True

    def _save(self, name: str, content: Any) -> str:
        """A third of our scripts is types for their readers. Also, two modules whose types name each other would have
        no hash that is right for both."""
        if _is_ours(name):
            content = ContentFile(without_comments(b"".join(content.chunks()).decode()).encode())
        saved: str = super()._save(name, content)
        return saved

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Hashed copies are made of what was collected here, not of where it came from."""
        for name in filter(_is_ours, paths):
            self._strip_again(name)
        here = {name: (self, name) if _is_ours(name) else found for name, found in paths.items()}
        yield from super().post_process(here, dry_run=dry_run, **options)

    def _strip_again(self, name: str) -> None:
        """What lay here already was left as it is, and may have been collected by a version that stripped nothing."""
        with self.open(name) as file:
            script = file.read().decode()
        if without_comments(script) != script:
            self.delete(name)
            self._save(name, ContentFile(script.encode()))


def _is_ours(name: str) -> bool:
    return name.startswith(_OURS) and name.endswith(".js")


def without_comments(script: str) -> str:
    return _INDENTATION.sub("", _COMMENT.sub("", script))


def check_collected() -> None:
    """CommandError unless the pages will find their styles and scripts."""
    manifest = Path(settings.STATIC_ROOT) / HashedStaticFiles.manifest_name
    if not settings.DEBUG and not manifest.exists():
        raise CommandError(
            "The static files are not collected: run `manage.py collectstatic --no-input` first, "
            "or set DEBUG=true to try things out."
        )
