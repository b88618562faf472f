"""Our messages become Genesys Cloud's bodies, exactly. No network."""

from typing import Any

import msgspec
import pytest

from openhandover.core.model import Attachment, Button, Delivery, Message, Translation, User
from openhandover.providers.base import Brief, HandoverRequest
from openhandover.providers.genesys import attributes, wire
from openhandover.providers.genesys.settings import AttributeNames
from openhandover.providers.genesys.times import Times

from .samples import SESSION, SETTINGS, changed, provider


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
