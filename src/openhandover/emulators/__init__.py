"""Strict stand-ins for vendors, written from their documentation: for tests, for trying without an account.

An emulator imports nothing else of ours. It is a second, independent reading of the vendor's pages; if it shared code with
the provider, both would share the same mistake. Where the documentation is silent it refuses, and a comment says so.
"""

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Emulator


def names() -> list[str]:
    """The vendors that can be played: every folder here with an `EMULATOR`."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if found.ispkg)


def emulator_of(vendor: str) -> "type[Emulator]":
    """The vendor's emulator, imported when it is asked for."""
    return import_module(f"{__name__}.{vendor}").EMULATOR
