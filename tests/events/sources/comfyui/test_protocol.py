"""What no server should say is no prompt and no moment, and stops nothing."""

from __future__ import annotations

import math

import pytest

from events.sources.comfyui.protocol import began_at, queued


def entry(stamp: object) -> dict[str, object]:
    return {"status": {"messages": [["execution_start", {"timestamp": stamp}]]}}


@pytest.mark.parametrize("stamp", [1_700_000_000_000, 1_700_000_000_000.7])
def test_a_moment_in_milliseconds_is_one(stamp):
    assert began_at(entry(stamp)) == 1_700_000_000_000


@pytest.mark.parametrize("stamp", [None, "1", -1, 2**63, 1e300, math.inf, math.nan, [1]])
def test_what_no_column_holds_is_no_moment(stamp):
    assert began_at(entry(stamp)) is None


@pytest.mark.parametrize("prompt_id", ["", "a\x00b", "\ud800", 7, None, ["x"]])
def test_a_prompt_needs_an_id_that_can_be_stored(prompt_id):
    assert queued([0, prompt_id, {}]) is None
    assert queued([0, "4f1c", {}]) is not None
