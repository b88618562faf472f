"""Genesys Cloud's webhooks become facts, and only those with its signature or our key. No network."""

import base64
import hmac

import pytest

from openhandover.core import events as e
from openhandover.core.errors import NotJsonError, PayloadError, SignatureError
from openhandover.core.model import Attachment
from openhandover.core.settings import Secret
from openhandover.providers.genesys import happenings

from .samples import (
    AT,
    SECRET,
    SETTINGS,
    body,
    changed,
    provider,
    webhook,
)

WEBHOOKS: dict[str, list[tuple[str, e.ProviderFact]]] = {
    "text__bot": [("Text:m2", e.AgentMessage("All agents are busy", "m2", automatic=True))],
    "text__no_entity": [("Text:m3", e.AgentMessage("Hello", "m3"))],
    "text__file": [
        (
            "Text:m4",
            e.AgentMessage(
                "see picture\nthe meter",
                "m4",
                (Attachment("m4:0", "a1.png", "image/png", None, "https://files.example.net/a1.png"),),
            ),
        )
    ],
    "text__inbound": [],
    "text__empty": [("Text:m6", e.Unknown("Text:"))],
    "structured__card": [
        (
            "Structured:m7",
            e.AgentMessage("Choose\nPlan A\n10 GB\nhttps://example.net/a\nYes", "m7"),
        )
    ],
    "event__typing": [("Event:m8", e.AgentTyping(on=True))],
    "event__unknown": [("Event:m9", e.Unknown("Event:Presence"))],
    "receipt__delivered": [],
    "receipt__failed": [("Receipt:m11", e.Unknown("Receipt:Failed"))],
    "hologram__unknown": [("Hologram:m12", e.Unknown("Hologram"))],
}


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_webhook_becomes_facts(name: str) -> None:
    """Each with the vendor's id and time, addressed by the user id that we gave."""
    raw = body(name)
    expected = [
        e.FromProvider("contact", event_id, fact, external_id="oh-h1-1", at=AT, raw=raw)
        for event_id, fact in WEBHOOKS[name]
    ]
    assert happenings.webhook("contact", raw, SETTINGS) == expected


def test_words_of_the_flow_can_be_kept_back() -> None:
    """With `bot_messages` off only people are heard."""
    quiet = changed(bot_messages=False)
    assert happenings.webhook("contact", body("text__bot"), quiet) == []
    assert len(happenings.webhook("contact", body("text__no_entity"), quiet)) == 1


def test_a_webhook_without_an_id_is_known_by_its_bytes() -> None:
    """The same bytes again are the same event, others are not."""
    raw = b'{"type":"Text","channel":{"to":{"id":"oh-h1-1"}},"text":"a"}'
    (first,), (again,) = (happenings.webhook("contact", one, SETTINGS) for one in (raw, raw))
    (other,) = happenings.webhook("contact", raw.replace(b'"a"', b'"b"'), SETTINGS)
    assert first == again
    assert other.event_id != first.event_id


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"{", NotJsonError),
        (b"[]", PayloadError),
        (b'{"type":"Text"}', PayloadError),
        (b'{"type":"Text","channel":{}}', PayloadError),
        (b'{"type":7,"channel":{"to":{"id":"x"}}}', PayloadError),
    ],
)
@pytest.mark.parametrize("part", list(happenings.PARTS))
def test_nonsense_is_refused(part: str, raw: bytes, kind: type[Exception]) -> None:
    """With the place, never with the content."""
    with pytest.raises(kind):
        happenings.PARTS[part]("contact", raw, SETTINGS)


def test_a_huge_webhook_is_read() -> None:
    """100 kB of text pass."""
    raw = body("text__no_entity").replace(b"Hello", b"x" * 100_000)
    (found,) = happenings.webhook("contact", raw, SETTINGS)
    assert isinstance(found.fact, e.AgentMessage)
    assert len(found.fact.text) == 100_000


# --- signatures


VECTORS = [
    (SECRET, "text__signed", "sha256=c5pyvi/bcH/ktNelrsn3fyyS6jX4SBTptFoP+59ldvA="),
    ("0123456789abcdef", b'{"id":"x","text":"a"}', "sha256=4MY0i/5VRGyfIc9BZVdvIg0plOwSWf6BbQ0iXde4nk4="),
]


@pytest.mark.parametrize(("secret", "signed", "signature"), VECTORS)
def test_the_vendors_signature_is_taken(secret: str, signed: str | bytes, signature: str) -> None:
    """Base64 of the MAC over the raw bytes, letters beyond ASCII included; also by the old secret during a change."""
    raw = body(signed) if isinstance(signed, str) else signed
    provider(changed(webhook_secret=Secret(secret))).verify(webhook(raw, x_hub_signature_256=signature))
    provider(changed(old_webhook_secret=Secret(secret))).verify(webhook(raw, x_hub_signature_256=signature))


