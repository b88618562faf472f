"""The demo as a process: it starts from nothing, keeps what was said, and ends when told."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

LINKS = ("/chat/web", "/desk", "/analytics", "/docs", "/readyz", "/widget.js")


BEGUN: list[asyncio.subprocess.Process] = []


@pytest.fixture(autouse=True)
async def nothing_stays() -> AsyncGenerator[None]:
    """A test that failed leaves no server behind."""
    yield
    for process in BEGUN:
        if process.returncode is None:
            await ended(process)
    BEGUN.clear()


async def started(folder: Path, *options: str) -> tuple[asyncio.subprocess.Process, str]:
    """A demo on a free port, and what it printed."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from openhandover.cli import main; main()", "demo", "--folder", str(folder), *options),
        stdout=asyncio.subprocess.PIPE,
    )
    BEGUN.append(running)
    assert running.stdout
    text = ""
    async with asyncio.timeout(30):
        while "Ctrl-C" not in text:
            line = await running.stdout.readline()
            assert line, "the demo ended"
            text += line.decode()
    return running, text


async def ended(running: asyncio.subprocess.Process, by: signal.Signals = signal.SIGTERM) -> int:
    """A signal; the exit status."""
    running.send_signal(by)
    return await asyncio.wait_for(running.wait(), 15)


def without_a_past(folder: Path) -> Path:
    """A demo's folder in which the past counts as written: that has its own tests."""
    folder.mkdir()
    (folder / "past").touch()
    return folder


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


async def test_simulate_fills_the_demo(tmp_path: Path) -> None:
    """`--simulate` brings visitors who are served without anybody at the desk; Ctrl-C ends it in order."""
    running, text = await started(
        without_a_past(tmp_path / "demo"), "--simulate", "--pace", "30", "--seed", "3"
    )
    base = re.findall(r"(http://\S+)/chat/web", text)[0]
    key = re.findall(r"key (\S+)", text)[0]
    async with aiohttp.ClientSession(base, headers={"Authorization": f"Bearer {key}"}) as http:
        async with asyncio.timeout(60):
            completed: list[dict[str, object]] = []
            while len(completed) < 3:
                await asyncio.sleep(0.2)
                async with http.get("/v1/handovers", params={"status": "completed"}) as answer:
                    completed = (await answer.json())["items"]
    assert await ended(running, signal.SIGINT) == 0


async def test_chaos_is_a_supervisor_and_its_server(tmp_path: Path) -> None:
    """`--chaos` prints its own page, whose server is another process; the end of one is the end of both."""
    running, text = await started(without_a_past(tmp_path / "demo"), "--chaos", "--pace", "30")
    base = re.findall(r"(http://\S+)/chat/web", text)[0]
    page = re.findall(r"Chaos +(http://\S+)", text)[0]
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{page}/state") as answer:
            state = await answer.json()
        assert state["links"]["desk"] == f"{base}/desk"
        async with http.get(f"{base}/readyz") as answer:
            assert answer.status == 200
        assert await ended(running) == 0
        for gone in (base, page):
            with pytest.raises(aiohttp.ClientConnectorError):
                await http.get(gone)


async def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    """Nothing is started where somebody else listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from openhandover.cli import main; main()", "demo", "--chaos"),
            *("--folder", str(without_a_past(tmp_path / "demo")), "--port", str(taken.getsockname()[1])),
            stderr=asyncio.subprocess.PIPE,
        )
        BEGUN.append(running)
        _, told = await asyncio.wait_for(running.communicate(), 30)
    assert running.returncode == 1
    assert b"choose another port" in told
    assert b"Traceback" not in told


async def is_anybody_there(text: str) -> bool:
    """Whether the demo's own desk is open, by what the demo printed."""
    base = re.findall(r"(http://\S+)/chat/web", text)[0]
    key = re.findall(r"key (\S+)", text)[0]
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession(base, headers=headers) as http,
        http.get("/v1/availability", params={"provider": "support"}) as answer,
    ):
        return (await answer.json())["open"]


async def test_scripts_go_home(tmp_path: Path) -> None:
    """Once the simulation has stopped none of its agents is taken for online by the next start."""
    folder = without_a_past(tmp_path / "demo")
    running, text = await started(folder, "--simulate", "--pace", "30")
    async with asyncio.timeout(30):
        while not await is_anybody_there(text):
            await asyncio.sleep(0.05)
    assert await ended(running) == 0
    running, text = await started(folder)
    assert not await is_anybody_there(text)
    assert await ended(running) == 0
