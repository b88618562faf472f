"""The same world around a real `openhandover serve` process, which can be killed."""

import asyncio
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.ports import free_port
from tests.serving import Server

START = "from openhandover.cli import main; main()"


class Process:
    """One process after another on the same configuration and database."""

    def __init__(self, folder: Path, text: str) -> None:
        self._config = folder / "openhandover.yaml"
        self._config.write_text(f"store: 'sqlite:{folder}/openhandover.db'\n{text}")
        self._log = folder / "serve.log"
        self._running: asyncio.subprocess.Process | None = None

    async def start(self, port: int | None = None) -> str:
        """Start it on this port, or one that it finds free after each kill; answers its address once it is ready."""
        port = free_port() if port is None else port
        with self._log.open("wb") as log:
            self._running = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", START, "serve", "--config", str(self._config), "--port", str(port)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(30):
            while not (found := re.search(r"url=(http://127\.0\.0\.1:\d+)", self.log())):
                assert self._running.returncode is None, self.log()
                await asyncio.sleep(0.01)
        return found[1]

    def log(self) -> str:
        """What the latest process wrote."""
        return self._log.read_text(errors="replace")

    async def kill(self) -> None:
        """kill -9."""
        assert self._running is not None
        self._running.kill()
        await self._running.wait()

    async def end(self) -> int:
        """SIGTERM; the exit status."""
        assert self._running is not None
        if self._running.returncode is None:
            self._running.terminate()
        async with asyncio.timeout(10):
            return await self._running.wait()


@asynccontextmanager
async def client(url: str) -> AsyncGenerator[Server]:
    """A client of a server in another process."""
    nobody: Any = None
    async with aiohttp.ClientSession() as http:
        yield Server(url, nobody, http)