_HEX = "sha256=" + hmac.digest(SECRET.encode(), body("text__signed"), "sha256").hex()
_RIGHT = VECTORS[0][2]


@pytest.mark.parametrize(
    "signature",
    [
        _HEX,
        _RIGHT.replace("c5p", "C5p"),
        _RIGHT.removeprefix("sha256="),
        "",
        "sha256=",
        "sha256=é",
        _RIGHT + " ",
    ],
)
def test_any_other_signature_is_refused(signature: str) -> None:
    """Hex, one letter in another case, no prefix, nothing."""
    with pytest.raises(SignatureError):
        provider().verify(webhook(body("text__signed"), x_hub_signature_256=signature))


def test_a_signature_is_of_its_bytes() -> None:
    """One more blank, or no header at all."""
    raw = body("text__signed")
    for request in (webhook(raw + b" ", x_hub_signature_256=_RIGHT), webhook(raw)):
        with pytest.raises(SignatureError):
            provider().verify(request)


@pytest.mark.parametrize("part", ["eventbridge", "trigger"])
def test_events_come_with_their_key(part: str) -> None:
    """The key, or the old one, in the configured header; without a configured key nobody gets in."""
    provider().verify(webhook(b"{}", part, authorization="events-key"))
    both = changed(old_events_key=Secret("older-key"), events_header="X-Events")
    provider(both).verify(webhook(b"{}", part, x_events="older-key"))
    signed = "sha256=" + base64.b64encode(hmac.digest(SECRET.encode(), b"{}", "sha256")).decode()
    for settings, headers in (
        (SETTINGS, {}),
        (SETTINGS, {"authorization": "events-kez"}),
        (SETTINGS, {"x_hub_signature_256": signed}),
        (both, {"authorization": "events-key"}),
        (changed(events_key=None), {"authorization": ""}),
        (changed(events_key=None), {}),
    ):
        with pytest.raises(SignatureError):
            provider(settings).verify(webhook(b"{}", part, **headers))


_TO_US = '"channel": {"to": {"id": "oh-h1-1"}}'


@pytest.mark.parametrize(
    ("raw", "facts"),
    [
        (
            '{"id": "r1", "type": "Receipt", "channel": {"from": {"id": "oh-h1-1"}}, "status": "Delivered"}',
            [],
        ),
        ('{"id": "x1", "type": "Hologram", "channel": null}', [e.Unknown("Hologram")]),
        ('{"id": "x2", "type": "Hologram"}', [e.Unknown("Hologram")]),
        (
            '{"id": null, "type": "Text", "text": "Hi", "content": null, ' + _TO_US + "}",
            [e.AgentMessage("Hi")],
        ),
        (
            '{"id": "m1", "type": "Text", "content": [{"contentType": "Attachment", "attachment": '
            '{"url": "https://files.example.net/a", "mime": null, "filename": null, "text": null}}], '
            + _TO_US
            + "}",
            [e.AgentMessage("", "m1", (Attachment("m1:0", "", "", None, "https://files.example.net/a"),))],
        ),
    ],
)
def test_what_is_left_out_or_empty_does_not_stop_a_talk(raw: str, facts: list[e.ProviderFact]) -> None:
    """The exact form of receipts is not documented, and unknown types are answered well: a refusal is not repeated there."""
    assert [one.fact for one in provider().parse(webhook(raw.encode()))] == facts


@pytest.mark.parametrize(
    "raw",
    [
        '{"id": "m1", "type": "Text", "text": "Hi", "channel": {}}',
        '{"id": "m1", "type": "Text", "content": [{"contentType": "Attachment", "attachment": {"url": 5}}], '
        + _TO_US
        + "}",
    ],
)
def test_a_message_that_cannot_be_read_is_refused(raw: str) -> None:
    """It names nobody, or its file is none: that is an answer, not a breakdown."""
    with pytest.raises(PayloadError):
        provider().parse(webhook(raw.encode()))


@pytest.mark.parametrize(("part", "setting"), [("", "`webhook_secret`"), ("trigger", "`events_key`")])
def test_a_refused_signature_names_the_setting(part: str, setting: str) -> None:
    """For our log; the caller is told the same as ever."""
    with pytest.raises(SignatureError) as raised:
        provider().verify(webhook(b"{}", part, authorization="wrong", x_hub_signature_256="sha256=wrong"))
    assert setting in raised.value.remedy
    assert setting not in raised.value.detail
