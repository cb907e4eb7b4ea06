"""Whatever happens in whatever order, feeds, badges and deliveries are those of a model in memory.

A thousand steps with the others, always the same ones; as many as MODEL_STEPS says by hand, and each time others.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.delivery.model.checks import Checks
from tests.delivery.model.endings import Endings
from tests.delivery.model.publishing import Publishing
from tests.delivery.model.quieting import Quieting
from tests.delivery.model.triaging import Triaging

BY_HAND = "MODEL_STEPS" in os.environ
STEPS = int(os.environ.get("MODEL_STEPS", "1000"))
AT_ONCE = 40


class Model(Checks, Publishing, Triaging, Endings, Quieting):
    pass


@pytest.mark.timeout(max(120, STEPS))
def test_all_is_as_in_the_model(db):
    how = settings(
        max_examples=max(1, STEPS // AT_ONCE),
        stateful_step_count=AT_ONCE,
        derandomize=not BY_HAND,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Model, settings=how)
