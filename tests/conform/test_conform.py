"""`openhandover conform` against the example desk, and against desks that break one promise each."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from click.testing import CliRunner

from openhandover.conform import Listening, Report, conform
from openhandover.conform.command import command
from tests.providers.http.emulator import SECRET, FaultyDesk

DESK = Path(__file__).parents[2] / "examples" / "http_desk.py"


def failed(report: Report) -> list[str]:
    return [result.name for result in report.results if not result.passed]


async def test_the_example_desk_keeps_every_promise() -> None:
    """All checks pass, each told in a sentence, and no conversation is left open."""
    told: list[str] = []
    async with FaultyDesk().serving() as desk:
        report = await conform(desk.url, SECRET, tell=told.append)
    assert failed(report) == []
    assert report.passed
    assert told == [f"ok    {result.sentence}" for result in report.results]
    assert len(told) == 16
    assert {talk.state for talk in desk.talks.values()} == {"closed"}


class NoSignature(FaultyDesk):
    """Believes everybody."""

    async def called(self, request: web.Request) -> web.Response:
        body = await request.read()
        sent = json.loads(body) if body else {}
        key = request.headers.get("webhook-id", uuid4().hex)
        if key not in self.seen:
            self.seen[key] = getattr(self, "on_" + request.path.strip("/"))(sent, request)
        return web.json_response(self.seen[key])


class NoClock(FaultyDesk):
    """Takes old signatures: the time-stamp counts as now."""

    async def called(self, request: web.Request) -> web.Response:
        stamp = request.headers.get("webhook-timestamp", "")
        if stamp.isdigit() and abs(time.time() - int(stamp)) > 300:
            return web.json_response({"external_id": "old"})
        return await super().called(request)


class NoMemory(FaultyDesk):
    """Opens a new conversation on every repeat."""

    def on_open(self, sent: dict[str, Any], request: web.Request) -> dict[str, Any]:
        answer = super().on_open(sent, request)
        asyncio.get_running_loop().call_soon(self.seen.pop, request.headers["webhook-id"], None)
        return answer


class OneForAll(FaultyDesk):
    """Names a conversation after its handover, whatever the attempt."""

    def on_open(self, sent: dict[str, Any], request: web.Request) -> dict[str, Any]:
        answer = super().on_open(sent, request)
        self.talks[sent["handover_id"]] = self.talks[answer["external_id"]]
        return answer | {"external_id": sent["handover_id"]}


class TakesAll(FaultyDesk):
    """Swallows messages for conversations that it does not know."""

    def on_messages(self, sent: dict[str, Any], request: web.Request) -> dict[str, Any]:
        return super().on_messages(sent, request) if sent["external_id"] in self.talks else {}


class Strict(FaultyDesk):
    """Refuses messages without text."""

    def on_messages(self, sent: dict[str, Any], request: web.Request) -> dict[str, Any]:
        if not sent["message"]["text"]:
            raise web.HTTPUnprocessableEntity
        return super().on_messages(sent, request)


class ClosesOnce(FaultyDesk):
    """Complains about the second close."""

    def on_close(self, sent: dict[str, Any], request: web.Request) -> dict[str, Any]:  # type: ignore[override]
        if self.talks[sent["external_id"]].state == "closed":
            raise web.HTTPConflict
        return self.on_cancel(sent, request)


class VagueAvailability(FaultyDesk):
    """Says "yes" instead of true."""

    def on_availability(self, _: object, __: object) -> dict[str, Any]:
        return {"open": "yes"}


class NoTyping(FaultyDesk):
    """Knows no typing."""

    def on_typing(self, *_: object) -> dict[str, Any]:
        raise web.HTTPNotFound


@pytest.mark.parametrize(
    ("make", "broken"),
    [
        (NoSignature, ["signature-missing", "signature-wrong", "signature-altered", "signature-stale"]),
        (NoClock, ["signature-stale"]),
        (NoMemory, ["open-repeat", "open-race"]),
        (OneForAll, ["open-attempt"]),
        (TakesAll, ["messages-gone"]),
        (Strict, ["messages"]),
        (ClosesOnce, ["close"]),
        (VagueAvailability, ["availability"]),
        (NoTyping, ["signals"]),
    ],
)
async def test_a_broken_promise_is_found_and_named(make: Callable[[], FaultyDesk], broken: list[str]) -> None:
    """Exactly the checks of that promise fail, and each says what the desk did instead."""
    async with make().serving() as desk:
        report = await conform(desk.url, SECRET)
    assert failed(report) == broken
    assert all(result.detail for result in report.results if not result.passed)


async def test_a_desk_with_another_secret_fails_where_it_should_take_us() -> None:
    """The sentence names the status, so that the secret is the first thing to look at."""
    async with FaultyDesk("whsec_b3RoZXI=").serving() as desk:
        report = await conform(desk.url, SECRET)
    opened = next(result for result in report.results if result.name == "open")
    assert opened.line() == "FAIL  The desk takes a conversation and names it. It answered 401, expected 2xx."


async def test_a_closed_desk_is_told_to_open() -> None:
    """409 is an honest answer, but nothing can be checked then."""
    async with FaultyDesk().serving() as desk:
        desk.online = False
        report = await conform(desk.url, SECRET)
    assert "nobody is there" in next(result.detail for result in report.results if result.name == "open")


async def test_nobody_listening() -> None:
    """Every check fails with the reason; none raises."""
    async with FaultyDesk().serving() as desk:
        pass
    report = await conform(desk.url, SECRET)
    assert len(failed(report)) == 16
    assert "No connection" in report.results[0].detail


async def person(desk: FaultyDesk, answer: str = "3 1 2") -> None:
    """Does at the desk what the messages ask for."""
    for _ in range(2000):
        await asyncio.sleep(0.01)
        for talk in list(desk.talks.values()):
            last = talk.lines[-1]["text"]
            if talk.state == "waiting" and "three numbers" in last:
                desk.joins(talk, "Ann")
                desk.says(talk, answer)
            elif talk.state == "active" and "close this conversation" in last:
                desk.closes(talk)
                return


async def with_person(desk: FaultyDesk, answer: str = "3 1 2", timeout_s: float = 20) -> Report:
    def tell(line: str) -> None:
        if found := re.search(r"http://\S+", line):
            desk.webhooks = found[0]

    puppet = asyncio.create_task(person(desk, answer))
    report = await conform(desk.url, SECRET, Listening(timeout_s=timeout_s), tell)
    puppet.cancel()
    return report


async def test_with_a_person_the_webhooks_are_checked_too() -> None:
    """The example desk signs, numbers and repeats as it should."""
    async with FaultyDesk().serving() as desk:
        report = await with_person(desk)
    assert failed(report) == []
    assert len(report.results) == 21


class ForgetsSecret(FaultyDesk):
    """Signs its webhooks with another secret."""

    async def post(self, http: aiohttp.ClientSession, event: dict[str, Any]) -> bool:
        secret, self.secret = self.secret, "whsec_b3RoZXI="
        try:
            return await super().post(http, event)
        finally:
            self.secret = secret


class GivesUp(FaultyDesk):
    """Never repeats a webhook."""

    async def post(self, http: aiohttp.ClientSession, event: dict[str, Any]) -> bool:
        await super().post(http, event)
        return True


class Miscounts(FaultyDesk):
    """Leaves a gap in its numbers."""

    async def post(self, http: aiohttp.ClientSession, event: dict[str, Any]) -> bool:
        if event.get("seq", 0) > 1:
            event = event | {"seq": event["seq"] + 1}
        return await super().post(http, event)


@pytest.mark.parametrize(
    ("make", "answer", "broken"),
    [
        (ForgetsSecret, "3 1 2", ["webhooks-signed"]),
        (GivesUp, "3 1 2", ["webhooks-retry"]),
        (Miscounts, "3 1 2", ["webhooks-order"]),
        (FaultyDesk, "3 1 1 2", ["agent-answer"]),
    ],
)
async def test_a_broken_promise_of_the_webhooks_is_found(
    make: Callable[[], FaultyDesk], answer: str, broken: list[str]
) -> None:
    """Each fault turns its own check red."""
    async with make().serving() as desk:
        found = failed(await with_person(desk, answer))
    assert set(broken) <= set(found)
    assert "messages" not in found


async def test_a_desk_that_sends_nothing_fails_after_the_wait() -> None:
    """The detail says where to look."""
    async with FaultyDesk().serving() as desk:
        report = await conform(desk.url, SECRET, Listening(timeout_s=0.2))
    assert failed(report) == [
        "agent-answer",
        "webhooks-signed",
        "webhooks-complete",
        "webhooks-retry",
        "webhooks-order",
    ]
    assert report.results[-1].detail == "no webhook came at all; check the address that the desk sends to"


async def test_on_the_command_line() -> None:
    """Sentences and exit 0 for a good desk, one JSON document on demand, exit 1 for a bad one."""
    runner = CliRunner()
    async with FaultyDesk().serving() as desk:
        good = await asyncio.to_thread(runner.invoke, command, [desk.url, "--secret", SECRET])
        document = await asyncio.to_thread(runner.invoke, command, [desk.url, "--secret", SECRET, "--json"])
        bad = await asyncio.to_thread(runner.invoke, command, [desk.url, "--secret", "whsec_b3RoZXI="])
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert good.output.splitlines()[-1] == "16 of 16 promises kept."
    assert "FAIL" in bad.output
    shape = json.loads(document.stdout)
    assert (shape["url"], shape["passed"], shape["checks"][0]) == (
        desk.url,
        True,
        {
            "name": "availability",
            "sentence": "The desk says whether somebody is there.",
            "passed": True,
            "detail": "",
        },
    )


@pytest.mark.parametrize(
    "arguments",
    [["--secret", "hush"], [], ["--secret", SECRET, "--listen", "nowhere"], ["--secret", SECRET, "--x"]],
)
def test_a_wrong_call_is_explained(arguments: list[str]) -> None:
    """Exit 2, as every wrong call of a command line."""
    result = CliRunner().invoke(command, ["http://127.0.0.1:9", *arguments])
    assert result.exit_code == 2
    assert "Usage" in result.output


async def test_the_example_runs_as_a_program() -> None:
    """Started from the command line on a free port, it serves its page and keeps the contract."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", str(DESK), "--secret", SECRET, "--port", "0", stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = ""
        while not url:
            found = re.search(
                rb"http://127\.0\.0\.1:\d+", await asyncio.wait_for(process.stdout.readline(), 20)
            )
            url = found[0].decode() if found else ""
        async with aiohttp.ClientSession() as http, http.get(url) as page:
            assert "Small desk" in await page.text()
        assert (await conform(url, SECRET)).passed
    finally:
        process.terminate()
        await process.wait()
