"""Real processes for tests: started on free ports and databases of their own, ended by their own number."""

from tests.processes.environment import Process, Serve, Service, free_port

__all__ = ["Process", "Serve", "Service", "free_port"]
