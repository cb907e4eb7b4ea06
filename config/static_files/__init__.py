"""Static files in production: joined and minified, under names that carry the hash of the content, also in imports."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

from config.static_files.bundles import join_scripts, join_styles


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    support_js_module_import_aggregation = True
    # A pass settles at least one more import of a chain of modules; Django's five are fewer than our chains are long.
    max_post_process_passes = 20

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Minify and join our scripts and styles where they were collected to, and make the hashed copies from there.

        Minified first: two modules whose types import each other in comments would have no hash that is right for both.
        """
        if not dry_run:
            paths = self._join(paths)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def save_manifest(self) -> None:
        """Save the names, those of joined modules too: each leads to the file that the module is in."""
        self.hashed_files |= {name: self.hashed_files[file] for name, file in self._files.items()}
        super().save_manifest()

    def _join(self, paths: dict[str, Any]) -> dict[str, Any]:
        texts = {
            name: storage.open(path).read().decode()
            for name, (storage, path) in paths.items()
            if re.fullmatch(r"carillon/[\w/]+\.(js|css)", name)
        }
        modules = {name: minify(text) for name, text in texts.items() if name.endswith(".js")}
        scripts, self._files = join_scripts(modules, start="carillon/carillon.js", shared="carillon/shared.js")
        styles = {name: minify_styles(join_styles(name, texts)) for name in texts.keys() - modules.keys()}
        made = scripts | styles
        for name, text in made.items():
            self.delete(name)
            self.save(name, ContentFile(text.encode()))
        return {name: paths[name] for name in paths.keys() - texts.keys()} | {name: (self, name) for name in made}


def minify(script: str) -> str:
    """Take out comments, but not those that begin with an exclamation mark: they are licences."""
    minified: str = jsmin(script, keep_bang_comments=True)
    return minified


def minify_styles(sheet: str) -> str:
    """Take out comments and the space that says nothing; within values and selectors one space stays."""
    on_one_line = re.sub(r"(?:/\*.*?\*/|\s)+", " ", sheet, flags=re.DOTALL)
    return re.sub(r" ?([{};,]) ?", r"\1", on_one_line).replace(";}", "}").strip()


def check_collected() -> None:
    """Raise CommandError unless the pages will find their styles and scripts."""
    manifest = Path(settings.STATIC_ROOT) / HashedStaticFiles.manifest_name
    if not settings.DEBUG and not manifest.exists():
        raise CommandError(
            "The static files are not collected: run `manage.py collectstatic --no-input` first, "
            "or set DEBUG=true to try things out."
        )
