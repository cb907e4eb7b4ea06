"""One empty Celery task for each frame, which the latency of ours is compared with."""

from __future__ import annotations

from bench.celery_app import app
from events.transport import channel_layer


@app.task(name="bench.send_frame")
def send_frame(number: int) -> None:
    """Send one frame over the layer, and nothing else."""
    channel_layer.send("bench.frames", {"type": "bench.frame", "number": number})
