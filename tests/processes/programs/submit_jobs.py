"""Submits jobs as a platform does: each line of its input is a task's name, the id it gets, and headers."""

from __future__ import annotations

import json
import sys

from tests.processes.programs import job_platform

for line in sys.stdin:
    name, task_id, headers = json.loads(line)
    task = getattr(job_platform, name)
    task.apply_async(task_id=task_id, queue=task.queue, headers=headers)
    print("sent", flush=True)  # noqa: T201
