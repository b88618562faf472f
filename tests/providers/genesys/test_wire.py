"""Genesys Cloud's JSON: webhooks and events become facts, messages become the vendor's bodies. No network."""

import base64
import hmac
from pathlib import Path
from typing import Any

import msgspec
import pytest

from openhandover.core import events as e
from openhandover.core.errors import NotJsonError, PayloadError, SignatureError
from openhandover.core.model import Agent, Attachment, Button, Delivery, Message, Translation, User
from openhandover.core.settings import Secret
from openhandover.net.client import HttpClient, Reply
from openhandover.providers.base import Availability, Brief, HandoverRequest, Session, WebhookRequest
from openhandover.providers.genesys import Genesys, attributes, happenings, looks, people, wire
from openhandover.providers.genesys.settings import AttributeNames, Settings
from openhandover.providers.genesys.times import Times

FIXTURES = Path(__file__).parent / "fixtures"
SECRET = "openhandover-test-secret-0001"
SETTINGS = Settings(
    region="eu-west-1",
    client_id="client",
    client_secret=Secret("client-secret"),
    integration_id="11111111-2222-4333-8444-555555555555",
    webhook_secret=Secret(SECRET),
    events_key=Secret("events-key"),
)
AT = 1768469400.0
HAPPENED_AT = 1768470300.0
CONVERSATION = "c0ffee00-1111-4222-8333-444455556666"


def changed(**fields: Any) -> Settings:
    """The settings, some of them otherwise."""
    return msgspec.structs.replace(SETTINGS, **fields)


def body(name: str) -> bytes:
    """A fixture as it is."""
    return (FIXTURES / f"{name}.json").read_bytes()


# --- webhooks of the integration

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


def webhook(raw: bytes, part: str = "", **headers: str) -> WebhookRequest:
    """An inbound call."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WebhookRequest("POST", named, {}, raw, AT, part)


def provider(settings: Settings = SETTINGS) -> Genesys:
    """The provider, which calls nobody here."""
    return Genesys("contact", settings, HttpClient())


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


# --- events of the conversation

_LEFT = e.AgentLeft(end_after_s=10.0)
EVENTS: dict[str, e.ProviderFact | None] = {
    "customer_end__client": e.Closed("agent_closed"),
    "customer_end__user": e.Closed("user_left"),
    "customer_end__idle": e.Closed("user_idle"),
    "customer_end__expired": e.Closed("total_timeout"),
    "customer_end__error": e.Failed("provider_error", "the contact centre ended it: TRANSPORT_FAILURE"),
    "customer_start__plain": None,
    "user_start__plain": e.Unknown("user.start"),
    "user_end__left": _LEFT,
    "user_end__transfer": e.AgentTransferred(),
    "user_end__declined": None,
    "user_end__no_answer": None,
    "acw__plain": _LEFT,
    "acd_start__plain": e.QueueUpdated(),
    "acd_end__answered": e.AgentJoined(Agent("u-1")),
    "acd_end__flow_out": None,
    "flow_end__error": e.Failed("provider_error", "the Architect flow ended with an error"),
    "flow_end__to_queue": None,
    "barge_start__unknown": e.Unknown("barge.start"),
    "user_end__voice": None,
    "customer_end__of_others": None,
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_of_eventbridge_becomes_a_fact(name: str) -> None:
    """Joining, leaving, being offered, wrapping up, passing on and ending are told apart; others' talks are not ours."""
    raw = body(f"eventbridge_{name}")
    kind = name.partition("__")[0].replace("_", ".")
    who = f"{kind}:{CONVERSATION}:p-1:1768470300000"
    fact = EVENTS[name]
    expected = (
        []
        if fact is None
        else [e.FromProvider("contact", who, fact, external_id="oh-h1-1", at=HAPPENED_AT, raw=raw)]
    )
    assert happenings.from_eventbridge("contact", raw, SETTINGS) == expected


def test_the_same_event_by_both_ways_is_one() -> None:
    """A repeat has the same id, whatever envelope it comes in."""
    raw = body("eventbridge_customer_end__client")
    (one,) = happenings.from_eventbridge("contact", raw, SETTINGS)
    (other,) = happenings.from_eventbridge("contact", raw.replace(b'"e1"', b'"e2"'), SETTINGS)
    assert one.event_id == other.event_id


