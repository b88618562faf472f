"""Every test here has a server in this process and a browser of its own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser import chromium
from tests.pages.place import config
from tests.serving import Server, running_server


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """A fresh browser."""
    async with chromium() as started:
        yield started


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A fresh server with chats, a desk and figures."""
    async with running_server(tmp_path, config()) as running:
        yield running
