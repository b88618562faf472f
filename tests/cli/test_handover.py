"""`openhandover handover` speaks to a server over HTTP."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
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
    assert run(server, "explain", "h", "--language", "pt").exit_code == 2  # and not English without a word


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


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """The address is named, and where it was taken from."""
    url = f"http://127.0.0.1:{free_port()}"
    done = CliRunner().invoke(main, ["handover", "--url", url, "--key", "k", "list"])
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: nobody answers at {url} (as given): No connection")
    port = free_port()
    file = tmp_path / "mine.yaml"
    file.write_text(f"server: {{port: {port}}}\n")
    done = CliRunner().invoke(main, ["handover", "--config", str(file), "--key", "k", "list"])
    assert done.output.startswith(
        f"Error: nobody answers at http://127.0.0.1:{port} (`server:` in {file}): No connection"
    )


@pytest.mark.parametrize(
    ("rest", "host"),
    [("", "127.0.0.1"), ("providers: {a: {type: chatwot, secret: '${NOT_SET}'}}\n", "0.0.0.0")],
)
def test_the_server_of_this_folder(
    server: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: str, host: str
) -> None:
    """The address is that of the configuration here, also of one that is unfinished elsewhere or lacks this shell's
    variables: the server that runs may still be looked at."""
    monkeypatch.chdir(tmp_path)
    port = server.url.rpartition(":")[2]
    Path("openhandover.yaml").write_text(f"server: {{port: {port}, host: {host}}}\n{rest}")
    done = CliRunner(env={"OPENHANDOVER_API_KEY": "secret-key"}).invoke(main, ["handover", "show", "ho 1/2"])
    assert json.loads(done.output) == HANDOVER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server: {port: 0}\n", "takes a free port"),
        ("server: {port: many}\n", "server.port"),
        (None, "cannot be read"),
    ],
)
def test_a_configuration_that_tells_no_address(tmp_path: Path, text: str | None, said: str) -> None:
    """A port that nobody can know, a wrong one, and a file that is not there though it was named: each says to give --url."""
    file = tmp_path / "mine.yaml"
    if text is not None:
        file.write_text(text)
    done = CliRunner().invoke(main, ["handover", "--config", str(file), "--key", "k", "list"])
    assert done.exit_code == 1
    assert said in done.output and "--url" in done.output


@pytest.mark.parametrize("before", [True, False])
def test_the_server_is_said_before_or_after_the_command(server: Recorder, before: bool) -> None:
    """Both read well, and both go before the environment."""
    where, what = ["--url", server.url, "--key", "secret-key"], ["show", "ho 1/2"]
    env = {"OPENHANDOVER_URL": f"http://127.0.0.1:{free_port()}", "OPENHANDOVER_API_KEY": "another-key"}
    words = [*where, *what] if before else [*what, *where]
    assert json.loads(CliRunner(env=env).invoke(main, ["handover", *words]).output) == HANDOVER


def test_help_needs_no_key() -> None:
    """Whoever asks how a command is used is told, before there is a key; the command itself names what it lacks."""
    env = {"OPENHANDOVER_API_KEY": None, "OPENHANDOVER_URL": None}
    told = CliRunner(env=env).invoke(main, ["handover", "show", "--help"])
    assert (told.exit_code, "--diagnose" in told.output, "--url" in told.output) == (0, True, True)
    done = CliRunner(env=env).invoke(main, ["handover", "list"])
    assert (done.exit_code, "OPENHANDOVER_API_KEY" in done.output) == (2, True)
    whole = " ".join(CliRunner(env=env).invoke(main, ["handover", "--help"]).output.split())
    assert "on an ended one it changes nothing." in whole
