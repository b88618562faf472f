"""The agent side: one folder per provider, every folder the same shape. Found by name, imported when used."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from openhandover.core.errors import ConfigError

SHIPPED = (
    *("desk", "http", "mail", "logging"),
    *("cm_msc", "cm_marketplace"),
    *("forward", "custom", "cm_voice_msc"),
)
GROUP = "openhandover.providers"
"""Entry points of third parties: name = type, value = the provider's package."""


def names() -> list[str]:
    """Every provider type that can be configured."""
    return sorted({*SHIPPED, *(point.name for point in entry_points(group=GROUP))})


def _package(type_: str) -> str:
    if type_ in SHIPPED:
        return f"openhandover.providers.{type_}"
    for point in entry_points(group=GROUP):
        if point.name == type_:
            return point.value
    raise ConfigError(f"unknown provider type {type_!r}; known: {', '.join(names())}")


def settings_of(type_: str) -> type[Any]:
    """The settings Struct of a provider type."""
    return import_module(_package(type_) + ".settings").Settings


def route_of(type_: str) -> type[Any]:
    """The Struct of the keys that a handover step may give under `route:`."""
    return import_module(_package(type_) + ".settings").Route


def provider_of(type_: str) -> type[Any]:
    """The provider class; importing it may need an extra."""
    return import_module(_package(type_)).PROVIDER
