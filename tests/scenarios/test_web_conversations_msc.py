"""The guide "Web Conversations: live chat handover to an MSC agent" runs as it is shipped."""

import asyncio
import json
import re
import shutil
import sys
from pathlib import Path

import aiohttp
import pytest
import yaml

from openhandover.config.load import load_text
from openhandover.emulators.cm import CmEmulator, ids
from openhandover.web.serve import start

EXAMPLE = Path(__file__).parents[2] / "examples" / "web-conversations-msc"
SECRET = "a-secret-that-both-know"


async def played(folder: Path) -> tuple[int, str]:
    """Run the example; its exit status and everything it wrote."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(folder / "run.py")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.browser
async def test_the_guide_goes_from_end_to_end():
    """Each step is printed and goes well: fallback, captures, mutation, notice, files, agent, and the bot again."""
    status, said = await played(EXAMPLE)
    assert status == 0, said
    steps = said.splitlines()
    assert len(steps) == 12
    assert all(step.endswith("ok") for step in steps[:-1])


@pytest.mark.browser
async def test_what_does_not_go_as_the_guide_says_fails_the_example(tmp_path: Path):
    """A step that fails is named with its reason, and so is a server that does not start; both end it with status 1."""
    copied = Path(shutil.copytree(EXAMPLE, tmp_path / "example"))
    config = (copied / "openhandover.yaml").read_text("utf-8")
    (copied / "openhandover.yaml").write_text(config.replace("presence:", "presenc:"), "utf-8")
    status, said = await played(copied)
    assert status == 1
    assert "the server did not start" in said
    assert "presenc" in said
    program = (copied / "play.py").read_text("utf-8")
    (copied / "play.py").write_text(re.sub(r"WAIT_MS = [0-9_]+", "WAIT_MS = 1_000", program), "utf-8")
    (copied / "openhandover.yaml").write_text(config.replace("I am the assistant", "I am a bot"), "utf-8")
    status, said = await played(copied)
    assert status == 1
    assert "no button for files ... FAILED" in said


async def test_without_a_browser_the_example_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A browser that is not there, and a package that is not installed, are one line each, and status 1."""
    monkeypatch.setenv("OPENHANDOVER_CHROMIUM", str(tmp_path / "none"))
    status, said = await played(EXAMPLE)
    assert status == 1
    assert (
        said
        == "no browser: run `playwright install chromium`, or put the path of one into OPENHANDOVER_CHROMIUM\n"
    )
    missing = "raise ModuleNotFoundError('not here', name='playwright')"
    (tmp_path / "playwright.py").write_text(missing, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    status, said = await played(EXAMPLE)
    assert status == 1
    assert "playing needs the package playwright" in said
    assert "--watch" in said
    assert "Traceback" not in said


async def test_everything_is_left_to_a_person():
    """`--watch` prints both addresses, both answer, and it ends when asked, with its server."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(EXAMPLE / "run.py"), "--watch"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as http:
            said = [(await process.stdout.readline()).decode() for _ in range(2)]
            addresses = [address for line in said for address in re.findall(r"http://\S+", line)]
            assert len(addresses) == 2
            for address in addresses:
                async with http.get(address) as answer:
                    assert (answer.status, answer.content_type) == (200, "text/html")
            process.terminate()
            assert await process.wait() == 0
            for address in addresses:
                with pytest.raises(aiohttp.ClientConnectionError):
                    await http.get(address)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def readme_steps() -> list[object]:
    """The raw callout of the README, as steps of a flow."""
    [block] = re.findall(r"```yaml\n(.*?)```", (EXAMPLE / "README.md").read_text("utf-8"), re.DOTALL)
    return yaml.safe_load(block)


def inside(cm: CmEmulator, folder: Path) -> str:
    """A bot inside the Router, which sends the guide's request itself."""
    account = cm.account
    return json.dumps(
        {
            "store": f"sqlite:{folder}/openhandover.db",
            "channels": {
                "cm": {
                    "type": "cm",
                    "bot": "assistant",
                    "technical_link_id": account.technical_link_id,
                    "product_token": "${CM_PRODUCT_TOKEN}",
                    "adapter_id": ids.BOT,
                    "base_url": cm.url,
                    "secret": "${SECRET}",
                }
            },
            "bots": {"assistant": {"flow": "dialog"}},
            "flows": {
                "dialog": [
                    {"ask": {"text": "Your e-mail?", "into": "email"}},
                    {"ask": {"text": "Your name?", "into": "name"}},
                    *readme_steps(),
                ]
            },
            "outbound": {"allow": [cm.url]},
        }
    )


async def test_the_raw_callout_of_the_readme_works_inside_the_router(tmp_path: Path):
    """The visitor of Web Conversations answers the captures; the guide's own body brings them to the agent."""
    async with CmEmulator() as cm:
        given = {
            "CM_URL": cm.url,
            "CM_TECHNICAL_LINK_ID": cm.account.technical_link_id,
            "CM_PRODUCT_TOKEN": cm.account.product_token,
            "CM_MESSAGING_ADAPTER_ID": ids.WEB,
            "CM_BOT_ADAPTER_ID": ids.BOT,
            "SECRET": SECRET,
        }
        running = await start(load_text(inside(cm, tmp_path), given), host="127.0.0.1", port=0)
        try:
            cm.call_back("bot", f"{running.url}/channels/cm", {"X-Openhandover-Secret": SECRET})
            visitor = cm.visitor("ada", "Ada")
            for says, hears in (
                ("A person, please", "Your e-mail?"),
                ("ada@example.org", "Your name?"),
                ('Ada "the first" \\ 🎉', None),
            ):
                visitor.says(says)
                await cm.wait_until(lambda hears=hears: hears is None or hears in visitor.answers)
            chat = await cm.chat_at_desk()
            await cm.wait_until(lambda: "You will be helped by a live agent." in visitor.answers[-1])
            info = json.loads(chat.context["CustomerInfo"])
            assert info == {"name": 'Ada "the first" \\ 🎉', "email": "ada@example.org"}
            await cm.agent_says(chat.id, "Here I am")
            assert visitor.answers[-1] == "Here I am"
        finally:
            running.stop()
            await running.ended
