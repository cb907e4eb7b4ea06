"""`POST /events`: arrays beside `publish_many` in process, single events beside an empty view of the same server."""

from __future__ import annotations

from statistics import median

from bench import stage
from bench.embedded import free_port
from bench.lines import Line

ARRAYS, SINGLES = 5, 300
TARGET_ARRAYS, TARGET_SINGLES = 0.5, 0.4


def measure() -> list[Line]:
    port = free_port()
    with stage.service(with_redis=True, with_web=True) as env:
        env |= {"DJANGO_SETTINGS_MODULE": "bench.http_events_settings", "PUBLISH_EVENTS_PER_MINUTE": "0"}
        with stage.started("manage.py", "web", "--port", str(port), env=env):
            found = stage.run("bench.http_events_process", port, stage.scaled(ARRAYS), stage.scaled(SINGLES), env=env)
    arrays, in_process = median(found["arrays"]), median(found["publish_many"])
    singles, empty = median(found["singles"]), median(found["empty"])
    return [
        Line(
            name="POST /events in arrays of 1,000",
            unit="events/s",
            ours=arrays,
            target=f">= {TARGET_ARRAYS}",
            is_met=arrays >= TARGET_ARRAYS * in_process,
            compared_with="publish_many in process",
            theirs=in_process,
        ),
        Line(
            name="POST /events, one with Bearer",
            unit="requests/s",
            ours=singles,
            target=f">= {TARGET_SINGLES}",
            is_met=singles >= TARGET_SINGLES * empty,
            compared_with="an empty view of REST framework without authentication",
            theirs=empty,
        ),
    ]
