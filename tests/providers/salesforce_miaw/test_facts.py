"""What Salesforce says, as exact facts."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from openhandover.core import events as e
from openhandover.core.model import Agent, Attachment
from openhandover.net.client import Reply
from openhandover.net.sse import ServerSent
from openhandover.providers.salesforce_miaw import facts

FIXTURES = Path(__file__).parent / "fixtures"
CONVERSATION = "44444444-5555-4666-8777-888888888888"
MARIA = Agent("005xx0000000001", "Maria")
GREETER = Agent("0Xx1", "Greeter")
LEFT = e.AgentLeft(10)
URL = "https://example.my.salesforce-scrt.com"

FACTS: dict[str, list[e.ProviderFact]] = {
    "message__agent": [e.AgentMessage("How can I help?", "{id}", agent=MARIA)],
    "message__bot": [e.AgentMessage("Hello, I am the greeter.", "{id}", agent=GREETER, automatic=True)],
    "message__system": [],
    "message__supervisor": [],
    "message__own_echo": [],
    "message__attachment": [
        e.AgentMessage(
            "see file",
            "{id}",
            (Attachment("a-1", "form.pdf", "application/pdf", None, f"{URL}/files/a-1"),),
            MARIA,
        )
    ],
    "message__rich_link": [e.AgentMessage("Acme returns\nhttps://www.acme.com/returns", "{id}", agent=MARIA)],
    "message__sparse": [e.AgentMessage("Hi", "{id}", agent=Agent(MARIA.id))],
    "message__attachment_sparse": [
        e.AgentMessage("", "{id}", (Attachment("a-1", "", "", None, f"{URL}/files/a-1"),), MARIA)
    ],
    "message__choices": [
        e.AgentMessage("Which one?\nBilling\nDelivery", "{id}", agent=GREETER, automatic=True)
    ],
    "message__nothing_to_read": [e.Unknown("Message/FormMessage")],
    "participant_changed__agent_added": [e.AgentJoined(MARIA)],
    "participant_changed__agent_removed": [LEFT],
    "participant_changed__bot_added": [],
    "routing_result__wait": [e.QueueUpdated(None, 120_000)],
    "routing_result__no_wait": [],
    "routing_result__failed": [e.Failed("unavailable", "no queue takes it", sequenced=True)],
    "routing_result__failed_sparse": [e.Failed("unavailable", "RoutingError", sequenced=True)],
    "routing_result__transfer": [e.AgentTransferred()],
    "routing_result__transfer_failed": [e.Unknown("RoutingResult/Transfer failed")],
    "routing_work_result__accepted": [],
    "queue_position__third": [e.QueueUpdated(3)],
    "typing_started__agent": [e.AgentTyping(True)],
    "typing_stopped__agent": [e.AgentTyping(False)],
    "progress__bot": [e.AgentTyping(True)],
    "delivery_acknowledgement__agent": [],
    "read_acknowledgement__agent": [e.MessageRead("ours-1")],
    "session_status__ended": [e.Closed(sequenced=True)],
    "session_status__inactive": [],
    "close_conversation__end_user": [e.Closed(sequenced=True)],
    "unknown__kind": [e.Unknown("ConfettiThrown")],
}
ELSEWHERE = "message__other_conversation"


def event(name: str, **change: Any) -> ServerSent:
    """A fixture as it comes in the stream."""
    found = json.loads((FIXTURES / f"{name}.json").read_text("utf-8")) | change
    return ServerSent(found["event"], json.dumps(found["data"]), found["id"])


def entry(name: str) -> tuple[str, facts.Entry]:
    """A fixture's kind and entry."""
    read = facts.streamed(event(name), CONVERSATION)
    assert read is not None
    assert read[1] is not None
    return read[0], read[1]


def reader(*, system: bool = False) -> facts.Reader:
    """A reader to whom one message of ours is known."""
    return facts.Reader(LEFT, system, {"theirs-1": "ours-1"}.get)


def meant(name: str) -> list[e.ProviderFact]:
    """The expected facts, with the entry's id filled in."""
    identifier = entry(name)[1].identifier
    return [
        structs.replace(fact, id=identifier) if isinstance(fact, e.AgentMessage) else fact
        for fact in FACTS[name]
    ]


