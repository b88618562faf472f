"""What clients see: the contract's JSON shapes, and the digest."""

import json
from typing import Any

import msgspec
import pytest

from openhandover.core import events as e, view
from openhandover.core.digest import NeedRecent, current_message
from openhandover.core.machine import advance
from openhandover.core.model import Attachment, Style, Target
from openhandover.store.port import Delivered, LogRow
from tests.core.talk import ANNA, BERT, Talk

HANDOVER_KEYS = [
    "id",
    "conversation_id",
    "provider",
    "style",
    "status",
    "reason",
    "error",
    "ended_by",
    "initiator",
    "attempt",
    "attempts",
    "agent",
    "queue",
    "inactivity_count",
    "digest",
    "rating",
    "requested_at",
    "queued_at",
    "active_at",
    "ended_at",
]


def digest(talk: Talk) -> Any:
    """The digest of the last end."""
    return talk.data(f"handover.{talk.handover.status.value}")["digest"]


def test_the_conversation_object() -> None:
    """Its keys, and the handover that holds it."""
    talk = Talk(context={"a": 1})
    assert view.conversation(talk.state) == {
        "id": "c",
        "channel": "api",
        "bot": "mine",
        "medium": "text",
        "language": "en",
        "user": {"id": "u"},
        "context": {"a": 1},
        "floor": "bot",
        "epoch": 1,
        "seq": 0,
        "handover_id": None,
        "created_at": "1970-01-01T00:16:40.000Z",
    }


def test_the_conversation_names_the_handover_that_has_it() -> None:
    """Open, or transferred and not yet returned."""
    talk = Talk().active()
    assert view.conversation(talk.state)["handover_id"] == talk.handover.id
    talk.do(e.Close(talk.handover.id))
    assert view.conversation(talk.state)["handover_id"] is None
    talk.request(Target("mail", Style.TRANSFER))
    talk.opened()
    assert view.conversation(talk.state)["handover_id"] == talk.handover.id
    talk.do(e.Return(talk.handover.id))
    assert view.conversation(talk.state)["handover_id"] is None


def test_the_handover_object_while_open() -> None:
    """All keys of the contract, nothing that is not known yet."""
    talk = Talk()
    talk.request()
    shown = view.handover(talk.handover)
    assert list(shown) == HANDOVER_KEYS
    unknown = [
        "reason",
        "error",
        "ended_by",
        "agent",
        "digest",
        "rating",
        "queued_at",
        "active_at",
        "ended_at",
    ]
    assert [key for key in HANDOVER_KEYS if shown[key] is None] == unknown
    assert (shown["style"], shown["attempt"], shown["queue"]) == (
        "relay",
        1,
        {"position": None, "estimated_wait_ms": None, "alternative_text": None},
    )


def test_the_event_envelope() -> None:
    """Id of conversation and seq; the handover only where there is one."""
    talk = Talk()
    talk.user()
    assert list(view.event(talk.log[0])) == [
        "id",
        "seq",
        "type",
        "conversation_id",
        "floor",
        "epoch",
        "at",
        "data",
    ]
    talk.request()
    shown = view.event(talk.log[1])
    assert (shown["id"], shown["handover_id"], shown["type"]) == (
        "c:2",
        talk.handover.id,
        "handover.requested",
    )


def test_messages_after_the_end_are_not_the_handovers() -> None:
    """But what is said of the handover is."""
    talk = Talk().active()
    talk.do(e.Close(talk.handover.id))
    talk.user()
    assert talk.log[-1].handover_id is None
    talk.do(e.Rate(talk.handover.id, 4))
    assert talk.log[-1].handover_id == talk.handover.id


@pytest.mark.parametrize(
    ("at", "text"), [(0.0, "1970-01-01T00:00:00.000Z"), (1.2345, "1970-01-01T00:00:01.234Z")]
)
def test_times_are_utc_with_milliseconds(at: float, text: str) -> None:
    """RFC 3339; a time that has not come is null."""
    assert (view.time(at), view.optional_time(at), view.optional_time(None)) == (text, text, None)


# --- digest


def test_the_digest_of_a_completed_handover() -> None:
    """Messages of the human part, agents, files, duration from active, outcome, and a sentence."""
    talk = Talk()
    talk.user("before")
    talk.queued()
    talk.later(100)
    talk.desk(e.AgentJoined(ANNA))
    talk.user("question", attachments=(Attachment("f", "a.pdf", "application/pdf", 3, "/x"),))
    talk.later(30)
    talk.says("answer")
    talk.desk(e.AgentTransferred(BERT))
    talk.desk(e.Closed(sequenced=True))
    found = digest(talk)
    assert [message["text"] for message in found["messages"]] == ["question", "answer"]
    assert [agent["name"] for agent in found["agents"]] == ["Anna", "Bert"]
    assert [file["name"] for file in found["files"]] == ["a.pdf"]
    assert found["duration_s"] == 30
    assert found["outcome"] == {"status": "completed", "reason": "agent_closed", "ended_by": "agent"}
    assert found["summary"] == (
        "The user talked with Anna, Bert for 30 seconds; of the last 2 messages 1 is the agent's. "
        "It ended completed (agent closed)."
    )


