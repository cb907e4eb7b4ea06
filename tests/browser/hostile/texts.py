"""Texts as other systems send them: endless, without blanks, of both directions, of marks on marks, of mark-up."""

from __future__ import annotations

LONG = ("The left edge of the harbour flickers between frame 112 and frame 240, " * 5)[:300]
WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 8
ARABIC, HEBREW = "مشهد الميناء في الليل", "סצנת הנמל בלילה"
MIXED = f"Scene {ARABIC} (take 8, {HEBREW}) final"
URL = "https://render.studio.example/projects/harbour/" + "night/shot-042/" * 16 + "?take=8&left=1#edge"
PATHS = ("/mnt/render/projects/" + "harbour/" * 34 + "shot.exr", "C:\\Projects\\" + "Harbour Night\\" * 20 + "a.exr")
EMOJI = "👩‍🚀👨‍👩‍👧‍👦🏳️‍🌈🇫🇷🇯🇵👍🏽" * 12
MARKS = ("Z" + "".join(map(chr, range(0x0300, 0x0314))) + "alg" + "̵̶̷" + "o ") * 10
MARKUP = "<script>alert(1)</script><b>bold</b> &amp; <img src=x onerror=alert(1)> {{ payload }} {% now %}"
CONTROLS = "\u202egpj.exe\u2066 \u200b\u200f ends here"

TITLES = ["Shot 042", LONG, WORD[:300], ARABIC, HEBREW, MIXED, ARABIC * 14, URL, *PATHS, EMOJI, MARKS, MARKUP, CONTROLS]
BODIES = ["", *reversed(TITLES)]
ABOUT = [LONG, f"{ARABIC} render"]
# Of people: a hundred characters, with blanks and without.
NAMES = [LONG[:99] + "x", "Wolfeschlegelsteinhausenbergerdorff" * 3, ARABIC * 4, HEBREW, EMOJI[:60], "Zo̧ë Ḑ̈", MARKUP]
NAMES = [name[:100] for name in NAMES]
