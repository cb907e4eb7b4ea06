"""Static files in production: minified scripts, and names that carry the hash of the content, also in imports."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    support_js_module_import_aggregation = True
    # A pass settles at least one more import of a chain of modules; Django's five are fewer than our chains are long.
    max_post_process_passes = 20

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Minify our scripts where they were collected to, and make the hashed copies from there.

        Minified first: two modules whose types import each other in comments would have no hash that is right for both.
        """
        if not dry_run:
            scripts = [name for name in paths if name.startswith("carillon/") and name.endswith(".js")]
            for name in scripts:
                self._minify(name)
            paths = paths | {name: (self, name) for name in scripts}
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _minify(self, name: str) -> None:
        """Replace a script by its minified text, unless an earlier collection left it minified."""
        with self.open(name) as file:
            script = file.read().decode()
        minified = minify(script)
        if minified != script:
            self.delete(name)
            self.save(name, ContentFile(minified.encode()))


def minify(script: str) -> str:
    """Take out comments, but not those that begin with an exclamation mark: they are licences."""
    minified: str = jsmin(script, keep_bang_comments=True)
    return minified


def check_collected() -> None:
    """Raise CommandError unless the pages will find their styles and scripts."""
    manifest = Path(settings.STATIC_ROOT) / HashedStaticFiles.manifest_name
    if not settings.DEBUG and not manifest.exists():
        raise CommandError(
            "The static files are not collected: run `manage.py collectstatic --no-input` first, "
            "or set DEBUG=true to try things out."
        )
