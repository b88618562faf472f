"""Every story has a world of its own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.scenarios.world import World, living


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    """A fresh world."""
    async with living(tmp_path) as running:
        yield running
