"""A deployment of Salesforce Messaging, and a user's talk over it."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from openhandover.emulators.salesforce_miaw import SalesforceMiawEmulator
from tests.contract.vendor_world import Talk, VendorWorld, vendor_world

ROUTE = {"routing_attributes": {"Customer_Name": "{{ user }}"}}


def living(
    folder: Path, emulator: SalesforceMiawEmulator | None = None, **settings: Any
) -> AbstractAsyncContextManager[VendorWorld]:
    """A world of Salesforce with these settings."""
    there = emulator or SalesforceMiawEmulator()
    return vendor_world(folder, "salesforce_miaw", there, webhooks=False, **settings)


def miaw(world: VendorWorld) -> SalesforceMiawEmulator:
    """The emulated organisation."""
    assert isinstance(world.emulator, SalesforceMiawEmulator)
    return world.emulator


def talk(world: VendorWorld, **route: Any) -> Talk:
    """A user who is nobody's verified customer."""
    return Talk(world, {**ROUTE, **route})
