"""`openhandover handover` speaks to a server over HTTP."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from openhandover.cli import main
from tests.ports import free_port

HANDOVER = {
    "id": "ho 1/2",
    "status": "cancelled",
    "reason": "user_cancelled",
    "provider": "support",
    "requested_at": "2026-01-05T08:00:00Z",
    "ended_at": None,
}


class Recorder:
    """A server that answers as the API is documented and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        """The answer of the documented resource."""
        body = await request.read()
        self.asked.append((request.method, request.raw_path, json.loads(body) if body else None))
        if request.headers.get("authorization") != "Bearer secret-key":
            return web.json_response({"code": "unauthorized", "detail": "Send a valid API key"}, status=401)
        if request.path.endswith("/explain"):
            return web.json_response(
                {"items": [{"at": "2026-01-05T08:00:00Z", "text": "The bot asked."}], "next": None}
            )
        if request.path == "/v1/handovers":
            return web.json_response({"items": [HANDOVER], "next": None})
        return web.json_response(HANDOVER)


@pytest.fixture
def server() -> Iterator[Recorder]:
    """The recorder on a free port of its own thread, because the command blocks."""
    recorder = Recorder()
    loop = asyncio.new_event_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    recorder.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", recorder.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return runner

    runner = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield recorder
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def run(server: Recorder, *arguments: str, key: str = "secret-key") -> Result:
    """One command with address and key from the environment."""
    return CliRunner(env={"OPENHANDOVER_URL": server.url, "OPENHANDOVER_API_KEY": key}).invoke(
        main, ["handover", *arguments]
    )


def test_list_is_a_table(server: Recorder) -> None:
    """One line per handover under a line of names; filters become the query."""
    done = run(server, "list", "--status", "queued", "--from", "2026-01-01T00:00:00Z")
    assert done.exit_code == 0, done.output
    assert [line.split("  ")[0] for line in done.output.splitlines()] == ["id", "ho 1/2"]
    (asked,) = server.asked
    path, _, query = asked[1].partition("?")
    assert (asked[0], path) == ("GET", "/v1/handovers")
    assert parse_qs(query) == {"limit": ["100"], "status": ["queued"], "from": ["2026-01-01T00:00:00Z"]}


def test_show_prints_json(server: Recorder) -> None:
    """The handover as the API answers it; its id may hold anything."""
    done = run(server, "show", "ho 1/2")
    assert json.loads(done.output) == HANDOVER
    assert server.asked == [("GET", "/v1/handovers/ho%201%2F2", None)]


def test_explain_prints_sentences(server: Recorder) -> None:
    """When, then what."""
    assert run(server, "explain", "h").output == "2026-01-05T08:00:00Z  The bot asked.\n"
    run(server, "explain", "h", "--language", "nl")
    paths = [path for _, path, _ in server.asked]
    assert paths == ["/v1/handovers/h/explain", "/v1/handovers/h/explain?language=nl"]


@pytest.mark.parametrize(("command", "body"), [("cancel", {}), ("close", {"by": "operator"})])
def test_ending(server: Recorder, command: str, body: dict[str, str]) -> None:
    """Cancel and close print what the handover is now."""
    done = run(server, command, "h")
    assert done.output == "ho 1/2: cancelled (user_cancelled)\n"
    assert server.asked == [("POST", f"/v1/handovers/h/{command}", body)]


def test_refusals_are_one_line(server: Recorder) -> None:
    """The code and the detail of the refusal, status 1, never the key."""
    done = run(server, "show", "h", key="wrong-key")
    assert (done.exit_code, done.output) == (1, "Error: unauthorized: Send a valid API key\n")


def test_a_server_that_is_not_there() -> None:
    """The address is named."""
    url = f"http://127.0.0.1:{free_port()}"
    done = CliRunner().invoke(main, ["handover", "--url", url, "--key", "k", "list"])
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {url}: No connection")
