"""A real `openhandover serve` as a child process, on a free port with one SQLite file."""

import asyncio
import os
import re
import sys
import time
from pathlib import Path

from wire import SECRET

KEY = "a-key-of-the-bench"
# An installation has its modules compiled; where this is set, every start would compile them again.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
START = "from openhandover.cli import main; main()"


class Server:
    """Starts, kills and starts again; `port` is another one after every start."""

    def __init__(self, folder: Path, ends: int, *, hooked: bool = True) -> None:
        """`ends` is the port of both ends: `/hook` the user's channel, `/desk` the desk."""
        self.folder = folder
        self.port = 0
        self.listens = 0
        """The port to ask for; 0 is any."""
        self.ready_s: list[float] = []
        self._starts = 0
        self._process: asyncio.subprocess.Process | None = None
        hook = f"webhook: {{url: 'http://127.0.0.1:{ends}/hook', secret: '{SECRET}'}}" if hooked else ""
        (folder / "openhandover.yaml").write_text(
            f"store: 'sqlite:{folder}/bench.db'\n"
            f"api: {{keys: [{{name: bench, key: {KEY}, scopes: [conversations, handovers, admin]}}]}}\n"
            f"channels: {{app: {{type: api, provider: desk, {hook}}}}}\n"
            f"providers: {{desk: {{type: http, url: 'http://127.0.0.1:{ends}/desk', secret: '{SECRET}'}}}}\n"
            "outbound: {allow: ['127.0.0.1']}\n"
        )

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process
        return self._process.pid

    def log(self) -> str:
        """What the latest process wrote."""
        return self._log.read_text(errors="replace")

    @property
    def _log(self) -> Path:
        return self.folder / f"serve-{self._starts}.log"

    async def spawn(self) -> None:
        """Start the process, without waiting for it."""
        self._starts += 1
        self._began = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", START, "serve", "--config", str(self.folder / "openhandover.yaml"),
                "--port", str(self.listens), stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL, env=_ENVIRONMENT,
            )  # fmt: skip

    async def ready(self, within_s: float = 30) -> None:
        """Wait until it says where it answers."""
        assert self._process
        while not (found := re.search(r"url=http://127\.0\.0\.1:(\d+)", self.log())):
            if self._process.returncode is not None or time.perf_counter() - self._began > within_s:
                raise RuntimeError(f"the server did not start:\n{self.log()}")
            await asyncio.sleep(0.01)
        self.ready_s.append(time.perf_counter() - self._began)
        self.port = int(found[1])

    async def kill(self) -> None:
        """kill -9."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> int | None:
        """SIGTERM; its exit status."""
        if self._process and self._process.returncode is None:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), 15)
        return self._process.returncode if self._process else None

    def memory_kib(self) -> int:
        """Resident memory of the process; private parts only, where the system tells."""
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_"))
