"""Every test here that asks for a server gets one with a desk and four agents."""

import time
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser

from openhandover.engine import Engine
from openhandover.web import serve
from tests.browser import chromium
from tests.desk.floor import CONFIG, Agent
from tests.desk.screen import Screen, at_desk
from tests.serving import Server, running_server


@pytest.fixture
def ahead_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How far the clock of a server started after this is ahead, in its only item."""
    ahead = [0.0]
    monkeypatch.setattr(serve, "Engine", partial(Engine, clock=lambda: time.time() + ahead[0]))
    return ahead


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


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """A Chromium of its own."""
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def screen(browser: Browser, server: Server) -> AsyncGenerator[Screen]:
    """Anna's desk page, logged in."""
    async with at_desk(browser, server) as anna:
        yield anna
