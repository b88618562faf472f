"""The world of the tests of Salesforce Messaging."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.contract.vendor_world import VendorWorld

from .deployment import living


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[VendorWorld]:
    """Salesforce with the usual settings."""
    async with living(tmp_path) as world:
        yield world
