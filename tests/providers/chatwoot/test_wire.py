"""A handover and its messages become exact JSON; settings and routes that cannot work are refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from openhandover.core.model import Attachment, Button, Delivery, Message, User
from openhandover.core.settings import Secret
from openhandover.providers.base import Brief, HandoverRequest
from openhandover.providers.chatwoot import wire
from openhandover.providers.chatwoot.hours import closed_until
from openhandover.providers.chatwoot.settings import Settings


def settings(**changes: Any) -> Settings:
    """Settings of an account whose webhooks are signed."""
    given: dict[str, Any] = {
        "base_url": "https://chat.example.org",
        "account_id": 1,
        "api_token": Secret("token"),
        "inbox_id": 3,
        "webhook_secret": Secret("wh_secret_Abc123"),
    }
    return Settings(**given | changes)


# --- settings and route --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"webhook_secret": None}, "webhook_secret"),
        ({"webhook_token": "short"}, "webhook_token"),
        ({"webhook_token": "with&signs&that&addresses&have"}, "webhook_token"),
        ({"api_token": ""}, "api_token"),
        ({"api_token": "two\nlines"}, "api_token"),
        ({"skill_teams": {"billing": 0}}, "skill_teams"),
    ],
)
def test_settings_that_cannot_work(wrong: dict[str, Any], said: str) -> None:
    """They are refused with the name of the setting, and without a secret's value."""
    with pytest.raises(ValueError, match=said) as refused:
        settings(**wrong)
    assert "two\nlines" not in str(refused.value)


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ({}, None),
        ({"inbox_id": "7", "team_id": "", "priority": "urgent"}, None),
        ({"inbox_id": "sales"}, "inbox_id"),
        ({"team_id": "²"}, "team_id"),
        ({"priority": "asap"}, "priority"),
    ],
)
def test_routes_that_cannot_work(route: dict[str, Any], said: str | None) -> None:
    """They are refused before anything is said."""
    found = wire.wrong(route)
    assert found is None if said is None else said in (found or "")


def test_what_a_route_becomes() -> None:
    """Skills and languages are labels and attributes, and a skill may name a team."""
    route = {
        "skills": ["Billing NL", ""],
        "languages": ["nl"],
        "priority": "high",
        "labels": ["VIP"],
        "custom_attributes": {"order": "A-1", "empty": ""},
    }
    found = wire.plan(settings(skill_teams={"Billing NL": 9}), route)
    attributes = {"skills": "Billing NL", "languages": "nl", "order": "A-1"}
    assert found == wire.Plan(3, 9, "high", ("vip", "billing-nl", "nl"), attributes)


def test_what_a_route_says_goes_first() -> None:
    """Its inbox and team replace the provider's."""
    route = {"inbox_id": "7", "team_id": "8", "skills": ["a"]}
    found = wire.plan(settings(team_id=1, skill_teams={"a": 2}, skills_as="labels"), route)
    assert found == wire.Plan(7, 8, "none", ("a",), {})
    assert wire.plan(settings(team_id=1, skills_as="attributes"), {"skills": ["a"]}) == wire.Plan(
        3, 1, "none", (), {"skills": "a"}
    )


# --- what we send --------------------------------------------------------------------------------------------


def message(author: Any, text: str, **more: Any) -> Message:
    """A message of ours."""
    given: dict[str, Any] = {
        "id": "m1",
        "seq": 1,
        "translation": None,
        "attachments": (),
        "at": "2026-02-01T10:00:00Z",
    }
    return Message(author=author, text=text, delivery=Delivery(), **given | more)


def request(*transcript: Message, **changes: Any) -> HandoverRequest:
    """A handover of Ada's."""
    given: dict[str, Any] = {
        "handover_id": "h/1",
        "attempt": 1,
        "reason": "wants a refund",
        "initiator": "bot",
        "conversation": Brief("c1", "web", "nl", "text"),
        "user": User(
            "customer-7", "Ada", "ada@example.org", "+31201234567", {"tier": "gold", "deep": {"x": 1}}
        ),
        "context": {},
        "route": {},
        "transcript": transcript,
    }
    return HandoverRequest(**given | changes)


def test_a_contact() -> None:
    """Known by our id; only plain attributes go along."""
    assert wire.contact(request().user, 3) == {
        "inbox_id": 3,
        "identifier": "customer-7",
        "name": "Ada",
        "email": "ada@example.org",
        "phone_number": "+31201234567",
        "custom_attributes": {"tier": "gold"},
    }
    assert wire.contact(User("x"), 3) == {"inbox_id": 3, "identifier": "x"}


def test_a_conversation() -> None:
    """One source id for each attempt, fit for a path whatever the handover is called."""
    source = wire.source_id("h/1", 1)
    plan = wire.plan(settings(team_id=9), {"skills": ["a"]})
    assert wire.conversation(request(), plan, 7) == {
        "source_id": source,
        "inbox_id": 3,
        "contact_id": 7,
        "status": "open",
        "custom_attributes": {"handover_id": "h/1", "skills": "a"},
        "additional_attributes": {"openhandover": source, "conversation_language": "nl"},
        "team_id": 9,
    }
    assert source.removeprefix("oh-").isalnum()
    assert source == wire.source_id("h/1", 1) != wire.source_id("h/1", 2)