TRIGGERS: dict[str, tuple[str, float | None, str, e.ProviderFact] | None] = {
    "user_end__left": ("oh-h1-1", 1768469400.0, "user.end", _LEFT),
    "user_end__as_texts": ("oh-h1-1", 1768469400.0, "user.end", e.AgentTransferred()),
    "user_end__declined": None,
    "acw__no_user": (CONVERSATION, None, "acw", _LEFT),
}


@pytest.mark.parametrize("name", TRIGGERS)
def test_what_a_trigger_posts_becomes_a_fact(name: str) -> None:
    """Numbers may be texts, fields may be empty; without the user the conversation's id stands for them."""
    found = happenings.from_trigger("contact", body(f"trigger_{name}"), SETTINGS)
    expected = TRIGGERS[name]
    told = [(one.external_id, one.at, one.event_id.partition(":")[0], one.fact) for one in found]
    assert told == ([] if expected is None else [expected])


def party(purpose: str, state: str, **fields: Any) -> wire.Participant:
    """One party of a conversation."""
    return wire.Participant(purpose=purpose, state=state, **fields)


HERE = party("customer", "connected")
KIM = party("agent", "connected", name="Kim", connected_time="2026-01-15T09:30:00Z", user=wire.Named("u-1"))
GONE = party(
    "agent", "disconnected", name="Kim", connected_time="2026-01-15T09:30:00Z", user=wire.Named("u-1")
)
RINGS = party("agent", "alerting", name="Lee", user=wire.Named("u-2"))
LINE = party("acd", "connected")
OVER = party("customer", "disconnected", disconnect_type="transport.failure")
JOINED = e.AgentJoined(Agent("u-1", "Kim"))
SETTLED: list[tuple[str, e.ProviderFact, list[wire.Participant], e.ProviderFact]] = [
    ("joined, with the name", e.AgentJoined(Agent("u-1")), [HERE, KIM], JOINED),
    ("offered and taken", happenings.OFFERED, [HERE, KIM], JOINED),
    ("only offered", happenings.OFFERED, [HERE, LINE, RINGS], happenings.OFFERED),
    ("joined and gone already", e.AgentJoined(Agent("u-1")), [HERE], e.AgentJoined(Agent("u-1"))),
    ("left, nobody there", _LEFT, [HERE, GONE], _LEFT),
    ("left, in the queue again", _LEFT, [HERE, GONE, LINE], e.AgentLeft()),
    ("left, it rings elsewhere", _LEFT, [HERE, GONE, RINGS], e.AgentLeft()),
    ("wrapped up, another one has it", _LEFT, [HERE, GONE, KIM], JOINED),
    ("left, and it is over", _LEFT, [OVER, GONE], happenings.closed("transport.failure")),
    ("transferred to somebody", e.AgentTransferred(), [HERE, GONE, KIM], JOINED),
    ("transferred to the queue", e.AgentTransferred(), [HERE, GONE, LINE], e.AgentLeft()),
    ("transferred to nowhere yet", e.AgentTransferred(), [HERE, GONE], e.AgentTransferred()),
    ("closed after a talk", e.Closed("agent_closed"), [OVER, GONE], e.Closed("agent_closed")),
    (
        "closed before anybody came",
        e.Closed("agent_closed"),
        [OVER, party("agent", "disconnected")],
        e.Failed("unavailable", "it was ended there before an agent had it"),
    ),
    ("left by the user before anybody came", e.Closed("user_left"), [OVER], e.Closed("user_left")),
]


@pytest.mark.parametrize(
    ("fact", "parties", "expected"), [one[1:] for one in SETTLED], ids=[one[0] for one in SETTLED]
)
def test_doubtful_facts_are_held_against_the_conversation(
    fact: e.ProviderFact, parties: list[wire.Participant], expected: e.ProviderFact
) -> None:
    """A wrap-up is no end while somebody else has it, an offer is no join, a close without a human is no help."""
    assert people.settled(fact, wire.MessageConversation(parties)) == expected


