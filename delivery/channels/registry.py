"""The registry of channels: the `channel` module of each package here, and `carillon_channels` in any installed app."""

import pkgutil
from collections.abc import KeysView
from importlib import import_module
from pathlib import Path

from django.utils.module_loading import autodiscover_modules, module_has_submodule

from delivery.channels.base import Channel

_channels: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Called by a channel's module when it is imported."""
    if not isinstance(channel, Channel):
        raise TypeError(f"{type(channel).__name__} is no channel: let it inherit delivery.channels.Channel")
    if channel.name in _channels:
        raise ValueError(f"a channel named {channel.name!r} is registered already")
    _channels[channel.name] = channel


def discover() -> None:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)], prefix="delivery.channels."):
        if module.ispkg and module_has_submodule(import_module(module.name), "channel"):
            import_module(f"{module.name}.channel")
    autodiscover_modules("carillon_channels")


def unregister(name: str) -> None:
    _channels.pop(name, None)


def named(name: str) -> Channel:
    """KeyError if it isn't installed."""
    return _channels[name]


def installed() -> KeysView[str]:
    return _channels.keys()