def test_the_digest_has_the_last_twenty_messages() -> None:
    """Never more."""
    talk = Talk().active()
    for number in range(25):
        talk.user(str(number))
    talk.do(e.Close(talk.handover.id))
    assert [message["text"] for message in digest(talk)["messages"]] == [
        str(number) for number in range(5, 25)
    ]


def test_what_is_for_agents_only_is_not_in_the_digest() -> None:
    """Rule 5: the outcome is told to the channel as well; twenty other messages are found behind many notes."""
    talk = Talk().active()
    for number in range(25):
        talk.user(str(number))
        talk.says("psst", note=True, attachments=(Attachment("f", "a.pdf", "application/pdf", 3, "/x"),))
        talk.bot("for you", to="agent")
    talk.do(e.Close(talk.handover.id))
    found = digest(talk)
    assert [message["text"] for message in found["messages"]] == [str(number) for number in range(5, 25)]
    assert found["files"] == []


def test_messages_that_no_provider_took_are_failed_in_the_digest() -> None:
    """So that the bot can use them."""
    talk = Talk()
    talk.request()
    talk.user("anybody?")
    talk.later(10)
    talk.do(e.OpenFailed(1, "auth", ""))
    found = digest(talk)
    assert [message["delivery"]["state"] for message in found["messages"]] == ["failed"]
    assert found["agents"] == []
    assert found["summary"] == (
        "No human joined; the handover ended error (auth) after 10 seconds. 1 message of the user reached nobody."
    )


def test_a_transfer_that_returns_brings_its_digest() -> None:
    """At the transfer nobody knows more; the event that wakes the bot has it with the time away."""
    talk = Talk()
    talk.request(Target("msc", Style.TRANSFER, returns="call"))
    talk.opened()
    left = "The conversation left to msc (transferred). What was said there is not known."
    assert digest(talk)["summary"] == left
    talk.later(90)
    talk.do(e.Return(talk.handover.id))
    back = talk.data("handover.returned")["digest"]
    assert back["summary"] == f"{left} It came back after 90 seconds."
    assert back["duration_s"] == 90.0


@pytest.mark.parametrize(
    ("reason", "summary"),
    [
        ("logged", "Nobody was called; the handover was recorded by log only."),
        ("ticket", "A ticket was made by log. What came of it is not known."),
    ],
)
def test_what_never_reached_a_person_is_not_told_as_a_talk(reason: Any, summary: str) -> None:
    """A handover that is recorded only, or became a ticket."""
    talk = Talk()
    talk.request(Target("log", Style.TRANSFER, transferred=reason))
    talk.opened()
    assert digest(talk)["summary"] == summary


def test_messages_that_a_provider_took_are_not() -> None:
    """The first provider of the chain had it."""
    talk = Talk().queued("desk", "backup")
    seq = talk.user("anybody?").result.seq
    talk.do(e.Sent(1, seq, message=talk.messages("user")[-1], handover_id=talk.handover.id))
    talk.later(600)
    talk.do(e.OpenFailed(2, "auth", ""))
    found = digest(talk)
    assert [message["delivery"]["state"] for message in found["messages"]] == ["delivered"]
    assert found["summary"].endswith("seconds.")


def test_an_end_asks_for_the_messages_it_needs() -> None:
    """Those after the request; asked again, it decides."""
    talk = Talk().active()
    with pytest.raises(NeedRecent) as need:
        advance(talk.state, e.Close(talk.handover.id), talk.now, talk.rules)
    assert (need.value.after_seq, need.value.limit) == (talk.handover.requested_seq, 80)
    turn = advance(talk.state, e.Close(talk.handover.id), talk.now, talk.rules, [])
    assert turn.digest
    assert json.loads(turn.digest)["messages"] == []


@pytest.mark.parametrize(
    ("author", "to", "delivered", "state"),
    [
        ("user", None, Delivered(agent=("delivered", 2, 0.0)), ("delivered", 2)),
        ("user", None, Delivered(bot=("failed", 9, 0.0)), ("failed", 9)),
        ("user", None, Delivered(), ("pending", 0)),
        ("bot", None, Delivered(user=("read", 1, 0.0)), ("read", 1)),
        ("bot", "agent", Delivered(agent=("delivered", 1, 0.0)), ("delivered", 1)),
        ("bot", None, Delivered(), ("pending", 0)),
    ],
)
def test_a_message_shows_how_far_it_got(author: str, to: Any, delivered: Delivered, state: Any) -> None:
    """With the receiver it was for."""
    talk = Talk().active()
    entry = (talk.user() if author == "user" else talk.bot(to=to or "user")).entries[0]
    shown = msgspec.to_builtins(current_message(LogRow(entry, delivered)))["delivery"]
    assert (shown["state"], shown["attempts"]) == state
