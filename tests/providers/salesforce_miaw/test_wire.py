"""What we say to Salesforce as exact JSON, and its answers as we read them."""

import base64
import json
import re
import time
from typing import Any

import msgspec
import pytest
from msgspec import structs

from openhandover.core.model import Attachment, Delivery, Message, Translation, User
from openhandover.net.client import Reply
from openhandover.providers.base import Availability, Brief, HandoverRequest
from openhandover.providers.salesforce_miaw import wire
from openhandover.providers.salesforce_miaw.settings import Route, Settings

URL = "https://example.my.salesforce-scrt.com"
SETTINGS = Settings(scrt_url=URL, org_id="00Dxx0000000001", es_developer_name="Client")
VERSION_4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def routed(**route: Any) -> wire.Routing:
    """A route as it is understood."""
    return wire.routing(route, SETTINGS, "en")


def test_ids_are_the_same_for_the_same_call_and_of_version_4() -> None:
    """A repeat is recognised, and Salesforce takes the id."""
    assert wire.uuid_of("h1:1", 2) == wire.uuid_of("h1:1", 2)
    assert wire.uuid_of("h1:1", 2) != wire.uuid_of("h1:1", 3)
    assert re.fullmatch(VERSION_4, wire.uuid_of("h1:1", 2))


def test_the_first_message_carries_the_routing_again() -> None:
    """Attributes on creation alone do not reach the session's record."""
    to = routed(routing_attributes={"Reason": "billing", "Priority": 2, "Vip": True, "Nothing": None})
    attributes = {"Reason": "billing", "Priority": "2", "Vip": "true"}
    assert wire.conversation(SETTINGS, "c", to) == {
        "conversationId": "c",
        "esDeveloperName": "Client",
        "routingAttributes": attributes,
        "language": "en_US",
    }
    assert wire.text(SETTINGS, "m", "Hello", to) == {
        "message": {
            "id": "m",
            "messageType": "StaticContentMessage",
            "staticContent": {"formatType": "Text", "text": "Hello"},
        },
        "esDeveloperName": "Client",
        "isNewMessagingSession": True,
        "routingAttributes": attributes,
        "language": "en_US",
    }
    assert set(wire.text(SETTINGS, "m", "Hello")) == {"message", "esDeveloperName"}


@pytest.mark.parametrize(
    ("attributes", "language", "theirs"),
    [
        ({"language": "nl_NL"}, "en", "nl_NL"),
        ({}, "en", "en_US"),
        ({}, "pt-BR", "pt_BR"),
        ({}, "nl", "nl_NL"),
        ({}, "de", "de"),
        ({}, "he", "iw"),
        ('{"language": "de"}', "en", "de"),
        ("", "", None),
    ],
)
def test_the_language(attributes: Any, language: str, theirs: str | None) -> None:
    """The attribute of that name is no attribute; else the conversation's, in Salesforce's spelling."""
    to = wire.routing({"routing_attributes": attributes}, SETTINGS, language)
    assert (to.language, "language" in to.attributes) == (theirs, False)


@pytest.mark.parametrize(
    ("route", "wrong"),
    [
        ({"routing_attributes": {"a": [1]}}, "routing_attributes.a"),
        ({"routing_attributes": "no json"}, "routing_attributes"),
        ({"routing_attributes": "[1]"}, "routing_attributes"),
        ({"identity_token": 3}, "identity_token"),
        ({"end_on_participant_change": "perhaps"}, "end_on_participant_change"),
        ({"end_on_participant_change": ["immediate"]}, "end_on_participant_change"),
    ],
)
def test_a_wrong_route_is_refused_by_name(route: dict[str, Any], wrong: str) -> None:
    """Before anything is said to the user."""
    with pytest.raises(ValueError, match=f"`{wrong}`"):
        wire.routing(route, SETTINGS)


@pytest.mark.parametrize(
    ("given", "meaning"),
    [(None, "grace"), ("", "grace"), (True, "immediate"), (False, "never"), ("never", "never")],
)
def test_what_an_agent_s_leaving_means_is_chosen_by_the_step(given: Any, meaning: str) -> None:
    """As a word, or as the switch that Cognigy has."""
    assert routed(end_on_participant_change=given).end == meaning


