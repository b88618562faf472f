"""8x8's JSON, both ways: each kind of webhook as exact facts, each call as exact JSON."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from openhandover.core import errors, events as e
from openhandover.core.model import Agent, Attachment, Button, Delivery, Message, User
from openhandover.core.settings import Secret
from openhandover.net.bodies import read_answer
from openhandover.net.client import Reply
from openhandover.net.statuses import OPEN
from openhandover.providers.base import Brief, HandoverRequest
from openhandover.providers.eight_by_eight import gateway, webhooks, wire
from openhandover.providers.eight_by_eight.settings import Route, Settings

FIXTURES = Path(__file__).parent / "fixtures"
GRACE = Agent("ag-Grace-01")
SETTINGS = Settings(api_key=Secret("key"), channel_id="Qx81-demo")

FACTS: dict[str, e.ProviderFact | None] = {
    "conversation_update__created": None,
    "conversation_update__in_queue": None,
    "conversation_update__with_agent": e.AgentJoined(GRACE),
    "conversation_update__idle": e.Closed(),
    "conversation_update__idle_sparse": e.Closed(),
    "queued__first": e.QueueUpdated(),
    "members_changed__agent_joined": e.AgentJoined(GRACE),
    "members_changed__agent_left": e.AgentLeft(end_after_s=7),
    "members_changed__user_left": None,
    "members_changed__somebody_else": e.Unknown("MEMBERS_CHANGED supervisor joined"),
    "transfer__plain": e.AgentTransferred(),
    "message__agent_text": e.AgentMessage("Grüß Gott 👋 <b>Ada</b>", agent=GRACE),
    "message__agent_sparse": e.AgentMessage("Hello", agent=GRACE),
    "message__agent_file": e.AgentMessage(
        "",
        attachments=(
            Attachment("evt-1:0", "plan.png", "", None, "https://files.example.com/att-1?signature=abc"),
        ),
        agent=GRACE,
    ),
    "message__agent_cards": e.AgentMessage(
        "Which day?\nMonday\nFriday\nOpening hours\nSee all\nhttps://example.com/hours", agent=GRACE
    ),
    "message__echo": None,
    "message__user": None,
    "message__system": e.AgentMessage("All agents are busy.", automatic=True),
    "message__nothing": e.Unknown("MESSAGE of nothing readable"),
    "message__stranger": e.Unknown("MESSAGE of observer"),
    "activity__agent_types": e.AgentTyping(on=True),
    "activity__nobody_types": e.AgentTyping(on=False),
    "activity__user_types": None,
    "activity__adaptive_card": None,
    "activity__read_receipts": None,
    "activity__of_another_channel": e.Unknown("ACTIVITY interactive/reply"),
    "agent_joined__older_guide": e.AgentJoined(Agent("ag-Grace-01", "Grace")),
    "web_hook_verify__trial": None,
    "survey_offered__unheard_of": e.Unknown("SURVEY_OFFERED"),
}


def facts(body: bytes) -> list[e.FromProvider]:
    """What a webhook with the event id `evt-1` says."""
    return list(webhooks.facts("vendor", {"x-8x8-event-id": "evt-1"}, body, 7))


def test_every_fixture_has_its_facts() -> None:
    """No kind of webhook is left out of the table."""
    assert {file.stem for file in FIXTURES.glob("*.json")} == set(FACTS)


@pytest.mark.parametrize("name", FACTS)
def test_a_webhook_says_exactly_this(name: str) -> None:
    """The fact, whose conversation it is, when it happened, and under which id it is counted."""
    body = (FIXTURES / f"{name}.json").read_bytes()
    expected = FACTS[name]
    if expected is None:
        assert facts(body) == []
        return
    (found,) = facts(body)
    assert found == e.FromProvider(
        "vendor", "evt-1", expected, external_id="CONV-7Q2", at=1767225600.123, raw=body
    )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", errors.NotJsonError),
        (b"\xff", errors.NotJsonError),
        (b"[]", errors.PayloadError),
        (b"{}", errors.PayloadError),
        (b'{"eventType":"TRANSFER"}', errors.PayloadError),
        (b'{"eventType":"TRANSFER","conversationId":"c","timestamp":"soon","data":{}}', errors.PayloadError),
        (b'{"eventType":"QUEUED","conversationId":"c","data":{"queueId":[]}}', errors.PayloadError),
        (
            b'{"eventType":"MEMBERS_CHANGED","conversationId":"c","data":{"change":"left"}}',
            errors.PayloadError,
        ),
        (b'{"eventType":"MESSAGE","conversationId":"c","data":{"attachments":[7]}}', errors.PayloadError),
        (
            b'{"eventType":"ACTIVITY","conversationId":"c","data":{"name":"typing","value":{"users":5}}}',
            errors.PayloadError,
        ),
        (b'{"eventType":"MESSAGE","conversationId":"c","data":' + b"[" * 100_000, errors.NotJsonError),
    ],
)
def test_a_webhook_that_is_not_as_documented(body: bytes, kind: type[Exception]) -> None:
    """It is refused, and nothing is guessed."""
    with pytest.raises(kind):
        facts(body)


def test_a_large_webhook_is_read_whole() -> None:
    """100 kB of an agent's text, and of cards as deep as somebody may nest them."""
    told: dict[str, Any] = json.loads((FIXTURES / "message__agent_text.json").read_text("utf-8"))
    told["data"]["text"] = text = "ä" * 100_000
    assert facts(json.dumps(told).encode())[0].fact == e.AgentMessage(text, agent=GRACE)
    deep: Any = {"text": "bottom"}
    for _ in range(100):
        deep = {"body": [deep]}
    told["data"] |= {"text": "top", "cards": [{"contentType": "Template", "content": deep}]}
    assert facts(json.dumps(told).encode())[0].fact == e.AgentMessage("top", agent=GRACE)


