"""Every test here that asks for a server gets one with a desk and four agents."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.desk.floor import CONFIG, Agent
from tests.serving import Server, running_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A fresh server with a desk."""
    async with running_server(tmp_path, CONFIG) as running:
        yield running


@pytest.fixture
async def anna(server: Server) -> Agent:
    """An agent for billing, in Dutch and English, online."""
    return await Agent(server, "anna").here()


@pytest.fixture
async def bob(server: Server) -> Agent:
    """An English-speaking agent, online."""
    return await Agent(server, "bob").here()
