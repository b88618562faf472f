"""Apertium's own HTTP server (Debian's packages apertium-apy and apertium-eng-spa), started by the tests."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.ports import free_port

PAIRS = Path("/usr/share/apertium")


@asynccontextmanager
async def apertium() -> AsyncGenerator[str]:
    """Its origin. It knows English and Spanish; the first translation of each direction takes about a second."""
    program = shutil.which("apertium-apy")
    assert program, (
        "Apertium is missing: `apt-get install apertium-apy apertium-eng-spa`, or run scripts/test"
    )
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        program,
        *("--port", str(port), str(PAIRS)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8"},  # without a UTF-8 locale it does not start
    )
    origin = f"http://127.0.0.1:{port}"
    try:
        await _ready(origin, process)
        yield origin
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(origin: str, process: asyncio.subprocess.Process) -> None:
    """Both directions answer: their pipelines are started by the first text."""
    async with asyncio.timeout(60), aiohttp.ClientSession() as http:
        for pair in ("en|es", "es|en"):
            while True:
                assert process.returncode is None, "Apertium ended by itself"
                try:
                    async with http.post(f"{origin}/translate", data={"langpair": pair, "q": "no"}) as reply:
                        if reply.status == 200:
                            break
                except aiohttp.ClientConnectionError:
                    pass  # it does not listen yet
                await asyncio.sleep(0.05)
