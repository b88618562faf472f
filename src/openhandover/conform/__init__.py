"""Proves a desk of your own against the contract of the `http` provider, from the outside, one promise at a time."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from openhandover.core.errors import ProviderError
from openhandover.net.client import HttpClient

from . import agent
from .caller import Caller, Failed
from .checks import CHECKS


class Result(NamedTuple):
    """One promise and whether it was kept; `detail` says what the desk did instead."""

    name: str
    sentence: str
    passed: bool
    detail: str

    def line(self) -> str:
        """For people."""
        return (
            f"ok    {self.sentence}"
            if self.passed
            else f"FAIL  {self.sentence} {self.detail[:1].upper()}{self.detail[1:]}."
        )


class Report(NamedTuple):
    """What came of it."""

    url: str
    results: list[Result]

    @property
    def passed(self) -> bool:
        """Whether every promise was kept."""
        return all(result.passed for result in self.results)

    def json(self) -> str:
        """For programs."""
        shape: dict[str, Any] = {
            "url": self.url,
            "passed": self.passed,
            "checks": [result._asdict() for result in self.results],
        }
        return msgspec.json.format(msgspec.json.encode(shape)).decode()


class Listening(NamedTuple):
    """How the desk reaches us while a person answers."""

    host: str = "127.0.0.1"
    port: int = 0
    timeout_s: float = 300.0
    callback_url: str | None = None
    """How the desk reaches `host`:`port`, where there is a proxy in between."""


Tell = Callable[[str], None]


async def conform(
    url: str, secret: str, listening: Listening | None = None, tell: Tell = lambda _: None
) -> Report:
    """Run every check; with `listening` also those that need a person at the desk. `tell` gets each line as it comes.

    Raises ValueError when the secret is malformed. Every conversation that was opened is closed again."""
    report = Report(url, [])
    async with HttpClient() as http:
        desk = Caller(url, secret, http)

        async def note(name: str, sentence: str, proof: Awaitable[None]) -> None:
            detail = await _detail(proof)
            result = Result(name, sentence, detail is None, detail or "")
            report.results.append(result)
            tell(result.line())

        for check in CHECKS:
            await note(check.name, check.sentence, check.prove(desk))
        if listening is not None:
            receiver = agent.Receiver(secret)
            async with receiver.listening(listening.host, listening.port):
                tell(
                    f"Now a person at the desk, please. Its webhooks go to {listening.callback_url or receiver.url}"
                )
                proof = agent.answer(desk, receiver, listening.timeout_s)
                await note(
                    "agent-answer",
                    "A person sees every message once and in order, answers and closes.",
                    proof,
                )
            await note("webhooks-signed", "Every webhook of the desk is signed.", agent.signed(receiver))
            await note(
                "webhooks-complete", "Every webhook has its id, type and handover.", agent.complete(receiver)
            )
            await note(
                "webhooks-retry", "A webhook that we could not take comes again.", agent.repeated(receiver)
            )
            await note(
                "webhooks-order", "Numbered webhooks count from 1 without a gap.", agent.ordered(receiver)
            )
        await _tidy(desk)
    return report


async def _detail(proof: Awaitable[object]) -> str | None:
    try:
        await proof
    except Failed as failed:
        return str(failed)
    except ProviderError as error:
        return error.detail.rstrip(".")
    return None


async def _tidy(desk: Caller) -> None:
    for talk in dict.fromkeys(desk.talks):
        # a desk that cannot be reached any more has failed its checks already
        await _detail(desk.post("/close", talk.body(reason="bot_closed")))
