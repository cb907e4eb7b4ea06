"""nginx with nchan, the module that pushes messages to sockets: one process, each person's channel in its memory."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
# Requests on their way at once, on one connection.
PIPELINED = 100
TIMEOUT = 60.0
CONFIGURATION = """
load_module {module};
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 10000; }}
http {{
  access_log off; keepalive_requests 1000000000; nchan_shared_memory_size 128M;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location ~ ^/person/(\\d+)$ {{
      nchan_channel_id $1; nchan_subscriber websocket; nchan_publisher http; nchan_message_buffer_length 100;
      nchan_subscriber_first_message newest;
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Nchan:
    port: int
    pid: int


@contextmanager
def started() -> Iterator[Nchan | None]:
    """The server on a port of its own; None where nginx or the module isn't there, or it doesn't start."""
    if shutil.which("nginx") is None or not MODULE.exists():
        yield None
        return
    port = processes.free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nginx.conf"
        file.write_text(CONFIGURATION.format(module=MODULE, folder=folder, port=port))
        server = subprocess.Popen(["nginx", "-p", folder, "-c", str(file)], stderr=subprocess.DEVNULL)
        try:
            yield Nchan(port, server.pid)
        finally:
            server.terminate()
            server.wait(30)


def push_all(port: int, users: Sequence[int], *, text: str, times: int) -> None:
    """Publish a message to everybody, several times over, as fast as the server takes them."""
    body = text.encode()
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)) as connection:
        for _ in range(times):
            for start in range(0, len(users), PIPELINED):
                _post(connection, users[start : start + PIPELINED], body=body)


def _post(connection: socket.socket, users: Sequence[int], *, body: bytes) -> None:
    head = "POST /person/%d HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(b"".join((head % (user, len(body))).encode() + body for user in users))
    answered = b""
    while answered.count(b"HTTP/1.1 20") < len(users):
        received = connection.recv(65536)
        if not received or b"HTTP/1.1 4" in received or b"HTTP/1.1 5" in received:
            raise RuntimeError(f"nchan answered {received[:200]!r}")
        answered += received
