"""Every test here that asks for a server gets one with web chats and a desk."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser import chromium
from tests.channels.visitor import CONFIG
from tests.serving import Server, running_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A fresh server with web chats and a desk."""
    async with running_server(tmp_path, CONFIG) as running:
        yield running


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """A fresh browser."""
    async with chromium() as started:
        yield started
