"""What Chat says as exact facts, and what we say as exact JSON."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from openhandover.core import events as e
from openhandover.core.errors import ProviderUnavailable
from openhandover.core.model import Agent, Attachment, Delivery, Message, User
from openhandover.net.client import HttpClient, Reply
from openhandover.providers.base import Availability, Brief, HandoverRequest
from openhandover.providers.salesforce_chat import SalesforceChat, wire
from openhandover.providers.salesforce_chat.settings import Settings

FIXTURES = Path(__file__).parent / "fixtures"
GIVEN = {
    "base_url": "https://d.la1-c1-xx1.salesforceliveagent.com/chat/rest/",
    "organization_id": "00Dxx0000000001",
    "deployment_id": "572xx0000000001",
    "button_id": "573xx0000000001",
}
SETTINGS = msgspec.convert({**GIVEN, "enabled": True}, Settings)
MARIA = Agent("005xx0000000001", "Maria")

FACTS: dict[str, list[e.ProviderFact]] = {
    "chat_request_success__second": [e.QueueUpdated(2, 90_000)],
    "chat_request_success__nothing_known": [],
    "chat_request_fail__unavailable": [e.Failed("unavailable", "Unavailable", sequenced=True)],
    "queue_update__first": [e.QueueUpdated(1, 30_000)],
    "chat_established__agent": [e.AgentJoined(MARIA)],
    "chat_transferred__agent": [e.AgentTransferred(Agent("005xx0000000002", "Lee"))],
    "transfer_to_button_initiated__begun": [e.AgentTransferred()],
    "chat_message__agent": [e.AgentMessage("How can I help?", agent=MARIA)],
    "chat_message__empty": [],
    "agent_typing__agent": [e.AgentTyping(True)],
    "agent_not_typing__agent": [e.AgentTyping(False)],
    "agent_disconnect__agent": [e.AgentLeft(10)],
    "chat_ended__agent": [e.Closed(sequenced=True)],
    "file_transfer__requested": [],
    "chasitor_session_data__waiting": [e.QueueUpdated(3)],
    "custom_event__any": [],
    "rich_message__any": [],
    "sensitive_data_rules__any": [],
    "new_visitor_breadcrumb__any": [],
    "unknown__kind": [e.Unknown("ConfettiThrown")],
}


def test_every_fixture_is_tried() -> None:
    """No recorded kind of message is without its expected facts."""
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(FACTS)


@pytest.mark.parametrize("name", FACTS)
def test_a_message_means_exactly_this(name: str) -> None:
    """Each kind of message of a poll, as facts. An agent's longer id is the same agent's."""
    happened = msgspec.json.decode((FIXTURES / f"{name}.json").read_bytes(), type=wire.Occurrence)
    assert wire.facts(happened, 10) == FACTS[name]


def asked(*transcript: Message, **more: Any) -> HandoverRequest:
    """A request for a human."""
    brief, user = Brief("c1", "web", more.pop("language", "en"), "text"), User("u", more.pop("name", None))
    return HandoverRequest("h1", 1, more.pop("reason", None), "bot", brief, user, {}, {}, transcript)


def said(text: str, author: Any = "user", **more: Any) -> Message:
    """A message."""
    return structs.replace(
        Message("m", 1, author, text, None, (), "2026-11-21T10:00:00Z", Delivery()), **more
    )


def test_the_request_for_an_agent() -> None:
    """All that `ChasitorInit` wants; details without a value are refused there, so they stay here."""
    details = [{"label": "Email", "value": "ana@example.org"}, {"label": "Phone", "value": ""}]
    to = wire.target({"prechat_details": details, "button_id": "573xx0000000002"}, SETTINGS)
    body = wire.init(asked(name="Ana", language="de"), to, SETTINGS, "s1")
    assert body.pop("userAgent").startswith("openhandover/")
    assert json.loads(msgspec.json.encode(body)) == {
        "organizationId": "00Dxx0000000001",
        "deploymentId": "572xx0000000001",
        "buttonId": "573xx0000000002",
        "agentId": "",
        "doFallback": True,
        "sessionId": "s1",
        "language": "de",
        "screenResolution": "1920x1080",
        "visitorName": "Ana",
        "prechatDetails": [{"label": "Email", "value": "ana@example.org"}],
        "prechatEntities": [],
        "receiveQueueUpdates": True,
        "isPost": True,
    }


@pytest.mark.parametrize(
    ("ours", "theirs"), [("nl", "nl_NL"), ("nl-BE", "nl_BE"), ("de", "de"), ("", "en_US")]
)
def test_languages_have_salesforce_s_codes(ours: str, theirs: str) -> None:
    """Some are not ours."""
    body = wire.init(asked(language=ours), wire.target({}, SETTINGS), SETTINGS, "s1")
    assert body["language"] == theirs


def test_somebody_without_a_name_is_a_guest() -> None:
    """The agent has to see something."""
    body = wire.init(asked(), wire.target({}, SETTINGS), SETTINGS, "s1")
    assert (body["visitorName"], body["language"]) == ("Guest", "en_US")


@pytest.mark.parametrize(
    ("route", "wrong"),
    [
        ({"prechat_details": "no json"}, "prechat_details"),
        ({"prechat_details": {"a": 1}}, "prechat_details"),
        ({"prechat_entities": "[1]"}, "prechat_entities"),
        ({"button_id": ["x"]}, "button_id"),
        ({"api_version": "new"}, "api_version"),
        ({"base_url": "http://example.com"}, "base_url"),
    ],
)
def test_a_wrong_route_is_refused_by_name(route: dict[str, Any], wrong: str) -> None:
    """Before anything is said to the user."""
    provider = SalesforceChat("x", SETTINGS, HttpClient())
    assert f"`{wrong}`" in (provider.refuse(route) or "")


def test_a_route_may_be_json_text() -> None:
    """As Cognigy's node has it."""
    to = wire.target({"prechat_entities": '[{"entityName": "Contact"}]', "prechat_details": ""}, SETTINGS)
    assert (to.prechat_entities, to.prechat_details) == (({"entityName": "Contact"},), ())


