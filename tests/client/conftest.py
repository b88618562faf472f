"""Every test here talks to a real server by the client."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from openhandover.client import Client
from tests.serving import KEY, Server, running_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A fresh server with an agent at the desk."""
    async with running_server(tmp_path) as running:
        await running.online()
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncGenerator[Client]:
    """A client that may do everything."""
    async with Client(server.url, KEY) as made:
        yield made
