"""The agent side: one folder per provider, every folder the same shape. Found by name, imported when used."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, get_type_hints

from openhandover.core.errors import ConfigError
from openhandover.core.settings import Template
from openhandover.texts.templates import render, render_value

SHIPPED = tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if found.ispkg))
"""Every folder here is a type."""
GROUP = "openhandover.providers"
"""Entry points of third parties: name = type, value = the provider's package."""

_TEXTS = (str, Template, str | None, Template | None)


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


def rendered(type_: str, route: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    """A step's route with its templates rendered: a key that wants text gets text, others the value itself.

    Raises:
        TemplateError: a template cannot be rendered.
    """
    texts = _texts(type_)
    return {
        key: render(value, scope)
        if key in texts and isinstance(value, str)
        else render_value(value, scope, typed=True)
        for key, value in route.items()
    }


@cache
def _texts(type_: str) -> frozenset[str]:
    """The keys of a provider type's route that are text and nothing else."""
    kind = route_of(type_)
    if not hasattr(kind, "__struct_fields__"):
        return frozenset()
    hints = get_type_hints(kind)
    return frozenset(key for key, hint in hints.items() if hint in _TEXTS)
