"""Servers with a past, for the tests of this folder."""

import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.analytics.history import fill
from tests.desk.floor import CONFIG
from tests.serving import Server, running_server


@pytest.fixture
async def past(tmp_path: Path) -> AsyncGenerator[Server]:
    """A server with 2,000 handovers of the last eight weeks, all ended an hour ago at the latest."""
    async with running_server(tmp_path, CONFIG) as running:
        await fill(running.engine.store, 2_000, time.time() - 3_600, 56)
        yield running
