"""The human: joined, left, changed, transferred; what they write, and how much of them the user may know."""

import json
from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.effects import TellTyping
from openhandover.core.model import Agent, Attachment
from openhandover.core.view import shown_agent
from tests.core.talk import ANNA, BERT, Talk

NOBODY = {"applied": False, "reason": "unknown"}


def agent_events(talk: Talk) -> list[str]:
    """What the log says of agents."""
    return [
        type_.removeprefix("handover.")
        for type_ in talk.types()
        if "agent" in type_ or type_.endswith("active")
    ]


def test_joining_makes_it_active() -> None:
    """agent_joined, then active, both with the agent."""
    talk = Talk().queued()
    talk.desk(e.AgentJoined(ANNA))
    assert (talk.handover.status, agent_events(talk)) == ("active", ["agent_joined", "active"])
    assert talk.data("handover.agent_joined")["agent"] == {"id": "a1", "name": "Anna"}
    assert talk.handover.active_at == talk.now


def test_the_first_message_implies_that_they_joined() -> None:
    """Also when the desk does not say who writes."""
    talk = Talk().queued()
    talk.says("hello", agent=ANNA)
    assert (talk.handover.status, talk.handover.agent, agent_events(talk)) == (
        "active",
        ANNA,
        ["agent_joined", "active"],
    )
    nameless = Talk().queued()
    nameless.says("hello")
    assert (nameless.handover.status, nameless.messages("agent")[-1].author_name) == ("active", None)


def test_the_same_agent_twice_is_no_news() -> None:
    """By id; a message that names the agent by id only changes nothing, and the name stays."""
    talk = Talk().active()
    talk.desk(e.AgentJoined(ANNA))
    talk.says("hello", agent=Agent("a1"))
    assert agent_events(talk) == ["agent_joined", "active"]
    assert (talk.handover.agents, talk.messages("agent")[-1].author_name) == ((ANNA,), "Anna")


def test_agents_without_id_are_told_apart_by_name() -> None:
    """What else is there."""
    talk = Talk().queued()
    talk.desk(e.AgentJoined(Agent(name="Anna")))
    talk.desk(e.AgentJoined(Agent(name="Anna")))
    talk.desk(e.AgentJoined(Agent(name="Bert")))
    assert agent_events(talk) == ["agent_joined", "active", "agent_changed"]


def test_another_agent_is_a_change() -> None:
    """By joining, by writing, and by a transfer that names them."""
    talk = Talk().active()
    talk.desk(e.AgentJoined(BERT))
    talk.says("hello", agent=ANNA)
    talk.desk(e.AgentTransferred(BERT))
    assert agent_events(talk) == ["agent_joined", "active", "agent_changed", "agent_changed", "agent_changed"]
    assert (talk.handover.agent, talk.handover.agents) == (BERT, (ANNA, BERT))


def test_a_transfer_to_somebody_unknown_leaves_no_agent_until_one_joins() -> None:
    """agent_changed with null, then agent_joined."""
    talk = Talk().active()
    talk.desk(e.AgentTransferred())
    assert (talk.handover.status, talk.data("handover.agent_changed")["agent"]) == ("active", None)
    talk.desk(e.AgentJoined(BERT))
    assert agent_events(talk)[-2:] == ["agent_changed", "agent_joined"]


def test_leaving_does_not_end_it() -> None:
    """agent_left names who; leaving twice is once; writing again is joining."""
    talk = Talk().active()
    talk.desk(e.AgentLeft())
    talk.desk(e.AgentLeft())
    assert (talk.handover.status, talk.handover.agent) == ("active", None)
    assert talk.data("handover.agent_left")["agent"]["name"] == "Anna"
    talk.says("back", agent=ANNA)
    assert agent_events(talk) == ["agent_joined", "active", "agent_left", "agent_joined"]


def test_what_agents_do_in_the_queue_leaves_it_a_queue() -> None:
    """A transfer among agents before anybody took it, and a leaving of nobody."""
    talk = Talk().queued()
    talk.desk(e.AgentLeft())
    talk.desk(e.AgentTransferred(BERT))
    talk.desk(e.AgentLeft())
    assert (talk.handover.status, agent_events(talk)) == ("queued", ["agent_changed", "agent_left"])
    assert "first_reply_s" not in talk.state.deadlines


def test_the_flow_hears_of_active_where_the_step_asks() -> None:
    """`events.active`."""
    talk = Talk(bot="flow").active(events=frozenset({"active"}))
    assert [entry.type for entry in talk.log if entry.to_bot] == ["handover.active"]


# --- what they write


