"""The partner's desk: the one of `examples/http_desk.py`, on a port of its own."""

import importlib.util
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from aiohttp import web

from openhandover.core.errors import ConfigError

HERE = Path(__file__).parent
DESKS = (HERE / "desk" / "http_desk.py", HERE.parents[2] / "examples" / "http_desk.py")
"""Where it lies: in an installed package, or in the repository."""


@asynccontextmanager
async def partner_desk(secret: str) -> AsyncGenerator[tuple[Any, str]]:
    """The desk and its address; `webhooks` of the desk is still to be set."""
    desk = _loaded().Desk(secret)
    async with served(desk.app()) as url:
        yield desk, url


@asynccontextmanager
async def served(app: web.Application) -> AsyncGenerator[str]:
    """An application on a free port of this machine; its address."""
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _loaded() -> ModuleType:
    """Loaded from its file, because it is an example and not a part of us."""
    place = next((path for path in DESKS if path.is_file()), None)
    if place is None:
        raise ConfigError("the partner's desk (http_desk.py) is missing from this installation")
    spec = importlib.util.spec_from_file_location("openhandover_demo_desk", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
