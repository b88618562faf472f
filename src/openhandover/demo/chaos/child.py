"""The demo's server as a child process that is started again whenever it ends."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from openhandover.core.errors import ConfigError
from openhandover.demo.folder import CONFIG

from .journal import Journal

STARTS_S = 60.0
"""So long a start may take."""
ANSWERS_S = 2.0
LOOKS_EVERY_S = 0.02
STOPS_S = 12.0
PROGRAM = "from openhandover.cli import main; main()"


def free_port(host: str, port: int) -> int:
    """The port if nobody listens on it, any free one for 0; the server keeps it over all its lives.

    Raises:
        ConfigError: somebody listens on it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another port"
            ) from error
        return probe.getsockname()[1]


class Child:
    """`openhandover serve` with the demo's configuration; what it logs goes to a file."""

    def __init__(self, host: str, port: int, environment: Mapping[str, str], log: Path) -> None:
        self.url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
        self.kills = 0
        self.starts = 0
        self.downtime_ms: int | None = None
        """How long the last break took, from its end until it answered again."""
        self.longest_ms = 0
        self._address = (host, str(port))
        self._environment = {**os.environ, **environment}
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._answers = asyncio.Event()

    @property
    def is_up(self) -> bool:
        """Whether it answers, as far as we know."""
        return self._answers.is_set()

    async def until_up(self) -> None:
        """Wait until it answers."""
        await self._answers.wait()

    def kill(self) -> int | None:
        """`kill -9`; the process id, None when there is nobody to kill."""
        process = self._process
        if process is None or process.returncode is not None:
            return None
        self._answers.clear()
        self.kills += 1
        process.kill()
        return process.pid

    async def keep_running(self, journal: Journal) -> None:
        """Start it, and start it again whenever it ends; until cancelled.

        Raises:
            ConfigError: it does not start.
        """
        down_since: float | None = None
        try:
            while True:
                process = self._process = await self._spawn()
                await self._started(process)
                self._answers.set()
                if down_since is not None:
                    self.downtime_ms = round((time.monotonic() - down_since) * 1000)
                    self.longest_ms = max(self.longest_ms, self.downtime_ms)
                    journal.happened("back", process=process.pid, ms=self.downtime_ms)
                status = await process.wait()
                down_since = time.monotonic()
                self._answers.clear()
                name = signal.Signals(-status).name if status < 0 else f"status {status}"
                journal.happened("ended", how=name)
        finally:
            self._answers.clear()
            await self._stop()

    async def _spawn(self) -> asyncio.subprocess.Process:
        self.starts += 1
        host, port = self._address
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", PROGRAM, "serve", "--config", str(CONFIG)),
                *("--host", host, "--port", port),
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the supervisor, which ends it in order
            )

    async def _started(self, process: asyncio.subprocess.Process) -> None:
        until = time.monotonic() + STARTS_S
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWERS_S)) as http:
            while process.returncode is None or process.returncode < 0:
                if time.monotonic() > until:
                    break
                try:
                    async with http.get(f"{self.url}/readyz") as reply:
                        if reply.status == 200:
                            return
                except (aiohttp.ClientError, TimeoutError):
                    if process.returncode is not None:
                        return  # killed while it started: the next one comes at once
                await asyncio.sleep(LOOKS_EVERY_S)
        raise ConfigError(f"the server does not start; {self._log} says why")

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOPS_S)
        except TimeoutError:
            process.kill()
            await process.wait()