@pytest.mark.parametrize(
    ("body", "trial"),
    [
        ((FIXTURES / "web_hook_verify__trial.json").read_bytes(), True),
        ((FIXTURES / "transfer__plain.json").read_bytes(), False),
        (b"{", False),
        (b'{"eventType":"WEB_HOOK_VERIFY","x":"' + b"y" * 2000 + b'"}', False),
    ],
)
def test_a_trial_is_told_from_an_event(body: bytes, *, trial: bool) -> None:
    """Only the question whether somebody is there counts as one."""
    assert webhooks.is_trial(body) is trial


def test_what_an_answer_has_as_null_is_not_there() -> None:
    """A conversation that nobody is assigned to, and a message of text alone."""
    body = b'{"id":"c","state":"idle","assignment":null,"user":{"name":null,"additionalProperties":null}}'
    found = read_answer(Reply(200, {}, body), gateway.Conversation)
    assert (found.state, found.assignment.type, found.handover) == ("idle", "", None)
    body = b'{"id":"m","text":null,"author":{"id":"user","type":"user","language":null},"attachments":null,"cards":null}'
    listed = read_answer(Reply(200, {}, body), gateway.Listed)
    assert (listed.text, listed.attachments, listed.cards) == (None, [], [])


# --- ours to 8x8 -----------------------------------------------------------------------------------------------


def said(text: str, author: Any = "user", **more: Any) -> Message:
    """A message."""
    return Message("m", 1, author, text, None, (), "2026-11-21T01:00:00.000Z", Delivery(), **more)


def request(**changes: Any) -> HandoverRequest:
    """A handover of Ada's."""
    whole: dict[str, Any] = {
        "handover_id": "h1",
        "attempt": 2,
        "reason": None,
        "initiator": "bot",
        "conversation": Brief("c1", "web", "de-AT", "text"),
        "user": User("u1", name="Ada"),
        "context": {},
        "route": {},
        "transcript": (),
    }
    return HandoverRequest(**whole | changes)


def test_the_smallest_conversation() -> None:
    """Channel, user, and our mark; no queue is the channel's own, no talk is no history."""
    assert wire.opening(request(), SETTINGS) == {
        "channelId": "Qx81-demo",
        "user": {
            "name": "Ada",
            "userId": "u1",
            "language": "de",
            "additionalProperties": [{"key": "handover", "value": "h1:2"}],
        },
    }


def test_the_largest_conversation() -> None:
    """Everything of Cognigy's parameters, the step's before the provider's, and the talk so far."""
    route = {
        "channel_id": "other",
        "queue_id": "102",
        "properties": {
            "name": "Ada Example",
            "userId": "",
            "company": "Example GmbH",
            "caseId": 9,
            "language": "zh-Hant-HK",
            "additionalProperties": [{"key": "intent", "value": "billing"}, {"key": "empty", "value": ""}],
            "vip": True,
            "basket": {"items": 2},
            "nothing": None,
        },
    }
    user = User("u1", name="Ada", email="ada@example.org", phone="+4915100000")
    talk = [
        said("I want a person"),
        said("Sure?", "bot", buttons=(Button("Yes", "y"), Button("No", "n"))),
        said("Hello from before", "agent", author_name="Grace"),
        said(""),
    ]
    opening = wire.opening(request(reason="angry", route=route, user=user, transcript=talk), SETTINGS)
    assert opening == {
        "channelId": "other",
        "user": {
            "name": "Ada Example",
            "userId": "u1",
            "email": "ada@example.org",
            "phone": "+4915100000",
            "language": "zh-TW",
            "company": "Example GmbH",
            "caseId": "9",
            "additionalProperties": [
                {"key": "intent", "value": "billing"},
                {"key": "vip", "value": "true"},
                {"key": "basket", "value": '{"items":2}'},
                {"key": "handover", "value": "h1:2"},
                {"key": "reason", "value": "angry"},
            ],
        },
        "assignment": {"type": "queue", "id": "102"},
        "history": {
            "messages": [
                {"authorType": "user", "text": "I want a person"},
                {"authorType": "bot", "text": "Sure?\n[Yes]\n[No]"},
                {"authorType": "bot", "text": "Grace: Hello from before"},
            ]
        },
    }


