"""Frames of the web chat, and what of our events a visitor sees."""

import json
from typing import Any

import msgspec
import pytest

from openhandover.channels.webchat import protocol as p
from openhandover.channels.webchat.visible import frame_for, shown_handover
from openhandover.core import view
from openhandover.core.errors import Refused
from openhandover.core.model import (
    Agent,
    Attempt,
    Conversation,
    Handover,
    Queue,
    QueueRules,
    Rating,
    Settings,
    Status,
    Target,
    User,
)


def handover(status: Status, **settings: Any) -> Handover:
    """A handover in this status with these step settings."""
    return Handover(
        id="ho_1",
        conversation_id="cv_1",
        chain=(Target("secret_desk"),),
        settings=Settings(**settings),
        initiator="bot",
        requested_at=0,
        requested_seq=1,
        lane=1,
        status=status,
        attempts=(Attempt("secret_desk", 0, external_id="vendor-7"),),
        agent=Agent("anna", "Anna", "https://desk.example/anna.png"),
        queue=Queue(2, 60_000),
    )


def seen(state: Handover) -> dict[str, Any]:
    """The visitor's view of a handover, as JSON."""
    return json.loads(msgspec.json.encode(shown_handover(view.handover(state), state)))


def event(kind: str, data: Any) -> dict[str, Any]:
    """An event as the feed gives it."""
    raw = msgspec.Raw(json.dumps(data).encode())
    head = {"id": "cv_1:3", "seq": 3, "type": kind, "conversation_id": "cv_1"}
    return {**head, "floor": "bot", "epoch": 1, "at": "2026-01-01T00:00:00Z", "data": raw}


MESSAGE = {
    "id": "m1",
    "seq": 3,
    "author": "agent",
    "author_name": "Anna",
    "text": "Hello",
    "translation": None,
    "attachments": [],
    "at": "2026-01-01T00:00:00Z",
    "delivery": {"state": "pending", "attempts": 0},
    "external_id": "vendor-message-9",
}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "bad_json"),
        ("{", "bad_json"),
        ('{"type":"typing","on":"\ud800"}', "bad_json"),
        (b"\xff\xfe", "bad_json"),
        ('{"x":' + "[" * 60_000, "bad_json"),
        ("[]", "invalid"),
        ("{}", "invalid"),
        ('{"type":"<script>"}', "invalid"),
        ('{"type":"typing"}', "invalid"),
        ('{"type":"ack","seq":-1}', "invalid"),
        ('{"type":"ack","seq":1e400}', "invalid"),
        ('{"type":"message","id":"short","text":"x"}', "invalid"),
        ('{"type":"message","id":"a b c d e f","text":"x"}', "invalid"),
        ('{"type":"message","id":"12345678","text":""}', "invalid"),
        ('{"type":"rating","handover_id":"h","score":6}', "invalid"),
        (json.dumps({"type": "message", "id": "12345678", "text": "x" * 32_769}), "too_large"),
        (
            json.dumps({"type": "message", "id": "12345678", "text": "\u20ac" * 11_000}, ensure_ascii=False),
            "too_large",
        ),
        (json.dumps({"type": "message", "id": "12345678", "text": "x" * 70_000}), "too_large"),
    ],
)
def test_a_bad_frame_is_refused_with_its_code(raw: str | bytes, code: str) -> None:
    """Whatever a page sends, it gets a code and not a broken socket; the sentence never repeats what was sent."""
    with pytest.raises(Refused) as caught:
        p.read_frame(raw)
    assert caught.value.code == code
    assert "<script>" not in caught.value.detail


def test_a_newer_page_may_say_more() -> None:
    """A field that we do not know is ignored, so that pages and servers need not be updated together."""
    assert p.read_frame('{"type":"ack","seq":4,"tab":"x"}') == p.Ack(4)


def test_texts_are_not_changed() -> None:
    """Spaces, lines, emoji and direction marks arrive as they were written."""
    text = " \u202eabc\n\n\U0001f44d\u200d \t"
    frame = p.read_frame(json.dumps({"type": "message", "id": "12345678", "text": text}))
    assert isinstance(frame, p.Message)
    assert frame.text == text


