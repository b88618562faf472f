"""Every test here talks to a server of its own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.serving import Server, running_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A fresh server with an agent at the desk who takes nothing by herself."""
    async with running_server(tmp_path) as running:
        await running.online()
        yield running
