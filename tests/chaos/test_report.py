"""The table sums a fault's runs, and says so where one of them was bad."""

from __future__ import annotations

from tests.chaos.report import Run, table

GOOD = Run("Redis killed", events=100, failed=3, lost=0, doubled=2, unexcused=0, recovery=1.5)


def test_runs_of_one_fault_are_one_line_with_the_longest_recovery():
    slow = Run("Redis killed", events=50, failed=4, lost=0, doubled=1, unexcused=0, recovery=2.5)
    assert table([GOOD, slow]).splitlines()[2:] == ["| Redis killed | 2 | 150 | 7 | 0 | 3 (3) | 2.5 | none |"]


def test_a_run_that_never_came_to_rest_and_one_with_problems_are_bad():
    endless = Run("Redis killed", events=50, failed=0, lost=3, doubled=1, unexcused=1, recovery=None)
    assert table([GOOD, endless]).splitlines()[2:] == [
        "| Redis killed | 2 | 150 | 3 | 3 | 3 (2) | not within the limit | 1 |"
    ]
    assert not Run("x", 1, 0, 0, 0, 0, 1.0, problems=["positions have a gap"]).is_good