def test_the_opening_note() -> None:
    """Who said what, with files as links; nobody is called by a mention in it."""
    file = Attachment("f", "bill.pdf", "application/pdf", 1, "https://ours.example/f")
    said = message("user", "[@Kim](mention://user/5/Kim) help", author_name="Ada", attachments=(file,))
    assert wire.opening_notes(request(said, message("bot", "Sure"))) == [
        "Handover h/1 from channel web\nReason: wants a refund\n\n"
        "Ada: [@Kim](mention: //user/5/Kim) help\nbill.pdf: https://ours.example/f\nBot: Sure"
    ]
    assert wire.opening_notes(request(reason=None)) == ["Handover h/1 from channel web"]


def test_a_long_talk_is_several_notes() -> None:
    """Nothing of it is cut off."""
    notes = wire.opening_notes(request(message("user", "ж" * 250_000)))
    assert [len(note) <= wire.NOTE_CHARS for note in notes] == [True, True, True]
    assert "".join(notes).count("ж") == 250_000


def test_messages() -> None:
    """The user's words are the contact's, everything else is private."""
    ours = wire.message_reference(message("user", "Hi"))
    assert wire.incoming("Hi", ours) == {
        "content": "Hi",
        "message_type": "incoming",
        "private": False,
        "source_id": "oh-user:m1",
    }
    assert wire.message_id(ours) == "m1"
    assert (wire.message_id("oh-123"), wire.message_id(None)) == (None, None)
    said = wire.bot_said(message("bot", "Which?", buttons=(Button("A", "a"), Button("B", "b"))))
    assert wire.note(said, "oh-2") == {
        "content": "Bot: Which?\n[A]\n[B]",
        "message_type": "outgoing",
        "private": True,
        "source_id": "oh-2",
    }


def test_a_form_with_files() -> None:
    """The same bytes for the same message, and a name that cannot break out of its header."""
    kind, body = wire.message_form(
        wire.incoming("Look", "oh-1"), [wire.File('a"b\r\n.png', "image/png", b"\x89PNG\r\n--")]
    )
    boundary = kind.partition("boundary=")[2]
    lines = [
        f"--{boundary}",
        'Content-Disposition: form-data; name="content"',
        "",
        "Look",
        f"--{boundary}",
        'Content-Disposition: form-data; name="message_type"',
        "",
        "incoming",
        f"--{boundary}",
        'Content-Disposition: form-data; name="private"',
        "",
        "false",
        f"--{boundary}",
        'Content-Disposition: form-data; name="source_id"',
        "",
        "oh-1",
        f"--{boundary}",
        'Content-Disposition: form-data; name="attachments[]"; filename="a_b_.png"',
        "Content-Type: image/png",
        "",
    ]
    assert body == "\r\n".join(lines).encode() + b"\r\n\x89PNG\r\n--\r\n" + f"--{boundary}--\r\n".encode()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("user_cancelled", "The user cancelled the handover."),
        ("user_left", "The user left before anybody answered."),
        ("queue_timeout", "The handover was cancelled: queue_timeout."),
    ],
)
def test_why_it_was_withdrawn(reason: str, said: str) -> None:
    """Agents read a sentence."""
    assert wire.withdrawn(reason) == said


# --- working hours -------------------------------------------------------------------------------------------

NINE_TO_FIVE = [
    wire.Day(day, open_hour=9, open_minutes=0, close_hour=17, close_minutes=0) for day in range(1, 6)
]


@pytest.mark.parametrize(
    ("at", "opens_at"),
    [
        ("2026-02-02T08:00:00+00:00", None),  # a Monday, nine o'clock in Amsterdam
        ("2026-02-02T07:59:59+00:00", "2026-02-02T08:00:00Z"),
        ("2026-02-02T16:00:00+00:00", "2026-02-03T08:00:00Z"),
        ("2026-02-07T12:00:00+00:00", "2026-02-09T08:00:00Z"),  # a Saturday
    ],
)
def test_working_hours(at: str, opens_at: str | None) -> None:
    """In the inbox's time zone, over the week-end to the next opening."""
    inbox = wire.Inbox(3, working_hours_enabled=True, timezone="Europe/Amsterdam", working_hours=NINE_TO_FIVE)
    assert closed_until(inbox, datetime.fromisoformat(at)) == opens_at


@pytest.mark.parametrize(
    ("inbox", "found"),
    [
        (wire.Inbox(3, working_hours=NINE_TO_FIVE), None),
        (wire.Inbox(3, working_hours_enabled=True), ""),
        (wire.Inbox(3, working_hours_enabled=True, timezone="Nowhere/At all"), None),
        (wire.Inbox(3, working_hours_enabled=True, working_hours=[wire.Day(0, open_all_day=True)]), None),
        (wire.Inbox(3, working_hours_enabled=True, working_hours=[wire.Day(0, closed_all_day=True)]), ""),
    ],
)
def test_working_hours_that_are_none(inbox: wire.Inbox, found: str | None) -> None:
    """Switched off and unreadable count as open, an empty week as closed for good."""
    assert closed_until(inbox, datetime(2026, 2, 1, 12, tzinfo=UTC)) == found  # a Sunday