def test_the_history_is_the_last_200_messages() -> None:
    """8x8 takes no more; a long message counts for each of its parts."""
    talk = [said(f"word {n}") for n in range(300)] + [said("x" * 4001)]
    (*first, last, rest) = wire.opening(request(transcript=talk), SETTINGS)["history"]["messages"]
    assert (len(first), first[0]["text"], len(last["text"]), rest["text"]) == (198, "word 102", 4000, "x")


@pytest.mark.parametrize(
    ("code", "theirs"),
    [
        *(("en", "en"), ("de-AT", "de"), ("pt_BR", "pt"), ("zh", "zh-CN"), ("zh-TW", "zh-TW")),
        *(("zh-Hant", "zh-TW"), ("nb-NO", "no"), ("tr", "en"), ("", "en")),
    ],
)
def test_languages_are_those_by_which_8x8_routes(code: str, theirs: str) -> None:
    """One that it does not know is English."""
    assert wire.language(code) == theirs


@pytest.mark.parametrize(
    ("route", "wrong"),
    [
        ({}, None),
        ({"properties": '{"caseId": "7"}'}, None),
        ({"properties": " "}, None),
        ({"properties": "{"}, "`properties`: it is a text, but not JSON"),
        ({"properties": ["a"]}, "`properties`: it must be an object"),
        (
            {"properties": {"additionalProperties": [{"key": "a"}]}},
            "`properties`: `additionalProperties` must be a list of objects with `key` and `value`",
        ),
        (
            {"properties": {f"k{n}": n for n in range(29)}},
            "`properties`: 29 additional properties; 8x8 takes 30, so 28 beside our 2",
        ),
    ],
)
def test_a_route_that_8x8_would_not_take_is_found_before(route: dict[str, Any], wrong: str | None) -> None:
    """The text says which key, and why."""
    assert wire.wrong(route, SETTINGS) == wrong


def test_a_channel_is_needed() -> None:
    """Neither step nor provider has one."""
    none = msgspec.structs.replace(SETTINGS, channel_id=None)
    assert "`channel_id` is empty" in (wire.wrong({}, none) or "")
    assert wire.wrong({"channel_id": "x"}, none) is None


def test_a_message_with_files() -> None:
    """By the ids of what was uploaded; an empty text is left out."""
    assert wire.message("user", "", ["att-1"]) == {"authorType": "user", "attachments": [{"id": "att-1"}]}
    assert wire.message("bot", "Hi") == {"authorType": "bot", "text": "Hi"}


def test_the_name_of_an_uploaded_file_cannot_leave_its_header() -> None:
    """Quotes and line breaks in a name begin no header of their own."""
    kind, body = wire.upload("user", 'a"\r\nX: y\\.png', "image/png", b"\r\n--data")
    boundary = kind.partition("boundary=")[2].encode()
    head = b'form-data; name="attachment"; filename="a_X_ y_.png"\r\nContent-Type: image/png\r\n\r\n\r\n--data\r\n'
    assert head in body
    assert body.count(b"--" + boundary) == 3


# --- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({"message": "m", "errors": {"code": "invalid_parameter", "message": "said"}}, ["invalid_parameter"]),
        (
            {"errors": [{"code": "invalid_queue"}], "validations": [{"field": "queue"}]},
            ["invalid_queue", "queue"],
        ),
        ({"message": "m", "errors": ["tenant does not belong"]}, []),
        (
            {"fault": {"faultstring": "x", "detail": {"errorcode": "oauth.v2.InvalidAccessToken"}}},
            ["oauth.v2.InvalidAccessToken"],
        ),
        ([1], []),
        ("text", []),
    ],
)
def test_the_codes_of_every_form_of_error(body: Any, codes: list[str]) -> None:
    """A list of objects, a list of texts, one object, or the gateway's own; never a text, which may be a user's."""
    assert gateway.refused(json.dumps(body).encode()) == codes
    assert gateway.refused(b"<html>") == []


def test_a_refusal_names_the_setting() -> None:
    """By 8x8's code where it has one, else by the status."""
    for status, body, part in (
        (400, {"errors": [{"code": "invalid_queue"}]}, "invalid_queue; check `queue_id`"),
        (400, {}, "check `channel_id`, `queue_id` and `properties`"),
        (401, {}, "check `api_key`"),
        (403, {"errors": ["no"]}, "check `api_key` and `tenant`"),
        (404, {}, "check `channel_id` and `base_url`"),
    ):
        with pytest.raises(errors.ProviderError) as raised:
            gateway.accept(Reply(status, {}, json.dumps(body).encode()), OPEN, gateway.OPENING)
        assert raised.value.detail == f"HTTP status {status}; {part}"


def test_the_keys_of_a_step_are_cognigys() -> None:
    """The three parameters of its handover node that name 8x8."""
    assert Route.__struct_fields__ == ("channel_id", "queue_id", "properties")
