"""Chatwoot's webhooks become exact facts, and only those that prove who sent them."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.errors import NotJsonError, PayloadError, SignatureError
from openhandover.core.model import Agent, Attachment
from openhandover.core.settings import Secret
from openhandover.providers.base import WebhookRequest
from openhandover.providers.chatwoot.settings import Settings
from openhandover.providers.chatwoot.signature import verify
from openhandover.providers.chatwoot.webhooks import Reader

FIXTURES = Path(__file__).parent / "fixtures"
NOW = 1767225600.0
GRACE = Agent("5", "Grace", "https://chat.example.org/grace.png")


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


def webhook(body: bytes, headers: dict[str, str] | None = None, **query: str) -> WebhookRequest:
    """A webhook as it arrives."""
    return WebhookRequest("POST", headers or {}, query, body, NOW)


def facts(name: str, **changes: Any) -> list[e.FromProvider]:
    """What a fixture says, read with these settings."""
    body = (FIXTURES / f"{name}.json").read_bytes()
    return list(Reader("vendor", settings(**changes)).read(webhook(body)))


def fact(name: str, **changes: Any) -> e.ProviderFact | None:
    """The one fact in a fixture, or None."""
    found = facts(name, **changes)
    assert len(found) <= 1
    if not found:
        return None
    assert found[0].provider == "vendor"
    assert found[0].external_id == "42"
    return found[0].fact


# --- messages ------------------------------------------------------------------------------------------------


def test_an_agents_message() -> None:
    """Name for users and picture come from wherever the webhook has them."""
    (event,) = facts("message_created__agent")
    assert event.fact == e.AgentMessage("Hello, Grace here", "9001", (), GRACE)
    assert (event.event_id, event.external_id) == ("message:9001", "42")
    assert event.at == datetime(2026, 2, 1, 10, 0, 5, tzinfo=UTC).timestamp()


def test_a_message_of_an_agent_who_is_not_assigned() -> None:
    """The picture is that of the one who wrote, not of the one who has the conversation."""
    found = fact("message_created__agent_not_assigned")
    assert isinstance(found, e.AgentMessage)
    assert found.agent == Agent("6", "Lee", "https://chat.example.org/lee.png")


def test_an_agents_file() -> None:
    """A file without words has the name that its address ends with."""
    url = "https://chat.example.org/rails/active_storage/blobs/redirect/x--1/plan%20b.png"
    file = Attachment("message:9001:0", "plan b.png", "image/png", 1234, url)
    assert fact("message_created__file") == e.AgentMessage("", "9001", (file,), GRACE)


def test_a_location() -> None:
    """What is no file is told in words."""
    assert fact("message_created__location") == e.AgentMessage("Office 52.1,4.3", "9001", (), GRACE)


def test_types_as_numbers() -> None:
    """A type is understood however it is written."""
    assert fact("message_created__number_type") == fact("message_created__agent")


@pytest.mark.parametrize(
    "case", ["note", "own_note", "echo", "own_outgoing", "activity", "empty", "foreign", "other_account"]
)
def test_what_users_do_not_see(case: str) -> None:
    """Private notes, our own words, activity lines, and other people's conversations."""
    assert facts(f"message_created__{case}", automatic_messages=True, csat_survey=True) == []


def test_a_greeting() -> None:
    """It is shown, and nobody has joined by it."""
    said = e.AgentMessage("We will be with you shortly.", "9001", automatic=True)
    assert fact("message_created__greeting") == said
    assert fact("message_created__greeting", automatic_messages=False) is None


def test_an_agent_bots_form() -> None:
    """A bot is no agent; its choices are lines of text."""
    said = e.AgentMessage("Pick one\n- Invoices\n- Returns", "9001", automatic=True)
    assert fact("message_created__agent_bot") == said
    assert fact("message_created__agent_bot", automatic_messages=False) is None


def test_the_survey() -> None:
    """The link is for those who want it, whatever else is shown."""
    assert fact("message_created__csat") is None
    shown = fact("message_created__csat", csat_survey=True, automatic_messages=False)
    assert isinstance(shown, e.AgentMessage)
    assert shown.automatic


def test_an_update_of_a_message_is_the_message_again() -> None:
    """It has the same id, so that it counts only where the first webhook was lost."""
    assert facts("message_updated__status")[0].event_id == facts("message_created__agent")[0].event_id
    assert fact("message_updated__status") == fact("message_created__agent")
    assert fact("message_updated__deleted") is None


