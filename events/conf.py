"""Carillon's own settings, which a project writes into its `CARILLON = {...}`; those of this floor."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core import checks

T = TypeVar("T")
Test = Callable[[Any], bool]


class Setting(Generic[T]):
    """A key of `CARILLON`, read whenever it is used; `accepts` and `is_right` say what a project may write."""

    declared: dict[str, "Setting[Any]"] = {}

    def __init__(self, default: T, accepts: str, is_right: Test) -> None:
        self.default, self.accepts, self.is_right = default, accepts, is_right

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.declared[name] = self

    def __get__(self, instance: object, owner: type) -> T:
        value: T = written().get(self.name, self.default)
        return value


def written() -> dict[str, Any]:
    own: dict[str, Any] = getattr(settings, "CARILLON", {})
    return own


def is_whole(value: object, *, least: int = 0, most: int = 2**31 - 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def whole(default: int, *, least: int = 0, most: int = 2**31 - 1) -> Setting[int]:
    return Setting(default, f"a whole number from {least} to {most}", lambda v: is_whole(v, least=least, most=most))


def text(default: str = "") -> Setting[str]:
    return Setting(default, "a text", lambda value: isinstance(value, str))


def seconds(default: float) -> Setting[float]:
    return Setting(default, "a number above 0", lambda v: isinstance(v, int | float) and v is not True and v > 0)


def are(kind: type | tuple[type, ...]) -> Test:
    """Test of lists and tuples whose every member is of the kind."""
    return lambda value: isinstance(value, list | tuple) and all(isinstance(each, kind) for each in value)


def thresholds(warning: int, critical: int, *, most: int) -> Setting[tuple[int, int]]:
    return Setting(
        (warning, critical),
        f"two whole numbers from 0 to {most}, for warning and critical",
        lambda v: are(int)(v) and len(v) == 2 and all(is_whole(each, most=most) for each in v),
    )


def _can_trace(value: object) -> bool:
    return value is False or (value is True and find_spec("opentelemetry") is not None)


class _Events:
    # Admins are told when it changes.
    VERSION = text("0.2.0")
    # Empty: hints and counts stay in this process.
    REDIS_URL = text()
    # Installations that share a Redis and have the same one hear each other.
    REDIS_PREFIX = text("carillon")
    # What the sweeper calls every second; none: the sweeps that the installed apps name.
    SWEEPS = Setting[list[str] | None](None, "a list of dotted paths", are(str))
    # Spans by OpenTelemetry's API; where they go is for the project's SDK to say.
    TRACING = Setting[bool](False, "False, or True where opentelemetry-api is installed: carillon[otel]", _can_trace)
    # Over HTTP, for each key that has no number of its own, and for each person's session; 0: no limit.
    PUBLISH_EVENTS_PER_MINUTE = whole(60_000)
    EVENT_BUS_CAPACITY = whole(1024, least=1)
    # A job whose process gives no sign of life for this long is told as failed.
    JOB_LEASE_SECONDS = seconds(30)
    # A ComfyUI server may be away for this long before the prompts that ran on it are told as failed.
    COMFYUI_GRACE_SECONDS = seconds(60)
    # A disk is told at the first; it is armed again below the first minus the second.
    HARDWARE_DISK_WARNING_PERCENT = whole(90, least=1, most=100)
    HARDWARE_DISK_MARGIN_PERCENT = whole(5, most=100)
    # A GPU: 0 for never; armed again below a threshold minus the margin.
    HARDWARE_GPU_CELSIUS = thresholds(85, 92, most=150)
    # Off by default: whoever renders fills the memory on purpose.
    HARDWARE_GPU_MEMORY_PERCENT = thresholds(0, 0, most=100)
    HARDWARE_GPU_MARGIN = whole(5, most=100)


conf = _Events()


@checks.register
def own_settings(**_more: Any) -> list[checks.CheckMessage]:
    """An error for each key that nobody knows, and each value that nothing here can use."""
    if not isinstance(getattr(settings, "CARILLON", {}), dict):
        return [checks.Error("CARILLON is no dict; write CARILLON = {...}.", id="carillon.E001")]
    return list(_wrong())


def _wrong() -> Iterator[checks.CheckMessage]:
    for name, value in written().items():
        known = Setting.declared.get(name)
        if known is None:
            accepted = ", ".join(sorted(Setting.declared))
            yield checks.Error(f"CARILLON[{name!r}] is not known; accepted are {accepted}.", id="carillon.E001")
        elif not known.is_right(value):
            told = f"CARILLON[{name!r}] is {value!r}; accepted is {known.accepts}."
            yield checks.Error(told, id="carillon.E002")
