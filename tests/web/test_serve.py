"""The server as a process: it starts, drains and stops in order."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from openhandover.config.load import load_text
from openhandover.core.errors import ConfigError
from openhandover.web.serve import start
from tests.serving import CONFIG, KEY

PROGRAM = """
import sys
from pathlib import Path
from openhandover.config.load import load
from openhandover.web.serve import serve

path = Path(sys.argv[1])
serve(load(path), port=0, reload=lambda: load(path))
"""
AUTHORISED = {"Authorization": f"Bearer {KEY}"}


@asynccontextmanager
async def process(folder: Path, *before: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A serving process and its address; `before` is the command that runs it."""
    file = folder / "openhandover.yaml"
    file.write_text(f"store: sqlite:{folder}/openhandover.db\nserver: {{port: 0}}\n{CONFIG}")
    running = await asyncio.create_subprocess_exec(
        *before,
        sys.executable,
        "-c",
        PROGRAM,
        str(file),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1"},
    )
    try:
        yield running, await url_of(running)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


async def url_of(running: asyncio.subprocess.Process) -> str:
    """The address that the start-up line names."""
    assert running.stdout
    async with asyncio.timeout(30):
        async for line in running.stdout:
            if found := re.search(rb"url=(http://\S+)", line):
                return found[1].decode()
    raise AssertionError("the server ended before it said where it is")


async def test_sigterm_ends_with_status_0(tmp_path: Path) -> None:
    """SIGTERM ends the process within 10 s with status 0, also while somebody listens to events."""
    async with process(tmp_path) as (running, url), aiohttp.ClientSession(headers=AUTHORISED) as http:
        async with http.post(
            f"{url}/v1/conversations", json={"channel": "api", "user": {"id": "u"}}
        ) as answer:
            chat = (await answer.json())["id"]
        listening = {"Accept": "text/event-stream"}
        async with http.get(f"{url}/v1/conversations/{chat}/events", headers=listening) as events:
            await events.content.readline()
            began = time.monotonic()
            running.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(running.wait(), 10) == 0
            assert time.monotonic() - began < 10
            await events.read()


async def test_sigterm_lets_a_request_finish(tmp_path: Path) -> None:
    """A request that was begun before SIGTERM is still answered."""
    async with process(tmp_path) as (running, url), aiohttp.ClientSession(headers=AUTHORISED) as http:

        async def slow() -> AsyncIterator[bytes]:
            yield b'{"channel":"api",'
            running.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            yield b'"user":{"id":"u"}}'

        # The body is asked for by "100 Continue", so SIGTERM surely comes after the request began.
        async with http.post(f"{url}/v1/conversations", data=slow(), expect100=True) as answer:
            assert answer.status == 201
        assert await asyncio.wait_for(running.wait(), 10) == 0


async def test_more_connections_than_the_system_gives_at_first(tmp_path: Path) -> None:
    """A process takes as many connections as it may have, not as many as it is given at first."""
    few = ("sh", "-c", 'ulimit -S -n 64; exec "$@"', "sh")
    async with process(tmp_path, *few) as (_, url), AsyncExitStack() as stack:
        address = urlsplit(url)
        for _ in range(100):
            _, writer = await asyncio.open_connection(address.hostname, address.port)
            stack.callback(writer.close)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        async with http.get(f"{url}/healthz") as answer:
            assert answer.status == 200


async def test_sighup_rereads_the_agents(tmp_path: Path) -> None:
    """SIGHUP takes over agents from the file; a broken file is reported and changes nothing."""
    file = tmp_path / "openhandover.yaml"
    async with process(tmp_path) as (running, _):
        assert running.stdout
        text = file.read_text()
        for content, word in (
            (text.replace("{name: Anna}", "{name: Anna}\n  ben: {name: Ben}"), b"agents_reread"),
            ("{", b"agents_not_reread"),
        ):
            file.write_text(content)
            running.send_signal(signal.SIGHUP)
            async with asyncio.timeout(10):
                async for line in running.stdout:
                    if word in line:
                        break
        assert running.returncode is None


async def test_a_taken_port(tmp_path: Path) -> None:
    """A port that is taken is said plainly, and nothing is left running."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = load_text(f"store: sqlite:{tmp_path}/openhandover.db\n{CONFIG}")
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
            await start(config, host="127.0.0.1", port=port)


async def test_links_name_the_port_that_is_served(tmp_path: Path) -> None:
    """A server that listens elsewhere than configured gives links that lead to it."""
    text = f"store: sqlite:{tmp_path}/openhandover.db\nserver: {{port: 8080}}\n{CONFIG}"
    running = await start(load_text(text), host="127.0.0.1", port=0)
    try:
        async with aiohttp.ClientSession(headers=AUTHORISED) as http:
            form = aiohttp.FormData()
            form.add_field("file", b"%PDF-1.7\n", filename="a.pdf", content_type="application/pdf")
            async with http.post(f"{running.url}/v1/uploads", data=form) as answer:
                upload_id = (await answer.json())["upload_id"]
            async with http.post(
                f"{running.url}/v1/conversations", json={"channel": "api", "user": {"id": "u"}}
            ) as answer:
                chat = (await answer.json())["id"]
            message = {"author": "user", "attachments": [{"upload_id": upload_id}]}
            async with http.post(f"{running.url}/v1/conversations/{chat}/messages", json=message) as answer:
                link = (await answer.json())["attachments"][0]["url"]
        async with aiohttp.ClientSession() as anybody, anybody.get(link) as file:
            assert await file.read() == b"%PDF-1.7\n"
    finally:
        running.stop()
        await running.ended
