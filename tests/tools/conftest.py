"""Every test here has a house of its own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.tools.house import House, opened


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House]:
    """A fresh house."""
    async with opened(tmp_path) as running:
        yield running
