"""Acme's JSON: each recorded webhook as its exact fact."""

from pathlib import Path

import pytest
from openhandover_acme import wire

from openhandover.core import events as e
from openhandover.core.errors import NotJsonError, PayloadError
from openhandover.core.model import Agent

FIXTURES = Path(__file__).with_name("fixtures")
FACTS: dict[str, e.ProviderFact] = {
    "agent_joined": e.AgentJoined(Agent("kim", "Kim")),
    "message__private": e.AgentMessage("VIP", "m1", note=True),
    "unknown": e.Unknown("satisfaction_guessed"),
}


@pytest.mark.parametrize("name", [path.stem for path in sorted(FIXTURES.glob("*.json"))])
def test_each_recording_is_its_fact(name: str) -> None:
    """Every fixture has an expected fact."""
    found = wire.fact("desk", (FIXTURES / f"{name}.json").read_bytes())
    assert (found.fact, found.external_id, found.provider) == (FACTS[name], "c1", "desk")


def test_a_body_that_is_not_the_documented_one() -> None:
    """Wrong JSON is told apart from wrong fields, and both name no content."""
    with pytest.raises(NotJsonError):
        wire.fact("desk", b"{")
    with pytest.raises(PayloadError, match="event_id"):
        wire.fact("desk", b'{"chat_id": "c1", "type": "closed"}')