# --- who is there --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("conversation_updated__assigned", e.AgentJoined(GRACE)),
        ("conversation_updated__assigned_since_changed", e.AgentJoined(Agent("6"))),
        ("conversation_updated__assigned_after_reply", e.AgentJoined(Agent("6"))),
        ("conversation_updated__unassigned", e.AgentLeft()),
        ("conversation_updated__to_team", e.AgentTransferred()),
        ("conversation_updated__team_only", None),
        ("conversation_updated__labels", None),
        ("conversation_created__waiting", None),
        ("conversation_created__agent_bot", None),
        ("conversation_created__assigned", e.AgentJoined(GRACE)),
        ("conversation_typing_on__agent", e.AgentTyping(True)),
        ("conversation_typing_off__agent", e.AgentTyping(False)),
        ("conversation_typing_on__user", None),
        ("conversation_typing_on__note", None),
        ("webwidget_triggered__widget", None),
        ("contact_updated__name", None),
        ("conversation_opened__agent_bot", None),
    ],
)
def test_who_is_there(name: str, found: e.ProviderFact | None) -> None:
    """Assigned is joined, unassigned is left, to a team is transferred; typing only of humans in the open."""
    assert fact(name) == found


def test_joined_by_the_first_word() -> None:
    """Where the inbox assigns by itself, assignments count only after somebody has answered."""
    for name in ("conversation_updated__assigned", "conversation_updated__unassigned"):
        assert fact(name, joined_when="replied") is None
    after = fact("conversation_updated__assigned_after_reply", joined_when="replied")
    assert after == e.AgentJoined(Agent("6"))


def test_the_same_change_has_the_same_id() -> None:
    """Webhooks of the inbox and of the account about one thing count once, about two things twice."""
    ids = [
        facts(f"conversation_updated__{case}")[0].event_id for case in ("assigned", "assigned", "unassigned")
    ]
    assert ids[0] == ids[1] != ids[2]


def test_typing_is_news_each_time() -> None:
    """The same webhook at another time is another event."""
    body = (FIXTURES / "conversation_typing_on__agent.json").read_bytes()
    reader = Reader("vendor", settings())
    first, again = (
        reader.read(WebhookRequest("POST", {}, {}, body, at))[0].event_id for at in (NOW, NOW + 1)
    )
    assert first != again


# --- the end -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("conversation_status_changed__resolved", True),
        ("conversation_status_changed__abandoned", True),
        ("conversation_status_changed__pending", True),
        ("conversation_status_changed__snoozed", False),
        ("conversation_status_changed__open", False),
        ("conversation_updated__resolved", True),
        ("conversation_updated__reopened_since", False),
        ("conversation_resolved__agent_bot", True),
    ],
)
def test_the_end(name: str, ends: bool) -> None:
    """Resolved, abandoned and pending end it; snoozed is a pause."""
    assert fact(name) == (e.Closed("agent_closed") if ends else None)


def test_pending_may_be_a_pause() -> None:
    """As in Cognigy Live Agent."""
    name = "conversation_status_changed__pending"
    assert fact(name, end_statuses=("resolved", "abandoned")) is None


def test_all_that_tell_of_one_end_have_one_id() -> None:
    """Three webhooks about the same end are one."""
    names = (
        "conversation_status_changed__resolved",
        "conversation_updated__resolved",
        "conversation_resolved__agent_bot",
    )
    assert {facts(name)[0].event_id for name in names} == {"ended:42:resolved"}


# --- what cannot be read -------------------------------------------------------------------------------------


def test_an_unknown_event_is_kept() -> None:
    """Kinds that no page mentions are told as such, with the conversation they name."""
    assert fact("conversation_mood_changed__unknown") == e.Unknown("conversation_mood_changed")


def test_a_body_that_is_none() -> None:
    """What is missing is said by its place, what is no JSON as such."""
    reader = Reader("vendor", settings())
    with pytest.raises(PayloadError, match="event"):
        reader.read(webhook(b"{}"))
    with pytest.raises(PayloadError, match="conversation"):
        reader.read(webhook(b'{"event":"message_created","id":1}'))
    with pytest.raises(NotJsonError):
        reader.read(webhook(b"event=message_created"))


def test_a_body_of_100_kilobytes() -> None:
    """A long text arrives whole."""
    body = json.loads((FIXTURES / "message_created__agent.json").read_bytes())
    body["content"] = "ж" * 100_000
    (event,) = Reader("vendor", settings()).read(webhook(json.dumps(body).encode()))
    assert isinstance(event.fact, e.AgentMessage)
    assert event.fact.text == "ж" * 100_000


# --- the proof -----------------------------------------------------------------------------------------------

