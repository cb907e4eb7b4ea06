"""One Celery task for each webhook, the usual way: posted with `requests`, nothing written down.

Run as a module with a URL and a count, fill the queue.
"""

from __future__ import annotations

import json
import os
import sys

import requests
from celery import Celery

app = Celery("bench-webhooks", broker=os.environ.get("REDIS_URL") or "memory://")
app.conf.broker_transport_options = {"global_keyprefix": os.environ.get("REDIS_PREFIX", "")}
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True


@app.task(name="post")
def post(url: str, body: str) -> None:
    requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=10)


if __name__ == "__main__":
    # Bodies as long as those of the outbox.
    for number in range(int(sys.argv[2])):
        post.delay(sys.argv[1], json.dumps({"number": number, "filler": "x" * 500}))