PART = party("agent", "connected", id="p1", name="Kim", user=wire.Named("u-1"))
LOOKS: list[tuple[str, str, list[wire.Participant], looks.News | None]] = [
    ("nobody yet", "", [HERE, LINE], None),
    ("somebody took it", "", [HERE, PART], looks.News("p1", "look:p1:joined", JOINED)),
    ("the same one", "p1", [HERE, PART], None),
    ("parked by the same one", "p1", [HERE, msgspec.structs.replace(PART, state="parked")], None),
    ("another one", "p0", [HERE, PART], looks.News("p1", "look:p1:joined", JOINED)),
    ("in the queue again", "p1", [HERE, GONE, LINE], looks.News("", "look:p1:left", e.AgentLeft())),
    ("nobody left", "p1", [HERE, GONE], looks.News("", "look:p1:left", _LEFT)),
    (
        "over",
        "p1",
        [party("customer", "disconnected", id="c1", disconnect_type="peer"), GONE],
        looks.News("over", "look:c1:ended", e.Closed("agent_closed")),
    ),
    ("not there yet", "", [], None),
]


@pytest.mark.parametrize(
    ("told", "parties", "expected"), [one[1:] for one in LOOKS], ids=[one[0] for one in LOOKS]
)
def test_a_look_finds_what_no_event_told(
    told: str, parties: list[wire.Participant], expected: looks.News | None
) -> None:
    """Each change once, with an id that is the same when it is found again."""
    assert looks.news(wire.MessageConversation(parties), told, 10.0) == expected


# --- what we send


def said(text: str, author: Any = "user", **fields: Any) -> Message:
    """A message."""
    return Message("m1", 4, author, text, None, (), "2026-01-15T09:29:58.120Z", Delivery(), **fields)


def request(*transcript: Message, route: dict[str, Any] | None = None, **fields: Any) -> HandoverRequest:
    """A handover."""
    whole: dict[str, Any] = {
        "handover_id": "h1",
        "attempt": 1,
        "reason": None,
        "initiator": "bot",
        "conversation": Brief("c1", "web", "fr", "text"),
        "user": User("u1", "Ana de Silva", "ana@example.com", "+31201234567"),
        "context": {},
        "route": route or {},
        "transcript": list(transcript),
        **fields,
    }
    return HandoverRequest(**whole)


FILE = Attachment("f1", "meter.png", "image/png", 10, "https://here/f1")


def test_the_first_message_is_the_vendors() -> None:
    """A fresh user id with names, the time, the attributes under the names that the flow reads; nothing else."""
    whole = request(
        said("I need a person"),
        reason="billing",
        route={
            "language": "fr-FR",
            "skills": ["a", "b"],
            "priority": "5",
            "custom_attributes": {"vip": True},
        },
    )
    settings = changed(queue_id="q-1")
    id_ = wire.external_id(whole)
    (piece,) = wire.opening(whole, settings)
    sent = wire.inbound(
        wire.sender(whole.user, id_, settings),
        piece,
        "h1:1",
        "2026-01-15T09:29:58.120Z",
        attributes.of(whole, settings),
    )
    assert sent == {
        "channel": {
            "messageId": "h1:1",
            "from": {
                "id": "oh-h1-1",
                "idType": "Opaque",
                "nickname": "Ana de Silva",
                "firstName": "Ana",
                "lastName": "de Silva",
                "email": "ana@example.com",
            },
            "time": "2026-01-15T09:29:58.120Z",
            "metadata": {
                "customAttributes": {
                    "queueId": "q-1",
                    "myLanguage": "fr-FR",
                    "mySkills": "a,b",
                    "priority": "5",
                    "userId": "u1",
                    "phone": "+31201234567",
                    "reason": "billing",
                    "handoverId": "h1",
                    "vip": "1",
                }
            },
        },
        "text": "I need a person",
    }


def test_the_profile_can_be_kept_back() -> None:
    """With `send_profile` off only ids go along."""
    settings = changed(send_profile=False)
    assert wire.sender(request().user, "oh-h1-1", settings) == {"id": "oh-h1-1", "idType": "Opaque"}
    assert attributes.of(request(), settings) == {"userId": "u1", "handoverId": "h1"}


