"""The `logging` provider has neither settings nor routing keys."""

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to set."""


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to route."""
