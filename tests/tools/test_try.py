"""`openhandover try TOOL`: what a tool would send, and what the LLM would get."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from openhandover.cli import main
from tests.net.loopback import serving

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
TEXT = """
channels: {api: {type: api, provider: desk}}
providers: {desk: {type: http, url: "https://desk.example", secret: "${SECRET}"}, log: {type: logging}}
outbound: {allow: [127.0.0.1]}
flows: {both: [{say: the flow}]}
tools:
  both: {description: d, steps: [{say: the tool}]}
  human:
    description: d
    parameters:
      type: object
      properties: {name: {type: string}, n: {type: integer}, tags: {type: array, default: [a]}, free: {}}
      required: [name]
    steps:
      - set: {seen: 1}
      - check_availability: {provider: desk, into: there}
      - call: {method: POST, url: "https://api.example/x", headers: {Authorization: "Bearer ${SECRET}"}, json: {n: "{{ n }}", tags: "{{ tags }}"}, into: r}
      - say: "{{ user.name }} on {{ _context.page }}: {{ r.v }} {{ there }} {{ seen }}"
      - handover: {message: "Bye {{ name }}", route: {queue: "q{{ n }}"}}
  real: {description: d, steps: [{call: {url: "URL/state", into: r}}, {say: "x", id: one}], output: {r: "{{ r }}"}}
"""


@pytest.fixture
def tried(tmp_path: Path) -> Any:
    """Runs the command on a file with these tools."""

    def run(*arguments: str, url: str = "http://127.0.0.1:9") -> Result:
        file = tmp_path / "openhandover.yaml"
        file.write_text(TEXT.replace("URL", url))
        return CliRunner().invoke(
            main, ["try", *arguments, "--config", str(file)], env={"SECRET": SECRET}, catch_exceptions=False
        )

    return run


def test_a_dry_run_shows_every_request_and_the_answer(tried: Any) -> None:
    """The tool's calls and those of the contact centre; secrets are masked, nothing leaves the machine."""
    done = tried(
        "human", "--dry-run", "--answer", '{"v": 7}',
        "--set", "name=Ada", "--set", "n=3", "--set", "user.name=Bo", "--set", "_context.page=/x",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for line in (
        "GET https://desk.example/availability",
        "POST https://api.example/x",
        "Authorization: ***",
        '{"n":"3","tags":["a"]}',
        "bot: Bo on /x: 7 online 1",
        "bot: Bye Ada",
        "POST https://desk.example/open",
        '"settings":{"queue":"q3"}',
    ):
        assert line in done.output, done.output
    assert done.output.splitlines()[-1].startswith('the LLM gets: {"handover":{"id":')
    assert SECRET not in done.output
    assert "/queued" not in done.output


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((), "name: is required"),
        (("name=Ada", "n=many"), "n: 'many' is not of type 'integer'"),
        (("name=Ada", "tags=a"), "tags: 'a' is not of type 'array'"),
        (("name",), "is not NAME=VALUE"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(tried: Any, given: tuple[str, ...], words: str) -> None:
    """By the tool's own schema; what is no text is written as JSON."""
    options = [part for one in given for part in ("--set", one)]
    done = tried("human", "--dry-run", *options)
    assert done.exit_code == 2
    assert words in done.output


def test_a_name_that_is_no_parameter_is_told(tried: Any) -> None:
    """It may be a variable that the steps use, or a slip of the hand; what has a dot is neither."""
    done = tried("human", "--dry-run", "--set", "name=Ada", "--set", "nam=Bo", "--set", "user.name=Bo")
    assert done.exit_code == 0
    assert (
        done.output.splitlines()[0] == "(nam is no parameter of human: set as a variable of the conversation)"
    )
    assert "(user.name" not in done.output


def test_a_name_that_is_both_says_how_to_choose(tried: Any) -> None:
    """flow:NAME and tool:NAME always work."""
    done = tried("both")
    assert (done.exit_code, "write flow:both or tool:both" in done.output) == (2, True)
    assert tried("tool:both").output == 'bot: the tool\nthe LLM gets: {"result":null}\n'
    assert "bot: the tool" not in tried("flow:both").output
    assert "known: both, human, real" in tried("nobody").output


async def test_without_a_dry_run_the_calls_are_made(tried: Any) -> None:
    """Under the rules for outbound targets; the answer is the real one."""

    async def state(request: web.Request) -> web.Response:
        return web.json_response({"path": request.path})

    async with serving(state) as url:
        done = await asyncio.to_thread(tried, "real", url=url)
    assert done.output == 'bot: x\nthe LLM gets: {"result":{"r":{"path":"/state"}}}\n'
