"""All faults, in the order in which they are made: the first is none, with whose memory that of the others is compared.

To add one: a function with `@fault("its name")` in the module whose servers or processes it is about.
"""

from __future__ import annotations

from tests.chaos import kill_faults, receiver_faults, server_faults
from tests.chaos.faults import ALL, Fault

MODULES = (server_faults, receiver_faults, kill_faults)


def _place(fault: Fault) -> int:
    return next(place for place, module in enumerate(MODULES) if fault.make.__module__ == module.__name__)


FAULTS = sorted(ALL.values(), key=_place)
