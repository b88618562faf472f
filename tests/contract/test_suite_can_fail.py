"""The provider suite notices a provider that breaks a promise: each fault here is planted, and its case must turn red."""

import asyncio
import inspect
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from openhandover.providers.http import Http
from tests.contract import planted_promises, planted_troubles, test_provider_suite, vendor_world
from tests.contract.planting import CASES, Case
from tests.contract.provider_suite import suite_of

PATIENCE = {
    "test_an_hour_of_maintenance_loses_nothing": 0.4,
    "test_a_restart_in_the_middle_of_a_talk": 0.4,
}
"""How patient the suite is where it takes longer than two seconds when all is well."""


def test_both_lists_of_faults_are_there() -> None:
    """A list that nobody imports would be no list."""
    assert {one.plant.__module__ for one in CASES} == {planted_promises.__name__, planted_troubles.__name__}
    assert len({one.id for one in CASES}) == len(CASES)


@pytest.mark.parametrize("case", [pytest.param(one, id=one.id) for one in CASES])
async def test_a_broken_promise_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """The case that is named with the fault fails, where it passes without it."""
    monkeypatch.setattr(vendor_world, "patience", PATIENCE.get(case.name, 0.15))
    (folder := tmp_path / "own").mkdir()  # for cases that make a world of their own
    case.plant(monkeypatch)
    suite = suite_of(case.vendor) if case.vendor else test_provider_suite.TestHttp()
    async with suite.living(tmp_path) as world:
        with suite.listening() as logged:
            call = getattr(suite, case.name)
            own = {"world": world, "fresh": world, "logged": logged}
            own |= {"tmp_path": folder, "monkeypatch": monkeypatch}
            wanted = inspect.signature(call).parameters
            known = {name: own[name] for name in wanted if name in own}
            rest = dict(zip([name for name in wanted if name not in own], case.args, strict=True))
            with pytest.raises((AssertionError, pytest.fail.Exception, TimeoutError)):
                await asyncio.wait_for(call(**known, **rest), 30)
                suite.as_asked(world)


@pytest.mark.parametrize("what", ["text", "secret"])
async def test_a_talkative_provider_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What people write, and what is secret, is found in records of any library at any level."""
    whole = Http.send
    told: list[Any] = []

    async def send(self: Http, session: Any, message: Any, key: str) -> None:
        logging.getLogger("somewhere").debug("sent %s", message.text if what == "text" else json.dumps(told))
        await whole(self, session, message, key)

    monkeypatch.setattr(Http, "send", send)
    suite = test_provider_suite.TestHttp()
    async with suite.living(tmp_path) as world:
        told.append(world.emulator.settings())
        with suite.listening() as logs:
            if what == "text":
                with pytest.raises(AssertionError):
                    await suite.test_the_log_keeps_silent_about_what_was_said(world, logs)
            else:
                talk = await suite.talk(world).active()
                await talk.says(text := suite.word())
                await talk.shown(text)
                with pytest.raises(AssertionError, match="secret"):
                    suite.no_secret(logs, [world])