def test_every_attempt_has_a_user_id_of_its_own() -> None:
    """Or the vendor would go on with the conversation of the one before."""
    assert wire.external_id(request()) != wire.external_id(request(attempt=2))


def test_attributes_are_made_flat() -> None:
    """Nested objects by a dot, lists joined or numbered, booleans 1 and 0; what has no text is named."""
    given = {
        "order": {"id": 7, "total": 12.5, "lines": [{"sku": "a"}, {"sku": "b"}]},
        "tags": ["x", 2, True],
        "vip": True,
        "new": False,
        "none": [],
        "nothing": None,
        "inner": {"deep": None, "empty": {}},
    }
    assert attributes.flat(given, ".") == (
        {
            "order.id": "7",
            "order.total": "12.5",
            "order.lines.0.sku": "a",
            "order.lines.1.sku": "b",
            "tags": "x,2,1",
            "vip": "1",
            "new": "0",
            "none": "",
        },
        ["nothing", "inner.deep"],
    )
    assert attributes.of(request(route={"custom_attributes": '{"a": {"b": 1}, "c": null}'}), SETTINGS) == {
        "userId": "u1",
        "phone": "+31201234567",
        "handoverId": "h1",
        "a.b": "1",
        "skippedAttributes": "c",
    }


def test_attributes_that_do_not_fit_are_named() -> None:
    """What is over the limit is left out, what still fits goes along."""
    route = {"custom_attributes": {"long": "x" * 200, "short": "y"}}
    names = AttributeNames(user="", phone="", handover="")
    found = attributes.of(request(route=route), changed(max_attributes_bytes=100, attribute_names=names))
    assert found == {"short": "y", "skippedAttributes": "long"}


@pytest.mark.parametrize("given", ["{", "[1]", '"text"', "7", ["a"]])
def test_wrong_attributes_are_refused_before_anything_is_said(given: Any) -> None:
    """A text that is no JSON object is a configuration error that names the key."""
    assert "custom_attributes" in (provider().refuse({"custom_attributes": given}) or "")


@pytest.mark.parametrize("given", [None, "", " ", "{}", {}, '{"a": 1}', {"a": [1]}])
def test_right_attributes_are_fine(given: Any) -> None:
    """An object, its JSON, or nothing."""
    assert provider().refuse({"custom_attributes": given}) is None


TALK = [
    said("Hello"),
    said("Which?", "bot", buttons=(Button("A", "a"), Button("B", "b"))),
    said("", metadata={"x": 1}),
    msgspec.structs.replace(said(""), attachments=(FILE,)),
    msgspec.structs.replace(said("Bonjour"), translation=Translation("en", "Good day")),
]


def test_the_transcript_is_one_message() -> None:
    """Who said what, files as links, in the agent's language; empty ones are left out, unsupported ones if wanted."""
    lines = ["User: Hello", "Bot: Which?\n[A] [B]", "User: meter.png: https://here/f1", "User: Good day"]
    assert wire.opening(request(*TALK), SETTINGS) == [wire.Piece("\n".join(lines))]
    plain = changed(transcript_skip_unsupported=True)
    assert wire.opening(request(*TALK), plain) == [wire.Piece("\n".join([*lines[:2], lines[3]]))]
    all_ = changed(transcript_skip_empty=False)
    assert wire.opening(request(*TALK), all_) == [wire.Piece("\n".join([*lines[:2], "User: ", *lines[2:]]))]


def test_a_handover_without_words_says_why() -> None:
    """The reason, else the configured sentence: the vendor begins nothing without a text."""
    assert wire.opening(request(reason="billing"), SETTINGS) == [wire.Piece("billing")]
    assert wire.opening(request(), SETTINGS) == [wire.Piece("The user asks for a person.")]


def test_long_texts_are_cut_between_words() -> None:
    """Each part within the limit, the files with the last one."""
    parts = wire.pieces(
        msgspec.structs.replace(said("one two three"), attachments=(FILE,)), changed(max_text=8)
    )
    assert parts == [wire.Piece("one two"), wire.Piece("three", (FILE,))]