BODY = b'{"event":"conversation_status_changed","id":42,"status":"resolved"}'
SIGNATURE = "sha256=7e245b3f95a8990f3b1c397235b99a25b3c6fc648d27259f260d77bb6e441af3"
SIGNED = {"x-chatwoot-timestamp": "1767225600", "x-chatwoot-signature": SIGNATURE}


def test_a_known_signature() -> None:
    """Secret, timestamp, body and signature of an example computed elsewhere."""
    verify(settings(), webhook(BODY, SIGNED))


def test_two_secrets_while_one_is_changed() -> None:
    """The old one counts as long as it is configured."""
    verify(settings(webhook_secret="new", old_webhook_secret="wh_secret_Abc123"), webhook(BODY, SIGNED))
    with pytest.raises(SignatureError):
        verify(settings(webhook_secret="new"), webhook(BODY, SIGNED))


@pytest.mark.parametrize(
    "change",
    [
        {"x-chatwoot-signature": "sha256=" + "0" * 64},
        {"x-chatwoot-signature": SIGNATURE.removeprefix("sha256=")},
        {"x-chatwoot-signature": "ü"},
        {"x-chatwoot-timestamp": "1767225601"},
        {"x-chatwoot-timestamp": ""},
        {"x-chatwoot-timestamp": "²"},
        {"x-chatwoot-timestamp": "9" * 40},
    ],
)
def test_a_wrong_signature(change: dict[str, str]) -> None:
    """Whatever is wrong with it, it is refused in the same way."""
    with pytest.raises(SignatureError):
        verify(settings(), webhook(BODY, SIGNED | change))


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({}, "`webhook_token`"),
        (SIGNED | {"x-chatwoot-timestamp": "1"}, "clocks"),
        (SIGNED | {"x-chatwoot-timestamp": "soon"}, "clocks"),
        (SIGNED | {"x-chatwoot-signature": "sha256=0"}, "`webhook_secret`"),
    ],
)
def test_a_refusal_names_what_to_compare(headers: dict[str, str], word: str) -> None:
    """For our log; the caller is told the same as ever."""
    with pytest.raises(SignatureError) as raised:
        verify(settings(), webhook(BODY, headers))
    assert word in raised.value.remedy
    assert word not in raised.value.detail


@pytest.mark.parametrize(("skew_s", "is_taken"), [(-300, True), (300, True), (-301, False), (301, False)])
def test_clocks_that_differ(skew_s: int, is_taken: bool) -> None:
    """Five minutes either way, so that nobody can replay yesterday's webhook."""
    stamp = str(int(NOW) + skew_s)
    mac = hmac.digest(b"wh_secret_Abc123", stamp.encode() + b"." + BODY, hashlib.sha256).hex()
    request = webhook(BODY, {"x-chatwoot-timestamp": stamp, "x-chatwoot-signature": f"sha256={mac}"})
    if is_taken:
        verify(settings(), request)
    else:
        with pytest.raises(SignatureError):
            verify(settings(), request)


def test_servers_that_do_not_sign() -> None:
    """Their proof is the token in the address; without one configured nothing unsigned is taken."""
    token = "a-token-of-enough-letters"
    verify(settings(webhook_token=token), webhook(BODY, token=token))
    for given, query in (
        ({"webhook_token": token}, "other"),
        ({"webhook_token": token}, ""),
        ({}, ""),
        ({}, token),
    ):
        with pytest.raises(SignatureError):
            verify(settings(**given), webhook(BODY, token=query))


def test_a_server_that_begins_to_sign() -> None:
    """Without a secret of ours the token stays the proof; it is needed all the same."""
    token = "a-token-of-enough-letters"
    only = settings(webhook_secret=None, webhook_token=token)
    verify(only, webhook(BODY, SIGNED, token=token))
    with pytest.raises(SignatureError):
        verify(only, webhook(BODY, SIGNED))


def test_a_token_does_not_heal_a_wrong_signature() -> None:
    """Who signs is judged by the signature."""
    token = "a-token-of-enough-letters"
    with pytest.raises(SignatureError):
        verify(
            settings(webhook_token=token), webhook(BODY, SIGNED | {"x-chatwoot-timestamp": "1"}, token=token)
        )


def test_every_fixture_is_read() -> None:
    """No fixture lies about unused: each is a webhook that this provider understands."""
    for file in FIXTURES.glob("*.json"):
        event, _, case = file.stem.partition("__")
        assert json.loads(file.read_bytes())["event"] == event
        assert case
        Reader("vendor", settings()).read(webhook(file.read_bytes()))
