"""The demo as a process: it starts from nothing, keeps what was said, and ends when told."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import aiohttp

LINKS = ("/chat/web", "/desk", "/analytics", "/docs", "/readyz", "/widget.js")


async def started(folder: Path) -> tuple[asyncio.subprocess.Process, str]:
    """A demo on a free port, and what it printed."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from openhandover.cli import main; main()", "demo", "--folder", str(folder)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert running.stdout
    text = ""
    async with asyncio.timeout(30):
        while "Ctrl-C" not in text:
            line = await running.stdout.readline()
            assert line, "the demo ended"
            text += line.decode()
    return running, text


async def ended(running: asyncio.subprocess.Process) -> int:
    """SIGTERM; the exit status."""
    running.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(running.wait(), 10)


async def test_links_and_logins(tmp_path: Path) -> None:
    """Every printed link answers, both log-ins work, and a second start knows the conversations and log-ins."""
    running, text = await started(tmp_path / "demo")
    base = re.findall(r"(http://\S+)/chat/web", text)[0]
    key = re.findall(r"key (\S+)", text)[0]
    logins = re.findall(r"(anna|ben) / (\S+)", text)
    async with aiohttp.ClientSession() as http:
        for link in LINKS:
            async with http.get(base + link) as answer:
                assert answer.status == 200, link
        for agent, password in logins:
            async with http.post(
                f"{base}/v1/desk/login", json={"agent": agent, "password": password}
            ) as answer:
                assert answer.status == 200, agent
        body = {"id": "kept", "channel": "api", "bot": "shop", "user": {"id": "u"}}
        headers = {"Authorization": f"Bearer {key}"}
        async with http.post(f"{base}/v1/conversations", json=body, headers=headers) as answer:
            assert answer.status == 201
        assert await ended(running) == 0

        running, again = await started(tmp_path / "demo")
        assert re.findall(r"(anna|ben) / (\S+)", again) == logins
        base = re.findall(r"(http://\S+)/chat/web", again)[0]
        async with http.get(f"{base}/v1/conversations/kept", headers=headers) as answer:
            assert answer.status == 200
        assert await ended(running) == 0