def test_an_agents_message_reaches_the_user_with_our_id() -> None:
    """The desk's id is kept as external_id; files and language come along."""
    talk = Talk().active()
    file = Attachment("f", "a.png", "image/png", 1, "")
    talk.says("look", id="m1", attachments=(file,), language="nl")
    message = talk.messages("agent")[-1]
    assert (message.external_id, message.attachments, message.language) == ("m1", (file,), "nl")
    assert (message.id, message.author_name, message.to) == (f"c-{message.seq}", "Anna", None)
    assert (talk.log[-1].to_user, talk.log[-1].to_bot, talk.log[-1].to_agent) == (True, False, 0)


def test_messages_keep_their_source_for_diagnosis() -> None:
    """Provider and event id."""
    talk = Talk().active()
    talk.says()
    assert str(talk.log[-1].source).startswith("desk:e")


def test_a_note_never_reaches_the_user() -> None:
    """Rule 5: recorded for agents, to no receiver; and it does not take a queued conversation."""
    talk = Talk().queued()
    talk.says("difficult customer", note=True)
    entry = talk.log[-1]
    assert (entry.to_user, entry.to_bot, entry.to_agent) == (False, False, 0)
    assert (talk.messages("agent")[-1].to, talk.handover.status) == ("agent", "queued")


def test_typing_is_told_and_not_stored() -> None:
    """An effect, no entry."""
    talk = Talk().active()
    seq = talk.state.seq
    talk.desk(e.AgentTyping(on=True))
    assert (talk.effects, talk.state.seq) == ([TellTyping("agent", True, 1)], seq)


def test_reading_is_told_to_the_users_side() -> None:
    """`message.read` names the message by our id."""
    talk = Talk().active()
    seq = talk.user("seen?").result.seq
    origin = e.FromProvider("desk", "r1", e.MessageRead("e9"), handover_id=talk.handover.id)
    entry = talk.log[-1]
    assert talk.do(origin, named=entry).result == {"applied": True}
    assert talk.marks[seq, "agent"] == ("read", 0)
    assert talk.log[-1].type == "message.read"
    assert talk.log[-1].to_user


def test_reading_something_unknown_has_no_effect() -> None:
    """A message id that is not ours."""
    talk = Talk().active()
    assert talk.desk(e.MessageRead("nope")) == NOBODY


def test_reading_a_bots_message_is_recorded_for_nobody() -> None:
    """Only the user's messages have read receipts for the channel."""
    talk = Talk().active()
    talk.bot("for you", to="agent")
    entry = talk.log[-1]
    talk.do(e.FromProvider("desk", "r1", e.MessageRead("x"), handover_id=talk.handover.id), named=entry)
    assert (talk.log[-1].type, talk.log[-1].to_user) == ("message.read", False)


# --- identity


@pytest.mark.parametrize(
    ("settings", "avatar"),
    [({}, "https://a.example/1.png"), ({"agent_identity": "none"}, None), ({"agent_alias": "Team"}, None)],
)
def test_a_face_is_shown_where_the_name_is(settings: Any, avatar: str | None) -> None:
    """Who may not be known by name is not known by picture either."""
    talk = Talk().active(**settings)
    talk.says(agent=Agent("a1", "Anna", "https://a.example/1.png"))
    assert talk.messages("agent")[-1].author_avatar_url == avatar


@pytest.mark.parametrize(
    ("settings", "name", "shown"),
    [
        ({}, "Anna", {"id": "a1", "name": "Anna"}),
        ({"agent_identity": "none"}, None, {}),
        ({"agent_alias": "Support team"}, "Support team", {"name": "Support team"}),
    ],
)
def test_agent_identity(settings: Any, name: str | None, shown: Any) -> None:
    """name | none | one name for all: in messages, events and digest alike."""
    talk = Talk().active(**settings)
    talk.says()
    talk.do(e.Close(talk.handover.id))
    assert talk.messages("agent")[-1].author_name == name
    assert talk.data("handover.completed")["agent"] == shown
    assert talk.data("handover.completed")["digest"]["agents"] == ([shown] if shown else [])
    if name != "Anna":
        assert not [entry for entry in talk.log if "Anna" in json.dumps(json.loads(bytes(entry.data)))]


def test_no_agent_is_shown_as_none() -> None:
    """Before somebody joined."""
    assert shown_agent(Talk().queued().handover, None) is None


# --- two agents at once


@pytest.mark.parametrize(
    "fact", [e.AgentJoined, lambda agent, **more: e.AgentMessage("hi", agent=agent, **more)]
)
def test_who_came_second_takes_nobody_away(fact: Any) -> None:
    """`only_if_free` is applied for the first agent, and for the one who has the conversation already."""
    bob = Agent("b1", "Bob")
    talk = Talk().active()
    before = talk.log[-1].seq
    assert talk.desk(fact(agent=bob, only_if_free=True)) == {"applied": False, "reason": "taken"}
    assert (talk.handover.agent, talk.types(before)) == (ANNA, [])
    assert talk.desk(fact(agent=ANNA, only_if_free=True)) == {"applied": True}
    assert talk.desk(fact(agent=bob)) == {"applied": True}
    assert talk.handover.agent == bob
