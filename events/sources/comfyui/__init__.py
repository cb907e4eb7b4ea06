"""ComfyUI: workflows submitted for people, and what becomes of every prompt of a server."""

from events.sources.comfyui.submit import submit

__all__ = ["submit"]
