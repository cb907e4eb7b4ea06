"""Thread that talks to the database for an event loop, over a connection of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import Error, connection, connections

T = TypeVar("T")


class DatabaseThread:
    """Thread that runs one job after another; it begins with the first. Close it when done."""

    def __init__(self, name: str) -> None:
        self._jobs = ThreadPoolExecutor(1, thread_name_prefix=f"carillon-{name}")
        self._is_used = False

    async def run(self, job: Callable[[], T]) -> T:
        """Run the job. After an error of the database the next one gets a new connection."""

        def run() -> T:
            try:
                return job()
            except Error:
                connection.close()
                raise

        self._is_used = True
        return await asyncio.get_running_loop().run_in_executor(self._jobs, run)

    def close(self) -> None:
        if self._is_used:
            self._jobs.submit(connections.close_all)
        self._jobs.shutdown()