def test_a_large_file_goes_as_a_link() -> None:
    """Over the limit it would be refused."""
    large = msgspec.structs.replace(FILE, size=26 * 1024 * 1024)
    message = msgspec.structs.replace(said(""), attachments=(FILE, large))
    assert wire.pieces(message, SETTINGS) == [wire.Piece("meter.png: https://here/f1", (FILE,))]


def test_somebody_elses_words_say_whose_they_are() -> None:
    """All messages go in the user's name there."""
    assert wire.pieces(said("Your order is 7", "bot"), SETTINGS) == [wire.Piece("Bot: Your order is 7")]
    assert wire.pieces(said("", metadata={"x": 1}), SETTINGS) == [wire.Piece("(a message without text)")]


@pytest.mark.parametrize(
    ("mime", "media"),
    [
        ("image/png", "Image"),
        ("video/mp4", "Video"),
        ("audio/ogg", "Audio"),
        ("application/pdf", "File"),
        ("", "File"),
    ],
)
def test_a_file_has_its_media_type(mime: str, media: str) -> None:
    """By its MIME type, which is required there."""
    file = msgspec.structs.replace(FILE, content_type=mime)
    sent = wire.inbound({"id": "x"}, wire.Piece("", (file,)), "k", "t", {})
    attachment = {
        "mediaType": media,
        "url": "https://here/f1",
        "mime": mime or "application/octet-stream",
        "filename": "meter.png",
    }
    assert sent == {
        "channel": {"messageId": "k", "from": {"id": "x"}, "time": "t"},
        "content": [{"attachment": attachment}],
    }


SESSION = Session("h1", 1, "oh-h1-1")


def test_a_dry_run_shows_the_first_message() -> None:
    """Address and body, without a secret and without a call."""
    shown = provider().preview(request(said("I need a person"), route={"language": "fr"}))
    assert shown.startswith(
        "POST https://api.mypurecloud.ie/api/v2/conversations/messages/11111111-2222-4333-8444-555555555555/inbound/open/"
    )
    for part in ('"text": "I need a person"', '"myLanguage": "fr"', '"id": "oh-h1-1"'):
        assert part in shown
    assert "secret" not in shown


def test_typing_and_receipts_are_the_vendors() -> None:
    """Typing has a sender, a receipt a receiver; a receipt of ours is the last one."""
    assert wire.typing(SESSION, "t") == {
        "channel": {"from": {"id": "oh-h1-1", "idType": "Opaque"}, "time": "t"},
        "events": [{"eventType": "Typing"}],
    }
    delivered = {
        "id": "m1",
        "channel": {"to": {"id": "oh-h1-1"}, "time": "t"},
        "status": "Delivered",
        "isFinalReceipt": True,
    }
    assert wire.receipt(SESSION, "m1", delivered=True, time="t") == delivered
    reasons = [{"code": "GeneralError", "message": "The user's channel did not take it"}]
    failed = {**delivered, "status": "Failed", "reasons": reasons}
    assert wire.receipt(SESSION, "m1", delivered=False, time="t") == failed


def test_times_grow_and_repeats_have_their_own() -> None:
    """Each message later than the one before, also when ours came in the same millisecond; a repeat has its first time."""
    times, at = Times(), "2026-01-15T09:29:58.120Z"
    assert times.of("s", "a", at, 2) == ["2026-01-15T09:29:58.120Z", "2026-01-15T09:29:58.121Z"]
    assert times.of("s", "a", at, 2) == ["2026-01-15T09:29:58.120Z", "2026-01-15T09:29:58.121Z"]
    assert times.of("s", "b", at) == ["2026-01-15T09:29:58.122Z"]
    assert times.of("s", "c", "2026-01-15T10:29:59+01:00") == ["2026-01-15T09:29:59.000Z"]
    assert times.of("other", "a", at) == [at]


# --- answers


def answer(raw: bytes) -> Reply:
    """What the vendor answered."""
    return Reply(200, {}, raw)


