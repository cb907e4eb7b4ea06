"""Inline code of a page, which a strict Content-Security-Policy stops."""

from __future__ import annotations

import re

INLINE = re.compile(
    r"""\sstyle\s*=|\son[a-z]+\s*=|<style|<script(?![^>]*\ssrc=)[^>]*>(?!\s*\{)|javascript:""", re.IGNORECASE
)