def test_verified_users_only() -> None:
    """Without an identity the step cannot work, and says so."""
    with pytest.raises(ValueError, match="`identity_token`"):
        wire.routing({"identity_token": " "}, structs.replace(SETTINGS, require_verified=True))


def test_who_we_are() -> None:
    """An anonymous user, or one with an identity."""
    anonymous = wire.identification(SETTINGS)
    assert anonymous["context"].pop("clientVersion")
    assert anonymous == {
        "orgId": "00Dxx0000000001",
        "esDeveloperName": "Client",
        "capabilitiesVersion": "1",
        "platform": "Web",
        "context": {"appName": "openhandover"},
    }
    verified = wire.identification(SETTINGS, "jwt")
    assert (verified["authorizationType"], verified["customerIdentityToken"]) == ("JWT", "jwt")


def test_small_signs() -> None:
    """Typing and receipts; a repeated receipt has the same id."""
    assert wire.typing(True)["entryType"] == "TypingStartedIndicator"
    assert wire.typing(False)["entryType"] == "TypingStoppedIndicator"
    (ack,) = wire.acknowledgement("entry-1", "read")["acks"]
    assert (ack["entryType"], ack["conversationEntryId"]) == ("Read", "entry-1")
    assert wire.acknowledgement("entry-1", "read") == {"acks": [ack]}
    assert wire.acknowledgement("entry-1", "delivered")["acks"][0]["entryType"] == "Delivery"


def test_a_text_is_cut_between_sentences_then_words_then_anywhere() -> None:
    """No letter is lost but the white space at the cut."""
    assert wire.pieces("", 10) == []
    assert wire.pieces("short", 10) == ["short"]
    assert wire.pieces("one two\nthree four", 12) == ["one two", "three four"]
    assert wire.pieces("one two three", 8) == ["one two", "three"]
    assert wire.pieces("abcdefghijkl", 5) == ["abcde", "fghij", "kl"]
    long = " ".join(f"{n:04}" for n in range(2_000))
    pieces = wire.pieces(long, 3000)
    assert " ".join(pieces) == long
    assert max(map(len, pieces)) <= 3000


def said(text: str, author: Any = "user", **more: Any) -> Message:
    """A message."""
    return Message("m", 1, author, text, None, (), "2026-11-21T10:00:00Z", Delivery(), **more)


def test_others_than_the_user_are_named() -> None:
    """Everything comes from the user there; the agent reads their own language."""
    assert wire.line(said("hi")) == "hi"
    assert wire.line(said("hi", "bot")) == "Bot: hi"
    assert wire.line(structs.replace(said("hallo"), translation=Translation("en", "hello"))) == "hello"


def asked(*transcript: Message, reason: str | None = None) -> HandoverRequest:
    """A request for a human."""
    brief = Brief("c1", "web", "en", "text")
    return HandoverRequest("h1", 1, reason, "bot", brief, User("u"), {}, {}, transcript)


def test_the_first_words() -> None:
    """The transcript where the step sends it, else the opening line; why the user comes with both."""
    assert wire.opening(asked(), SETTINGS) == ["The user asks for a person."]
    assert wire.opening(asked(reason="angry"), SETTINGS) == ["The user asks for a person.\nangry"]
    talk = (said("hi"), said("", "bot"), said("hello", "bot", author_name="Robo"))
    assert wire.opening(asked(*talk, reason="angry"), SETTINGS) == ["angry\n\nUser: hi\nRobo: hello"]


def test_of_an_endless_transcript_the_latest_is_sent() -> None:
    """A minute's share of messages must not go to what was said long ago."""
    settings = structs.replace(SETTINGS, max_text_length=100, max_transcript_pieces=2)
    pieces = wire.opening(asked(*(said(f"line {n:03}") for n in range(100))), settings)
    assert len(pieces) == 2
    assert pieces[-1].endswith("User: line 099")
    one_a_minute = structs.replace(settings, max_transcript_pieces=5, messages_per_minute=1)
    assert wire.opening(asked(*(said(f"line {n:03}") for n in range(100))), one_a_minute) == pieces[-1:]