@pytest.mark.parametrize(
    ("raw", "wait_ms"),
    [
        (b'{"results":[]}', None),
        (b'{"results":[{"formula":"SIMPLE","estimatedWaitTimeSeconds":95}]}', 95_000),
        (
            b'{"results":[{"formula":"SIMPLE","estimatedWaitTimeSeconds":9},{"formula":"BEST","estimatedWaitTimeSeconds":5}]}',
            5_000,
        ),
        (b'{"results":[{"formula":"BEST","estimatedWaitTimeSeconds":-1}]}', None),
    ],
)
def test_the_best_prediction_counts(raw: bytes, wait_ms: int | None) -> None:
    """Seconds there, milliseconds here; nothing, or less than nothing, is not known."""
    assert wire.estimated_wait_ms(answer(raw)) == wait_ms


def test_people_who_can_take_something_count() -> None:
    """Idle or busy with somebody; not those who do not respond, nor conversations."""
    raw = (
        b'{"results":[{"group":{"queueId":"q"},"data":['
        b'{"metric":"oOnQueueUsers","qualifier":"IDLE","stats":{"count":2}},'
        b'{"metric":"oOnQueueUsers","qualifier":"INTERACTING","stats":{"count":1}},'
        b'{"metric":"oOnQueueUsers","qualifier":"NOT_RESPONDING","stats":{"count":4}}]},'
        b'{"group":{"queueId":"q","mediaType":"message"},"data":[{"metric":"oWaiting","stats":{"count":4}}]}]}'
    )
    assert wire.available(answer(raw), 5_000) == Availability(True, 3, estimated_wait_ms=5_000)
    assert wire.available(answer(b'{"results":[]}'), None) == Availability(False, 0)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"code":"missing.permissions","contextId":"7d2c-1"}', ("missing.permissions", "7d2c-1")),
        (b'{"code":"not.found","contextId":null}', ("not.found", "")),
        (b'{"code":"a secret text","contextId":"7d2c-1"}', ("", "7d2c-1")),
        (b"<html>", ("", "")),
        (b"", ("", "")),
    ],
)
def test_what_an_error_may_be_shown_of(raw: bytes, found: tuple[str, str]) -> None:
    """Its code and the id for the vendor's support; never a sentence, which may repeat what was said."""
    assert wire.error_of(answer(raw)) == found


# --- settings


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("eu-west-1", "mypurecloud.ie"),
        ("ap-southeast-2", "mypurecloud.com.au"),
        ("mypurecloud.de", "mypurecloud.de"),
        ("login.euw2.pure.cloud", "euw2.pure.cloud"),
        ("https://apps.usw2.pure.cloud/", "usw2.pure.cloud"),
        (" API.mypurecloud.JP", "mypurecloud.jp"),
    ],
)
def test_a_region_by_either_name(region: str, domain: str) -> None:
    """The AWS region or the domain, as copied from wherever it stood."""
    settings = changed(region=region)
    assert (settings.api, settings.login) == (f"https://api.{domain}", f"https://login.{domain}")


def test_looking_is_for_who_has_no_events() -> None:
    """Every 15 seconds without them, once with them; a number says it outright."""
    none = changed(events_key=None)
    assert (none.looks_every_s, SETTINGS.looks_every_s, changed(look_every_s=5.0).looks_every_s) == (15, 0, 5)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"region": "europe"}, "region"),
        ({"region": "eu west 1"}, "region"),
        ({"client_secret": ""}, "client_secret"),
        ({"webhook_secret": "too-short"}, "webhook_secret"),
        ({"events_key": ""}, "events_key"),
        ({"integration_id": "a/b"}, "integration_id"),
        ({"max_text": 0}, "max_text"),
        ({"region": "eu-west-1", "deployment": "x"}, "deployment"),
    ],
)
def test_wrong_settings_are_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    """When the file is read, not when the first handover fails."""
    given = {
        "region": "eu-west-1",
        "client_id": "c",
        "client_secret": "s",
        "integration_id": "i",
        "webhook_secret": SECRET,
        **wrong,
    }
    with pytest.raises(msgspec.ValidationError, match=named):
        msgspec.convert(given, Settings, dec_hook=lambda kind, value: kind(value))