async def test_it_is_off_unless_it_is_switched_on() -> None:
    """Salesforce has retired Chat: whoever still means it has to say so."""
    off = msgspec.convert(GIVEN, Settings)
    assert off.enabled is False
    provider = SalesforceChat("x", off, HttpClient())
    assert "retired" in (provider.refuse({}) or "")
    assert await provider.availability({}, None) == Availability(open=False)
    assert SalesforceChat("x", SETTINGS, HttpClient()).refuse({}) is None


def test_what_the_agent_reads() -> None:
    """Others than the user are named, files are links."""
    file = Attachment("1", "a.pdf", "application/pdf", 3, "https://x/a")
    assert wire.line(said("hi")) == "hi"
    assert wire.line(said("hi", "bot")) == "Bot: hi"
    assert wire.line(said("see", attachments=(file,))) == "see\na.pdf: https://x/a"
    assert wire.opening(asked(reason="angry"), SETTINGS) == "The user asks for a person.\nangry"
    assert wire.opening(asked(said("hi"), said("", "bot"), reason="angry"), SETTINGS) == "angry\nUser: hi"


def available(*results: Any) -> Reply:
    """An answer about buttons."""
    message = {"type": "Availability", "message": {"results": list(results)}}
    return Reply(200, {}, json.dumps({"messages": [message]}).encode())


@pytest.mark.parametrize(
    ("results", "answer"),
    [
        (
            [{"id": "573xx0000000001", "isAvailable": True, "estimatedWaitTime": 30}],
            Availability(True, estimated_wait_ms=30_000),
        ),
        ([{"id": "573xx0000000001AAA", "isAvailable": True}], Availability(True)),
        ([{"id": "573xx0000000001"}], Availability(False)),
        ([{"id": "573xx0000000009", "isAvailable": True}], Availability(False)),
        ([], Availability(False)),
        (["odd"], Availability(False)),
    ],
)
def test_the_availability(results: list[Any], answer: Availability) -> None:
    """`isAvailable` is absent where nobody is there."""
    assert wire.availability(available(*results), "573xx0000000001") == answer


def test_a_poll_with_nothing_in_a_message_is_read() -> None:
    """What is null is not there; the numbers after it count all the same."""
    body = b'{"messages":[{"type":"TransferToButtonInitiated","message":null}],"sequence":3,"offset":null}'
    batch = wire.read(Reply(200, {}, body), wire.Batch, "Messages")
    assert (batch.sequence, batch.offset) == (3, None)
    assert [fact for one in batch.messages for fact in wire.facts(one, 7)] == [e.AgentTransferred()]


def test_an_answer_of_somebody_else_is_worth_another_try() -> None:
    """A proxy's page, for one."""
    with pytest.raises(ProviderUnavailable, match="`base_url`"):
        wire.availability(Reply(200, {}, b"<html>"), "573xx0000000001")


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"base_url": "http://example.com/chat/rest"}, "base_url"),
        ({"api_version": 30}, "api_version"),
        ({"organization_id": "12"}, "organization_id"),
        ({"origin": "example.com/x"}, "origin"),
    ],
)
def test_bad_settings_are_refused_by_name(change: dict[str, Any], setting: str) -> None:
    """When the file is read."""
    with pytest.raises(msgspec.ValidationError, match=setting):
        msgspec.convert(GIVEN | change, Settings)


@pytest.mark.parametrize(
    "body",
    [
        b'{"affinityToken": "a-2", "resetSequence": true}',
        b'{"messages": [{"type": "ReconnectSession", "message": {"affinityToken": "a-2", "resetSequence": true}}]}',
    ],
)
def test_the_new_affinity_is_found_in_either_form(body: bytes) -> None:
    """The guide shows the fields, and not what is around them."""
    assert wire.affinity(Reply(200, {}, body)) == "a-2"


@pytest.mark.parametrize(
    "body", [b"{}", b'{"messages": [{"type": "x", "message": {"affinityToken": 7}}]}', b"<html>"]
)
def test_an_answer_without_affinity_is_asked_for_again(body: bytes) -> None:
    """A proxy may have given it."""
    with pytest.raises(ProviderUnavailable):
        wire.affinity(Reply(200, {}, body))
