"""`POST /events`: arrays beside `publish_many` in process, single events beside an empty view of the same server."""

from __future__ import annotations

from statistics import median

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

ARRAYS, SINGLES = 5, 300
TARGET_ARRAYS, TARGET_SINGLES = 0.5, 0.4


def measure() -> list[Result]:
    port = processes.free_port()
    with environment.isolated(with_redis=True, with_web=True) as env:
        env |= {"DJANGO_SETTINGS_MODULE": "bench.http_events.settings", "PUBLISH_EVENTS_PER_MINUTE": "0"}
        with processes.started("manage.py", "web", "--port", str(port), env=env):
            rates = processes.call("bench.http_events.process", port, scaled(ARRAYS), scaled(SINGLES), env=env)
    arrays, in_process = median(rates["arrays"]), median(rates["publish_many"])
    singles, empty = median(rates["singles"]), median(rates["empty"])
    return [
        Result(
            name="POST /events in arrays of 1,000",
            unit="events/s",
            ours=arrays,
            target=f">= {TARGET_ARRAYS}",
            is_met=arrays >= TARGET_ARRAYS * in_process,
            compared_with="publish_many in process",
            theirs=in_process,
        ),
        Result(
            name="POST /events, one with Bearer",
            unit="requests/s",
            ours=singles,
            target=f">= {TARGET_SINGLES}",
            is_met=singles >= TARGET_SINGLES * empty,
            compared_with="an empty view of REST framework without authentication",
            theirs=empty,
        ),
    ]