def test_every_fixture_is_tried() -> None:
    """No recorded kind of event is without its expected facts."""
    assert {path.stem for path in FIXTURES.glob("*.json")} == {*FACTS, ELSEWHERE}


@pytest.mark.parametrize("name", FACTS)
def test_an_event_means_exactly_this(name: str) -> None:
    """Each kind of event of the stream, as facts."""
    kind, found = entry(name)
    assert reader().facts(kind, found) == meant(name)


@pytest.mark.parametrize("name", FACTS)
def test_the_history_tells_the_same(name: str) -> None:
    """There the payload is JSON itself, not text that holds it; facts and ids are the same."""
    data = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))["data"]["conversationEntry"]
    data["entryPayload"] = json.loads(data["entryPayload"])
    reply = Reply(200, {}, json.dumps({"conversationEntries": [data]}).encode())
    (found,) = facts.history(reply)
    kind, streamed = entry(name)
    assert reader().facts(kind, found) == reader().facts(kind, streamed)
    assert facts.event_id(kind, found, "", 1) == facts.event_id(kind, streamed, "other", 1)


def test_another_conversation_of_the_same_user_is_none_of_ours() -> None:
    """A verified user's stream tells of all their conversations."""
    assert facts.streamed(event(ELSEWHERE), CONVERSATION) is None


@pytest.mark.parametrize("name", ["ping", "message", "something"])
def test_signs_of_life_are_no_events(name: str) -> None:
    """What is not about a conversation is passed over."""
    assert facts.streamed(ServerSent(name, "{}", ""), CONVERSATION) is None


@pytest.mark.parametrize("data", ["", "no json", "[]", '{"conversationId": 1}', "[" * 100_000])
def test_an_unreadable_event_is_kept_as_unknown(data: str) -> None:
    """The stream goes on after it; its id comes from what it is."""
    read = facts.streamed(ServerSent("CONVERSATION_MESSAGE", data, "1"), CONVERSATION)
    assert read == ("Message", None)
    assert reader().facts("Message", None) == [e.Unknown("Message")]
    assert facts.event_id("Message", None, data, 0) != facts.event_id("Message", None, data + " ", 0)


@pytest.mark.parametrize("payload", ["no json", {"abstractMessage": 3}, [1], "[]", 7])
def test_an_unreadable_payload_is_kept_as_unknown(payload: Any) -> None:
    """The same for an entry whose payload is none."""
    found = structs.replace(entry("message__agent")[1], entry_payload=payload)
    assert reader().facts("Message", found) == [e.Unknown("Message (unreadable)")]


def test_an_unreadable_entry_of_the_history_hides_no_other() -> None:
    """It is kept as unknown under an id of its own, the same each time, and those beside it are read."""
    good = json.loads((FIXTURES / "message__agent.json").read_text("utf-8"))["data"]["conversationEntry"]
    reply = Reply(200, {}, json.dumps({"conversationEntries": [{"entryType": 3}, good, 7]}).encode())
    (first, second, found), again = facts.history(reply), facts.history(reply)
    assert reader().facts(found.entry_type, found) == meant("message__agent")
    for one in (first, second):
        assert reader().facts(one.entry_type, one) == [e.Unknown("Unreadable")]
    assert len({one.identifier for one in (first, second, found, *again)}) == 3


def test_system_messages_are_shown_where_they_are_wanted() -> None:
    """They are nobody's joining."""
    (fact,) = reader(system=True).facts(*entry("message__system"))
    assert isinstance(fact, e.AgentMessage)
    assert (fact.text, fact.automatic) == ("The chat has ended.", True)


def test_one_of_two_agents_leaving_leaves_the_other() -> None:
    """In a conference the conversation still has somebody."""
    mind = reader()
    mind.facts(*entry("participant_changed__agent_added"))
    kind, other = entry("message__agent")
    lee = structs.replace(other, sender=facts.Sender("Agent", "005xx0000000002"), sender_display_name="Lee")
    mind.facts(kind, lee)
    assert mind.facts(*entry("participant_changed__agent_removed")) == [
        e.AgentJoined(Agent("005xx0000000002", "Lee"))
    ]


def test_position_and_wait_are_told_together() -> None:
    """Each event has one of them; the later one does not wipe out the earlier."""
    mind = reader()
    mind.facts(*entry("queue_position__third"))
    assert mind.facts(*entry("routing_result__wait")) == [e.QueueUpdated(3, 120_000)]