def test_a_refusal_names_its_message() -> None:
    """A page can tell which of its messages was refused, also when the rest of the frame does not fit."""
    raw = '{"type":"message","id":"12345678","text":5}'
    with pytest.raises(Refused) as caught:
        p.read_frame(raw)
    assert p.refused(caught.value, p.message_id_of(raw))["id"] == "12345678"


def test_half_a_character_is_refused_by_name() -> None:
    """A text cut in the middle of an emoji is no text; its page is told which message that was."""
    raw = '{"type":"message","id":"12345678","text":"\\ud83d"}'
    with pytest.raises(Refused) as caught:
        p.read_frame(raw)
    assert p.refused(caught.value, p.message_id_of(raw)) == {
        "type": "refused",
        "id": "12345678",
        "code": "bad_json",
        "detail": caught.value.detail,
    }


def test_the_visitor_sees_a_message_without_vendor_fields() -> None:
    """Only listed fields leave the server."""
    frame = frame_for(event("message.created", MESSAGE), None)
    assert frame is not None
    shown = json.loads(msgspec.json.encode(frame))
    assert shown["event"]["data"] == {
        "id": "m1",
        "seq": 3,
        "author": "agent",
        "author_name": "Anna",
        "text": "Hello",
        "attachments": [],
        "at": "2026-01-01T00:00:00Z",
        "delivery": {"state": "pending", "attempts": 0},
    }


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("message.created", {**MESSAGE, "to": "agent"}),
        ("event.triggered", {"event": "x"}),
        ("user.disconnected", {}),
        ("call.say", {"text": "x"}),
        ("something.new", {}),
        ("typing.started", {"author": "user"}),
    ],
)
def test_what_is_not_for_visitors_stays_here(kind: str, data: Any) -> None:
    """Notes, internal events, unknown events and the visitor's own typing are not shown."""
    assert frame_for(event(kind, data), None) is None


def test_a_handover_tells_nothing_of_the_contact_centre() -> None:
    """Provider names, vendor ids, the agent's id and errors are not the visitor's business."""
    state = handover(Status.ACTIVE)
    conversation = Conversation("cv_1", "web", User("u"), 0, handover=state)
    frame = frame_for(
        event("handover.active", json.loads(msgspec.json.encode(view.handover(state)))), conversation
    )
    text = msgspec.json.encode(frame).decode()
    assert '"name":"Anna"' in text
    assert not any(word in text for word in ("secret_desk", "vendor-7", '"anna"', "attempts"))


def test_the_queue_is_shown_as_the_step_says() -> None:
    """Position and wait are told only where the step tells them."""
    both = handover(Status.QUEUED, queue=QueueRules(position=True, estimated_wait=True))
    neither = handover(Status.QUEUED)
    assert seen(both)["queue"] == {"position": 2, "estimated_wait_ms": 60_000, "alternative_text": None}
    assert seen(neither)["queue"] == {"position": None, "estimated_wait_ms": None, "alternative_text": None}


@pytest.mark.parametrize(
    ("status", "while_active", "may"),
    [
        (Status.REQUESTED, False, True),
        (Status.QUEUED, False, True),
        (Status.ACTIVE, False, False),
        (Status.ACTIVE, True, True),
        (Status.COMPLETED, True, False),
    ],
)
def test_the_cancel_button_is_there_while_it_works(status: Status, while_active: bool, may: bool) -> None:
    """`cancel.while` decides how long the visitor may withdraw by the button."""
    state = handover(status, cancel_button="Never mind", cancel_while_active=while_active)
    assert seen(state)["cancel"] == ({"text": "Never mind"} if may else None)


def test_a_rating_is_asked_for_once() -> None:
    """Asked after `completed` where the step asks, and not again once it was given."""
    done = handover(Status.COMPLETED, rating_text="How was it?")
    assert seen(done)["rating"] == {"text": "How was it?"}
    assert seen(handover(Status.CANCELLED, rating_text="How was it?"))["rating"] is None
    assert seen(handover(Status.COMPLETED))["rating"] is None
    assert seen(msgspec.structs.replace(done, rating=Rating(5)))["rating"] is None
