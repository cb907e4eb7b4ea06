"""While thousands of rows are worked on, Python looks for cycles less often; afterwards as before."""

from __future__ import annotations

import gc

from events import garbage


def test_the_usual_threshold_comes_back_with_the_last_who_asked():
    usual = gc.get_threshold()
    with garbage.searched_rarely():
        with garbage.searched_rarely():
            pass
        assert gc.get_threshold() == (garbage.THRESHOLD, *usual[1:])
    assert gc.get_threshold() == usual
