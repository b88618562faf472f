"""Who left may have ended it: where a contact centre does not tell, time does. And texts that no human wrote."""

from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.model import Agent
from tests.core.talk import ANNA, BERT, Talk

LEFT = e.AgentLeft(end_after_s=10)


def left(**settings: Any) -> Talk:
    """An agent had the conversation and has left it."""
    talk = Talk().active(**settings)
    talk.desk(LEFT)
    return talk


def test_leaving_was_the_end_when_nobody_comes() -> None:
    """After the time the handover is completed by the agent; the vendor, which may not know, is told."""
    talk = left()
    assert talk.handover.agent is None
    talk.user("still there?")
    talk.later(9.9)
    assert talk.handover.is_open
    talk.later(0.1)
    assert talk.outcome == ("completed", "agent_closed", "agent")
    assert talk.lane.ending and (talk.lane.ending.kind, talk.lane.ending.reason) == ("close", "agent_closed")
    assert "agent_gone" not in talk.state.deadlines


@pytest.mark.parametrize(
    "fact",
    [
        e.AgentJoined(BERT),
        e.AgentJoined(ANNA),
        e.AgentMessage("I am back"),
        e.AgentTransferred(BERT),
        e.AgentTransferred(),
        e.QueueUpdated(position=2),
        e.QueueUpdated(estimated_wait_ms=1000),
    ],
)
def test_whoever_has_it_meanwhile_keeps_it(fact: Any) -> None:
    """Another human, the same one, or the queue: it was no end."""
    talk = left()
    talk.desk(fact)
    assert "agent_gone" not in talk.state.deadlines
    talk.later(20)
    assert talk.handover.is_open


@pytest.mark.parametrize(
    "fact",
    [
        e.AgentMessage("wrap-up: solved", note=True),
        e.AgentMessage("Thank you for your visit", automatic=True),
        e.QueueUpdated(),
        e.AgentTyping(True),
        e.Unknown("wrapup"),
    ],
)
def test_what_no_human_does_for_the_user_does_not_keep_it(fact: Any) -> None:
    """Notes of the wrap-up, automatic texts, and word without content."""
    talk = left()
    talk.desk(fact)
    talk.later(10)
    assert talk.outcome == ("completed", "agent_closed", "agent")


def test_the_contact_centre_knows_that_it_was_no_end() -> None:
    """After a departure that might be the end comes the word that the conversation still waits there for another human."""
    talk = left()
    talk.desk(e.AgentLeft())
    assert "agent_gone" not in talk.state.deadlines
    talk.later(20)
    assert talk.handover.is_open


def test_the_first_of_two_ends_counts() -> None:
    """Repeated departures do not put the end off; one that says less brings it nearer."""
    talk = left()
    talk.later(4)
    talk.desk(LEFT)
    assert talk.state.deadlines["agent_gone"] == talk.now + 6
    talk.desk(e.AgentLeft(end_after_s=1))
    assert talk.state.deadlines["agent_gone"] == talk.now + 1


@pytest.mark.parametrize("seconds", [0, -5])
def test_no_time_at_all_ends_it_at_once(seconds: float) -> None:
    """The timer is due now."""
    talk = Talk().active()
    talk.desk(e.AgentLeft(end_after_s=seconds))
    talk.do(e.Wake())
    assert talk.outcome == ("completed", "agent_closed", "agent")


def test_leaving_the_queue_ends_nothing() -> None:
    """An agent who declines or lets an offer lapse leaves the user in the queue."""
    talk = Talk().queued()
    talk.desk(LEFT)
    assert "agent_gone" not in talk.state.deadlines
    talk.later(60)
    assert talk.handover.status == "queued"


def test_leaving_without_a_time_is_only_leaving() -> None:
    """As a contact centre does it that tells its ends."""
    talk = Talk().active()
    talk.desk(e.AgentLeft())
    assert "agent_gone" not in talk.state.deadlines


def test_an_end_that_is_told_comes_first() -> None:
    """Then there is nothing left to wait for."""
    talk = left()
    talk.desk(e.Closed(sequenced=True))
    assert talk.lane.ending and talk.lane.ending.kind == "none"
    assert "agent_gone" not in talk.state.deadlines


def test_after_a_restart_the_contact_centre_may_speak_first() -> None:
    """The time went by while nobody listened: who has joined meanwhile gets three seconds to be heard."""
    talk = left()
    talk.now += 60
    talk.do(e.Wake(ready_at=talk.now))
    assert talk.handover.is_open
    talk.later(3)
    assert talk.outcome == ("completed", "agent_closed", "agent")


@pytest.mark.parametrize("begin", [Talk.queued, Talk.active])
def test_who_hears_of_the_end_by_being_refused_takes_it_as_the_agents_end(begin: Any) -> None:
    """The vendor says of a message that the conversation is closed: it was ended there, and there is nothing to tell."""
    talk = begin(Talk())
    talk.do(e.SessionLost(talk.handover.lane, "closed", closed=True))
    assert talk.outcome == ("completed", "agent_closed", "agent")
    assert talk.lane.ending and talk.lane.ending.kind == "none"


# --- automatic texts


def test_an_automatic_text_is_shown_and_nobody_has_joined() -> None:
    """A greeting in the queue: the user sees it, the handover still waits for a human."""
    talk = Talk().queued()
    assert talk.desk(e.AgentMessage("Welcome!", automatic=True)) == {"applied": True}
    assert talk.texts("agent") == ["Welcome!"]
    assert talk.handover.status == "queued"
    assert talk.handover.agents == ()
    assert talk.handover.first_reply_at is None


def test_a_greeting_before_the_acceptance_waits_for_it() -> None:
    """It is kept until the open call has returned, and activates nothing then."""
    talk = Talk()
    talk.request()
    talk.desk(e.AgentMessage("Welcome!", automatic=True))
    assert talk.texts("agent") == []
    talk.opened()
    assert talk.texts("agent") == ["Welcome!"]
    assert talk.handover.status == "queued"


def test_an_automatic_text_is_no_reply() -> None:
    """The human still owes one, and the user is not yet asked for an answer."""
    talk = Talk().active()
    talk.user("hello?")
    before = talk.state.deadlines
    talk.desk(e.AgentMessage("We are busy.", automatic=True))
    assert talk.state.deadlines == before
    assert "user_idle_s" not in before
    assert talk.handover.first_reply_at is None
    assert talk.handover.last_word == "user"


@pytest.mark.parametrize(("agent", "name"), [(None, None), (Agent(name="Robo"), "Robo")])
def test_an_automatic_text_does_not_bear_the_humans_name(agent: Agent | None, name: str | None) -> None:
    """It has the name that the contact centre gives it, or none."""
    talk = Talk().active()
    talk.desk(e.AgentMessage("Anna is typing slowly.", agent=agent, automatic=True))
    assert talk.messages("agent")[-1].author_name == name
    assert talk.handover.agent == ANNA


def test_an_automatic_farewell_is_still_shown_after_the_end() -> None:
    """As any last word: marked late."""
    talk = Talk().active()
    talk.desk(e.Closed(sequenced=True))
    talk.desk(e.AgentMessage("Bye!", automatic=True))
    assert [(one.text, one.late) for one in talk.messages("agent")] == [("Bye!", True)]
