"""Which kinds of channel, provider, bot and gateway this version knows, and their settings models, imported lazily."""

import importlib
import importlib.util
from functools import cache
from typing import cast

from msgspec import Struct

PROVIDERS = ("desk", "http", "mail", "logging")
"""Types this version delivers; each is a folder `openhandover/providers/<type>/`."""


@cache
def provider_settings(kind: str) -> type[Struct] | None:
    """The Struct of a provider's own keys, or None when this version does not know the type."""
    return _named(kind, "Settings")


@cache
def provider_route(kind: str) -> type[Struct] | None:
    """The Struct of the keys that a step's `route:` may hold for this provider type; None accepts anything."""
    return _named(kind, "Route")


def provider_kinds() -> list[str]:
    """All known provider types, for "did you mean"."""
    return list(PROVIDERS)


def _named(kind: str, name: str) -> type[Struct] | None:
    if kind not in PROVIDERS:
        return None
    module = importlib.import_module(f"openhandover.providers.{kind}.settings")
    return cast("type[Struct] | None", getattr(module, name, None))
