"""Commands that speak to a running server, against a real one."""

import asyncio
import json
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from openhandover.cli import main
from tests.serving import KEY, Server, running_server

SECRET = "whsec_c2VjcmV0IG9mIHRoZSBkZXNr"
CONFIG = f"""
server: {{port: 1}}
store: sqlite:server.db
api: {{keys: [{{name: all, key: {KEY}, scopes: [conversations, handovers, desk], agent: anna}}]}}
channels: {{api: {{type: api, provider: support}}}}
providers:
  support: {{type: desk}}
  mine: {{type: http, url: "http://127.0.0.1:1", secret: {SECRET}}}
agents: {{anna: {{name: Anna}}}}
"""


@pytest.fixture(autouse=True)
def _server_logs_elsewhere() -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    """The server shares the process with the command under test: its log stays out of the command's output."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a configuration."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openhandover.yaml").write_text(CONFIG, "utf-8")
    return tmp_path


async def command(server: Server | None, *arguments: str, stdin: str = "") -> Result:
    """One command, in a thread of its own as it would be a process of its own."""
    environ = {"OPENHANDOVER_CONFIG": None, "OPENHANDOVER_API_KEY": KEY}
    if server is not None:
        environ["OPENHANDOVER_URL"] = server.url
    return await asyncio.to_thread(CliRunner(env=environ).invoke, main, arguments, input=stdin)


async def test_a_handover_is_listed_shown_explained_and_cancelled(folder: Path) -> None:
    """What an operator does with a handover that is stuck."""
    async with running_server(folder, CONFIG) as server:
        await server.online()
        talk = await server.conversation()
        made = (await server.handover(talk["id"]))["id"]
        await server.until(f"/v1/handovers/{made}", lambda one: one["status"] == "queued")
        listed = await command(server, "handover", "list", "--status", "queued")
        assert [line.split()[:2] for line in listed.output.splitlines()] == [
            ["id", "status"],
            [made, "queued"],
        ]
        shown = await command(server, "handover", "show", made)
        assert json.loads(shown.output)["conversation_id"] == talk["id"]
        done = await command(server, "handover", "cancel", made)
        assert done.output == f"{made}: cancelled (user_cancelled)\n"
        told = await command(server, "handover", "explain", made)
        assert told.exit_code == 0, told.output
        assert len(told.output.splitlines()) >= 3
        assert all(line.split("  ")[0].endswith("Z") for line in told.output.splitlines())


async def test_an_operator_closes_a_handover(folder: Path) -> None:
    """Nobody has answered: the handover is cancelled, by us."""
    async with running_server(folder, CONFIG) as server:
        await server.online()
        made = (await server.handover((await server.conversation())["id"]))["id"]
        done = await command(server, "handover", "close", made)
        assert done.output == f"{made}: cancelled (bot_closed)\n"
        shown = await command(server, "handover", "show", made)
        assert json.loads(shown.output)["ended_by"] == "system"


async def test_an_unknown_handover_is_said(folder: Path) -> None:
    """One line with the code, and status 1."""
    async with running_server(folder, CONFIG) as server:
        done = await command(server, "handover", "explain", "nothing")
    assert done.exit_code == 1
    assert done.output.startswith("Error: not_found: ")


async def test_a_user_is_erased_while_the_server_is_stopped(folder: Path) -> None:
    """While it runs the command refuses and names the process; afterwards no word of the user is left."""
    async with running_server(folder, CONFIG) as server:
        talk = await server.conversation(user={"id": "u1", "name": "Zebedee"})
        await server.said(talk["id"], text="my cat is called Xanthippe")
        refused = await command(None, "erase", "u1")
        assert refused.exit_code == 1
        assert "in use by process" in refused.output
    done = await command(None, "erase", "u1")
    assert (done.exit_code, done.stdout) == (0, "erased from 1 conversation\n")
    stored = b"".join(file.read_bytes() for file in folder.glob("server.db*"))  # noqa: ASYNC240  nothing else runs here
    assert b"Xanthippe" not in stored
    assert b"Zebedee" not in stored
    again = await command(None, "erase", "u1")
    assert again.exit_code == 1
    assert "nobody with the id u1" in again.output


async def test_a_second_server_on_the_same_database_is_refused(folder: Path) -> None:
    """It says in one line which process has the database, without a traceback."""
    async with running_server(folder, CONFIG):
        refused = await command(None, "serve", "--port", "0")
    assert refused.exit_code == 1
    assert "in use by process" in refused.output
    assert "Traceback" not in refused.output
    assert isinstance(refused.exception, SystemExit)


async def test_a_stored_webhook_is_posted_again(folder: Path) -> None:
    """It is signed anew, taken once, and then known to be a repetition."""
    event = {"event_id": "e1", "type": "agent.joined", "agent": {"id": "a", "name": "Ann"}}
    async with running_server(folder, CONFIG) as server:
        talk = await server.conversation()
        made = await server.handover(talk["id"], provider="mine")
        (folder / "event.json").write_text(json.dumps(event | {"handover_id": made["id"]}, indent=2), "utf-8")
        first = await command(None, "replay", "event.json", "--url", server.url)
        assert first.exit_code == 0, first.output
        assert first.stdout.startswith("e1: 200 ")
        second = await command(None, "replay", "event.json", "--url", server.url)
        assert '"reason":"repeated"' in second.stdout.replace(" ", "")
        lines = "".join(
            json.dumps(event | {"event_id": name, "handover_id": place}) + "\n"
            for name, place in (("e2", made["id"]), ("e3", "nowhere"))
        )
        third = await command(None, "replay", "-", "--provider", "mine", "--url", server.url, stdin=lines)
    assert [line.split()[:2] for line in third.stdout.splitlines()] == [["e2:", "200"], ["e3:", "404"]]
    assert third.exit_code == 1


@pytest.mark.parametrize(
    ("content", "arguments", "problem"),
    [
        ("{", (), "neither JSON"),
        ("[]", (), "an object with an event_id"),
        ('{"type": "x"}', (), "an object with an event_id"),
        ('{"event_id": "e"}', ("--provider", "support"), "providers.support"),
        ('{"event_id": "e"}', ("--provider", "nobody"), "providers.nobody"),
        ('{"event_id": "e"}', (), "No connection"),
    ],
)
async def test_what_cannot_be_replayed_is_said(
    folder: Path, content: str, arguments: tuple[str, ...], problem: str
) -> None:
    """A file, a provider or a server that is not right: one line, status 1, no secret."""
    (folder / "event.json").write_text(content, "utf-8")
    done = await command(None, "replay", "event.json", *arguments)
    assert done.exit_code == 1
    assert problem in done.output
    assert SECRET not in done.output
