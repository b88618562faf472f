"""`openhandover emulate`: the emulator as a program of its own."""

import asyncio
import re
import signal
import socket
import sys

import aiohttp
import pytest
import yaml
from click.testing import CliRunner

from openhandover.cli import main
from openhandover.cli.emulate import emulate
from openhandover.config.load import load_text
from openhandover.emulators import names
from openhandover.emulators.cm.account import BOT
from openhandover.emulators.genesys import GenesysEmulator
from tests.docs_pages import DOCS, Page
from tests.emulators.cm import endpoints

START = "from openhandover.cli import main; main()"


async def test_it_serves_until_it_is_stopped():
    """It prints addresses, token and ids; callbacks go where it was told, with the header; SIGTERM ends it with 0."""
    async with endpoints() as ours:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", START, "emulate", "cm", "--online", "--callbacks", ours.url),
            *("--bot", ours.url, "--header", "X-Shared-Secret: s3cret"),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        async with asyncio.timeout(30):
            said = (await process.stdout.readuntil(b"adapter marketplace")).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found
        assert BOT in said
        async with aiohttp.ClientSession() as http:
            text = {"text": "hello", "name": "Ada"}
            async with http.post(f"{found[0]}/emulator/visitors/ada/says", json=text) as answer:
                assert answer.status == 200
            async with http.get(f"{found[0]}/emulator/state") as answer:
                assert (await answer.json())["online"]
        await ours.wait_for(1)
        assert ours.got[0][2]["X-Shared-Secret"] == "s3cret"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


@pytest.mark.parametrize("vendor", [name for name in names() if name != "cm"])
async def test_every_vendor_can_be_played(vendor: str):
    """It prints its page and a provider that the configuration takes as it is; agents are there unless told otherwise."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-c", START, "emulate", vendor, "--offline"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(30):
        while b"providers:" not in said or not said.endswith(b"\n\n"):
            said += (line := await process.stdout.readline())
            assert line, said
    head, _, block = said.decode().partition("For openhandover.yaml:")
    found = re.search(r"http://127\.0\.0\.1:\d+", head)
    assert found
    assert load_text(block).providers[vendor].type == vendor
    async with aiohttp.ClientSession() as http, http.get(f"{found[0]}/emulator/state") as answer:
        state = await answer.json()
    assert (state["vendor"], state["online"], state["chats"]) == (vendor, False, [])
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


def test_a_header_is_a_name_and_a_value():
    """Anything else is refused before it starts."""
    done = CliRunner().invoke(emulate, ["cm", "--header", "s3cret"])
    assert done.exit_code == 2
    assert "Name: value" in done.output


def test_a_port_that_is_taken_is_said_in_one_line():
    """Whoever started it twice reads what to do, and no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = CliRunner().invoke(main, ["emulate", "cm", "--port", str(taken.getsockname()[1])])
    assert done.exit_code == 1
    assert "Address already in use; choose another port" in done.output
    assert isinstance(done.exception, SystemExit)


async def test_the_guide_shows_what_is_printed():
    """Who copies the guide's configuration as it stands is let in by the emulator that the guide starts."""
    guide = DOCS / "howto/try-without-an-account.md"
    blocks = [
        yaml.safe_load(one.text)
        for one in Page(guide, guide.read_text("utf-8")).blocks()
        if one.language == "yaml"
    ]
    shown = next(one["providers"]["genesys"] for one in blocks if "genesys" in one["providers"])
    async with GenesysEmulator() as emulator:
        settings = {
            key: value.replace(emulator.url, "http://127.0.0.1:9100")
            for key, value in emulator.settings().items()
        }
    assert shown == {"type": "genesys", **settings}


def test_a_vendor_that_is_not_there_is_answered_with_those_that_are():
    """A misspelt name is mended without looking anything up."""
    done = CliRunner().invoke(main, ["emulate", "genesis"])
    assert done.exit_code == 2
    assert f"no emulator of 'genesis'; there are: {', '.join(names())}" in " ".join(done.output.split())
