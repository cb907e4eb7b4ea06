"""Batches as large as goes in the time that they are meant to take."""

import pytest

from events.db.batch_size import AdaptiveBatch


@pytest.mark.parametrize(("seconds", "size"), [(0.0, 200), (0.5, 200), (1.0, 100), (2.0, 50), (60.0, 50)])
def test_the_next_batch_is_half_to_twice_as_large(seconds, size):
    batch = AdaptiveBatch(first=100, least=1, most=1000, wish=1.0)
    batch.took(seconds)
    assert batch.size == size


@pytest.mark.parametrize(("seconds", "size"), [(0.0, 1000), (60.0, 7)])
def test_a_batch_has_its_bounds(seconds, size):
    batch = AdaptiveBatch(first=100, least=7, most=1000, wish=1.0)
    for _ in range(20):
        batch.took(seconds)
    assert batch.size == size
