"""Sphinx's settings: this folder and the pages beside it as a site (`make docs`)."""

import os
import sys
from pathlib import Path

import django
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "true", "ENV_FILE": ""}
django.setup()

project = "Carillon"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
# The sources are the repository's, so that its pages lead to each other there and here.
root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md"]
exclude_patterns = [".*", "var", "staticfiles"]
html_theme = "furo"
html_title = "Carillon"
html_favicon = "../static/carillon/favicon.svg"
html_show_copyright = False
myst_heading_anchors = 4
autodoc_typehints = "description"
autodoc_member_order = "bysource"


def setup(app: Sphinx) -> None:
    # Drawn where the repository is read; here as the text that it is.
    app.add_lexer("mermaid", TextLexer)