def jwt(**claims: Any) -> str:
    """A token with these claims."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


def access(token: str, subject: str = "v2/iamessage/AUTH/x/uid:1") -> Reply:
    """An answer with a token."""
    body = {"accessToken": token, "lastEventId": "7", "context": {"endUser": {"subject": subject}}}
    return Reply(200, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("value", "life_s"),
    [
        (jwt(iat=1_000, exp=1_600), 600),  # its clock is half a century behind
        (jwt(iat=1_000, exp=500), 3600),
        ("opaque", 3600),
        ("a.!!!.c", 3600),
        (jwt(exp="soon"), 3600),
    ],
)
def test_a_token_lives_as_long_as_it_says_by_our_clock(value: str, life_s: float) -> None:
    """Renewed after four fifths of it, whatever the time is at Salesforce."""
    token, verified = wire.token(access(value), SETTINGS)
    now = time.time()
    assert token.ends_at - now == pytest.approx(life_s, abs=5)
    assert token.renew_at - now == pytest.approx(life_s * 0.8, abs=5)
    assert (token.event_id, verified) == ("7", True)


def test_an_anonymous_subject_is_not_verified() -> None:
    """Only the subject tells whether the identity was taken."""
    assert wire.token(access("opaque", "v2/iamessage/UNAUTH/NA/uid:1"), SETTINGS)[1] is False


HOUR = 3_600_000


def hours(**info: Any) -> Reply:
    """An answer with business hours around the hour 10."""
    return Reply(200, {}, json.dumps({"businessHoursInfo": info}).encode())


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (Reply(204, {}, b""), Availability(None)),
        (hours(isActive=False, businessHours=[]), Availability(None)),
        (hours(isActive=True, businessHours=[]), Availability(False)),
        (
            hours(isActive=True, businessHours=[{"startTime": 9 * HOUR, "endTime": 11 * HOUR}]),
            Availability(True),
        ),
        (
            hours(isActive=False, businessHours=[{"startTime": 9 * HOUR, "endTime": 11 * HOUR}]),
            Availability(True),
        ),
        (
            hours(isActive=True, businessHours=[{"startTime": 12 * HOUR, "endTime": 13 * HOUR}]),
            Availability(False, opens_at="1970-01-01T12:00:00Z"),
        ),
    ],
)
def test_business_hours(reply: Reply, answer: Availability) -> None:
    """Within an interval it is open; who keeps none cannot tell."""
    assert wire.hours(reply, 10 * 3600) == answer


def test_a_file_s_body_is_the_same_on_every_try() -> None:
    """Two parts, and a name that cannot break out of its header."""
    file = Attachment("1", 'a"b\r\nX: y.txt', "text/plain\r\nX: y", 3, "https://x")
    body, headers = wire.upload(SETTINGS, "m", file, b"abc")
    assert (body, headers) == wire.upload(SETTINGS, "m", file, b"abc")
    assert body.count(headers["Content-Type"].partition("boundary=")[2].encode()) == 3
    assert b'name="fileData"; filename="a_b_X_ y.txt"\r\nContent-Type: application/octet-stream' in body
    assert b'{"esDeveloperName":"Client","message":{"id":"m","fileId":"' in body


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"scrt_url": "http://example.my.salesforce-scrt.com"}, "scrt_url"),
        ({"scrt_url": "https://example.com"}, "scrt_url"),
        ({"scrt_url": "https://evil-salesforce-scrt.com.example.com"}, "scrt_url"),
        ({"org_id": "12"}, "org_id"),
        ({"es_developer_name": "a b"}, "es_developer_name"),
        ({"left_s": -1}, "left_s"),
    ],
)
def test_bad_settings_are_refused_by_name(change: dict[str, Any], setting: str) -> None:
    """The users' tokens go to Salesforce only, unless any host is asked for."""
    good = {"scrt_url": URL, "org_id": "00Dxx0000000001", "es_developer_name": "Client"}
    assert msgspec.convert(good, Settings) == SETTINGS
    with pytest.raises(msgspec.ValidationError, match=setting):
        msgspec.convert(good | change, Settings)
    if setting == "scrt_url":
        assert msgspec.convert(good | change | {"any_host": True}, Settings).any_host


def test_a_route_knows_its_keys_only() -> None:
    """A misspelt key is found when the file is read."""
    with pytest.raises(msgspec.ValidationError, match="routing_atributes"):
        msgspec.convert({"routing_atributes": {}}, Route)
