"""Translates a ComfyUI server's frames and history into the payloads of job events. No I/O."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from events.rules import moments
from events.sources.jobs.lifecycle import text

HEADER = "carillon"
MOST_FILES = 100
LATEST_MS = int(moments.LATEST.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Outcome:
    """End of a prompt. The traceback is for the log alone."""

    state: Literal["completed", "failed", "cancelled"]
    payload: dict[str, Any]
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Queued:
    prompt_id: str
    nodes: int
    declared: dict[str, Any]


@dataclass(slots=True)
class Prompt:
    pk: int
    prompt_id: str
    nodes: int = 0
    is_started: bool = False
    node: str | None = None
    share: float = 0.0
    done: set[str] = field(default_factory=set)
    files: list[dict[str, Any]] = field(default_factory=list)
    waiting: dict[str, Any] | None = None
    published_at: float = -math.inf
    # The connection during which the server last listed it, and since when it lists it no more.
    listed_in: int = -1
    missing_since: float | None = None


def queued(item: Any) -> Queued | None:
    """One line of /queue, or the `prompt` of a history entry; None if it isn't one."""
    if not isinstance(item, list) or len(item) < 2 or not isinstance(item[1], str):
        return None
    if not item[1] or not item[1].isprintable():
        return None
    extra = item[3] if len(item) > 3 and isinstance(item[3], dict) else {}
    declared = extra.get(HEADER)
    workflow = item[2] if len(item) > 2 and isinstance(item[2], dict) else {}
    return Queued(item[1], len(workflow), declared if isinstance(declared, dict) else {})


def advance(prompt: Prompt, frame_type: str, data: dict[str, Any]) -> bool:
    """Take in what a frame says of the prompt's progress; whether there is something to tell."""
    before = (prompt.node, prompt.share)
    within = 0.0
    match frame_type:
        case "execution_cached":
            prompt.done.update(map(str, as_list(data.get("nodes"))))
        case "executing":
            _move(prompt, data.get("node"))
        case "progress":
            _move(prompt, data.get("node") or prompt.node)
            within = _part(data)
        case "progress_state":
            within = _take_state(prompt, data)
        case "executed":
            prompt.done.add(str(data.get("node")))
            prompt.files += files({data.get("node"): data.get("output")})[: MOST_FILES - len(prompt.files)]
    total = max(prompt.nodes, len(prompt.done) + 1)
    prompt.share = max(prompt.share, min(1.0, (len(prompt.done) + within) / total))
    return (prompt.node, prompt.share) != before


def progress(prompt: Prompt) -> dict[str, Any]:
    payload: dict[str, Any] = {"progress": round(prompt.share, 4)}
    return payload | ({"node": prompt.node} if prompt.node is not None else {})


def failed(data: dict[str, Any]) -> Outcome:
    error_type, message = text(data.get("exception_type") or "Error"), text(data.get("exception_message") or "").strip()
    payload = {"error": message or error_type, "error_type": error_type} | _where(data)
    return Outcome("failed", payload, traceback="".join(map(str, as_list(data.get("traceback")))))


def interrupted(data: dict[str, Any]) -> Outcome:
    return Outcome("cancelled", {"message": "Interrupted"} | _where(data))


def outcome(entry: dict[str, Any]) -> Outcome:
    """Read from an entry of the history how its prompt ended."""
    messages = _messages(entry)
    if "execution_error" in messages:
        return failed(messages["execution_error"])
    if "execution_interrupted" in messages:
        return interrupted(messages["execution_interrupted"])
    if _dict(entry.get("status")).get("status_str") == "error":
        return Outcome("failed", {"error": "The server gives no reason", "error_type": "Error"})
    return Outcome("completed", {"outputs": files(_dict(entry.get("outputs")))})


def began_at(entry: Any) -> int | None:
    """Start of an entry, in milliseconds by the server's clock; servers of old don't say, or it is no moment."""
    stamp = _messages(_dict(entry)).get("execution_start", {}).get("timestamp")
    return int(stamp) if isinstance(stamp, int | float) and 0 <= stamp <= LATEST_MS else None


def files(outputs: dict[Any, Any]) -> list[dict[str, Any]]:
    files = []
    for node, output in outputs.items():
        for group in _dict(output).values():
            for file in as_list(group):
                name = _dict(file).get("filename")
                if isinstance(name, str):
                    place = {key: text(file[key]) for key in ("subfolder", "type") if isinstance(file.get(key), str)}
                    files.append({"node": text(node), "filename": text(name), **place})
    return files[:MOST_FILES]


def _move(prompt: Prompt, node: Any) -> None:
    if node is not None and str(node) != prompt.node:
        if prompt.node is not None:
            prompt.done.add(prompt.node)
        prompt.node = text(node)


def _take_state(prompt: Prompt, data: dict[str, Any]) -> float:
    within = 0.0
    for node, node_state in _dict(data.get("nodes")).items():
        state = _dict(node_state).get("state")
        if state == "finished":
            prompt.done.add(str(node))
        elif state == "running":
            prompt.node = text(node)
            within += _part(_dict(node_state))
    return within


def _part(data: dict[str, Any]) -> float:
    value, most = data.get("value"), data.get("max")
    if not isinstance(value, int | float) or not isinstance(most, int | float) or not most > 0:
        return 0.0
    return min(1.0, max(0.0, value / most))


def _where(data: dict[str, Any]) -> dict[str, Any]:
    place = {"node": data.get("node_id"), "node_type": data.get("node_type")}
    return {name: text(value) for name, value in place.items() if value is not None}


def _messages(entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The last of each kind."""
    lines = as_list(_dict(entry.get("status")).get("messages"))
    return {str(line[0]): _dict(line[1]) for line in lines if isinstance(line, list) and len(line) == 2}


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
