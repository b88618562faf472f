"""The desk's webhooks as facts: what is verified, what is understood, what is refused and how."""

import json
from typing import Any

import pytest

from openhandover.core import errors, events
from openhandover.core.model import Agent, Attachment
from openhandover.net.client import HttpClient
from openhandover.net.signatures import decode_secrets, signed_headers
from openhandover.providers.base import WebhookRequest
from openhandover.providers.http import Http
from openhandover.providers.http.settings import Settings

from .emulator import SECRET

NOW = 1_800_000_000.0
ANN = {"id": "a1", "name": "Ann"}


def provider() -> Http:
    return Http("backup", Settings(url="http://desk.example", secret=SECRET), HttpClient())


def webhook(body: bytes, secret: str = SECRET, at: float = NOW) -> WebhookRequest:
    headers = signed_headers(decode_secrets(secret), "e1", at, body)
    return WebhookRequest("POST", headers, {}, body, NOW)


def parsed(**event: Any) -> events.FromProvider:
    body = json.dumps({"event_id": "e1", "handover_id": "h1"} | event).encode()
    (fact,) = provider().parse(webhook(body))
    return fact


def test_a_signed_webhook_is_verified() -> None:
    """The desk signs with the secret that we sign with."""
    provider().verify(webhook(b"{}"))


@pytest.mark.parametrize(
    ("secret", "at"), [("whsec_c3RyYW5nZXI=", NOW), (SECRET, NOW - 301), (SECRET, NOW + 301)]
)
def test_a_stranger_and_a_stale_webhook_are_refused(secret: str, at: float) -> None:
    """Wrong key, too old, from the future."""
    with pytest.raises(errors.SignatureError):
        provider().verify(webhook(b"{}", secret, at))


@pytest.mark.parametrize(
    ("event", "fact"),
    [
        ({"type": "agent.joined", "agent": ANN}, events.AgentJoined(Agent("a1", "Ann"))),
        (
            {"type": "agent.joined", "agent": ANN | {"avatar_url": "https://x/a.png", "mood": "good"}},
            events.AgentJoined(Agent("a1", "Ann", "https://x/a.png")),
        ),
        ({"type": "agent.joined"}, events.AgentJoined(Agent())),
        ({"type": "agent.message", "message": {"id": "m1", "text": "Hi"}}, events.AgentMessage("Hi", "m1")),
        (
            {
                "type": "agent.message",
                "message": {"id": "m1", "text": "", "attachments": [{"url": "https://x/y", "name": "y.pdf"}]},
                "agent": ANN,
            },
            events.AgentMessage(
                "", "m1", (Attachment("e1:0", "y.pdf", "", None, "https://x/y"),), Agent("a1", "Ann")
            ),
        ),
        ({"type": "agent.typing", "on": True}, events.AgentTyping(on=True)),
        ({"type": "agent.left"}, events.AgentLeft()),
        ({"type": "agent.transferred", "agent": ANN}, events.AgentTransferred(Agent("a1", "Ann"))),
        ({"type": "agent.transferred"}, events.AgentTransferred(None)),
        ({"type": "queue.updated", "position": 3, "estimated_wait_ms": 9}, events.QueueUpdated(3, 9)),
        ({"type": "queue.updated"}, events.QueueUpdated()),
        ({"type": "message.read", "message_id": "m9"}, events.MessageRead("m9")),
        ({"type": "handover.closed", "reason": "solved"}, events.Closed("solved")),
        ({"type": "handover.closed", "seq": 4}, events.Closed(None, sequenced=True)),
        ({"type": "handover.failed", "reason": "busy", "detail": "x"}, events.Failed("busy", "x")),
        (
            {"type": "handover.failed", "reason": "busy", "seq": 1},
            events.Failed("busy", None, sequenced=True),
        ),
        ({"type": "agent.sneezed", "message": 5}, events.Unknown("agent.sneezed")),
    ],
)
def test_each_type_becomes_its_fact(event: dict[str, Any], fact: events.ProviderFact) -> None:
    """Known types are understood, keys that we don't know are passed over, unknown types are kept."""
    assert parsed(**event).fact == fact


def test_the_origin_comes_along() -> None:
    """Who, which event, which session, which place in the order, when, and the raw body."""
    origin = parsed(type="agent.left", external_id="x1", seq=7, at="2026-11-21T02:00:00+01:00")
    assert (
        origin.provider,
        origin.event_id,
        origin.handover_id,
        origin.external_id,
        origin.seq,
        origin.at,
    ) == (
        "backup",
        "e1",
        "h1",
        "x1",
        7,
        1_795_222_800.0,
    )
    assert json.loads(origin.raw)["type"] == "agent.left"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", ""),
        (b"not json", ""),
        (b"\xff\xfe", ""),
        (b'"text"', ""),
        (b"[]", ""),
        (b"{}", "event_id"),
        (b'{"event_id":"e1","handover_id":"h1"}', "type"),
        (b'{"event_id":"e1","type":"agent.left"}', "handover_id"),
        (b'{"type":"agent.left","handover_id":"h1"}', "event_id"),
        (b'{"event_id":"","type":"agent.left","handover_id":"h1"}', "event_id"),
        (b'{"event_id":5,"type":"agent.left","handover_id":"h1"}', "event_id"),
        (b'{"event_id":"e1","type":"agent.left","handover_id":"h1","seq":0}', "seq"),
        (b'{"event_id":"e1","type":"agent.left","handover_id":"h1","seq":1.5}', "seq"),
        (b'{"event_id":"e1","type":"agent.left","handover_id":"h1","at":"yesterday"}', "at"),
        (b'{"event_id":"e1","type":"agent.left","handover_id":"h1","at":"2026-01-01T00:00:00"}', "at"),
        (b'{"event_id":"e1","type":"agent.message","handover_id":"h1"}', "message"),
        (b'{"event_id":"e1","type":"agent.message","handover_id":"h1","message":{"id":"m"}}', "message"),
        (
            b'{"event_id":"e1","type":"agent.message","handover_id":"h1","message":{"id":"m","text":5}}',
            "message.text",
        ),
        (
            b'{"event_id":"e1","type":"agent.message","handover_id":"h1",'
            b'"message":{"text":"","attachments":[{"url":"file:///etc/passwd"}]}}',
            "message.attachments[0].url",
        ),
        (b'{"event_id":"e1","type":"agent.typing","handover_id":"h1","on":"yes"}', "on"),
        (b'{"event_id":"e1","type":"queue.updated","handover_id":"h1","position":-1}', "position"),
        (b'{"event_id":"e1","type":"message.read","handover_id":"h1"}', "message_id"),
        (b'{"event_id":"e1","type":"handover.failed","handover_id":"h1"}', "reason"),
        (b'{"event_id":"e1","type":"agent.left","handover_id":"h1","x":' + b"[" * 100_000, ""),
    ],
)
def test_a_malformed_webhook_is_refused_with_the_place(body: bytes, place: str) -> None:
    """The sender learns where, and the text repeats nothing of the content."""
    with pytest.raises(errors.PayloadError) as raised:
        provider().parse(webhook(body))
    assert place in str(raised.value)
    assert "passwd" not in str(raised.value)


@pytest.mark.parametrize("secret", ["", "hush"])
def test_a_provider_without_a_proper_secret_cannot_be_configured(secret: str) -> None:
    """Nothing runs unsigned."""
    with pytest.raises(ValueError, match="whsec_"):
        Settings(url="http://desk.example", secret=secret)
