"""What RingCentral says as exact facts, and what we say as exact JSON."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from openhandover.core import events as e
from openhandover.core.errors import NotJsonError, PayloadError, ProviderUnavailable
from openhandover.core.model import Agent, Attachment, Button, Translation, User
from openhandover.net.client import Reply
from openhandover.providers.base import Availability
from openhandover.providers.ringcentral import inbound, readable, wire
from openhandover.providers.ringcentral.wire import State
from tests.providers.ringcentral.ours import ADA, SOURCE, THEIRS, THREAD, TOKEN, message, request, settings

FIXTURES = Path(__file__).parent / "fixtures"
OF_SOURCE = ("messages_", "threads_", "typing_", "queuing_", "implementation_")
AT = "2026-01-01T10:00:00Z"
HELLO = e.AgentMessage("Hello, I can help.", "65c0aa01")
GRACE = Agent("agent-77")
END = e.Closed("agent_closed")
PLAIN = {"id": "cust-7", "screenname": "Ada", "created_at": AT, "updated_at": AT}

FACTS: dict[str, list[e.ProviderFact]] = {
    "messages_create__text": [HELLO],
    "messages_create__again": [HELLO],
    "messages_create__file": [
        e.AgentMessage(
            "",
            "65c0aa01",
            (Attachment("65c0aa01:0", "a.png", "image/png", None, "https://files.example.net/a.png"),),
        )
    ],
    "messages_create__file_without_name": [
        e.AgentMessage(
            "see",
            "65c0aa01",
            (Attachment("65c0aa01:0", "", "application/pdf", None, "https://files.example.net/b.pdf?x=1"),),
        )
    ],
    "messages_create__html": [e.AgentMessage("Hello & welcome\nBye\nnow", "65c0aa01")],
    "messages_create__structured": [e.AgentMessage("Which one?\nBilling\nDelivery", "65c0aa01")],
    "messages_create__bot_identity": [e.AgentMessage("We are closed.", "65c0aa01", automatic=True)],
    "messages_create__unthreaded": [HELLO],
    "messages_create__sparse": [e.AgentMessage("Hi", "65c0aa02")],
    "implementation_info__poll": [],
    "messages_list__first": [],
    "threads_list__since": [],
    "messages_show__one": [],
    "queuing_update__third": [e.QueueUpdated(3, 30_000)],
    "queuing_update__no_estimate": [e.QueueUpdated(1, None)],
    "typing_start__agent": [e.AgentTyping(True)],
    "typing_stop__in_reply": [e.AgentTyping(False)],
    "messages_sparkle__custom": [e.Unknown("messages.sparkle")],
    "intervention_opened__plain": [e.AgentJoined(GRACE)],
    "intervention_opened__by_event_user": [e.AgentJoined(GRACE)],
    "intervention_assigned__plain": [e.AgentJoined(GRACE)],
    "intervention_assigned__nobody": [],
    "intervention_reopened__plain": [e.AgentJoined(GRACE, only_if_free=True)],
    "intervention_reactivated__plain": [e.AgentJoined(GRACE, only_if_free=True)],
    "intervention_user_updated__plain": [e.AgentTransferred(GRACE)],
    "intervention_user_updated__nobody": [e.AgentTransferred(None)],
    "intervention_recategorized__tagged": [],
    "intervention_recategorized__to_bot": [END],
    "intervention_recategorized__to_others": [e.AgentTransferred(None)],
    "intervention_closed__plain": [END],
    "intervention_closed__other_source": [],
    "intervention_closed__other_thread": [],
    "intervention_canceled__plain": [END],
    "intervention_deferred__plain": [],
    "intervention_custom_fields_updated__plain": [],
    "intervention_sparkled__unknown": [e.Unknown("intervention.sparkled")],
    "task_taken__ring": [e.AgentJoined(GRACE)],
    "task_taken__without_user": [e.AgentJoined(GRACE)],
    "task_transferred__agent": [e.AgentTransferred(None)],
    "task_expired_from_workbin__abandoned": [e.AgentLeft()],
    "task_completed__closed": [],
    "task_completed__deferred": [],
    "task_undelivered__nobody": [],
    "task_assigned__offered": [],
    "content_imported__our_echo": [],
    "content_exported__agent": [],
    "content_replied__agent": [],
    "content_thread_closed__locked": [END],
    "content_thread_auto_closed__locked": [END],
    "push_agent_availability_change__away": [],
    "survey_response_imported__csat": [],
    "several__out_of_order": [e.AgentJoined(GRACE), END],
}


def facts(name: str, **changed: Any) -> list[e.FromProvider]:
    """What becomes of a fixture."""
    body, ours = (FIXTURES / f"{name}.json").read_bytes(), settings(**changed)
    if name.startswith(OF_SOURCE):
        return list(inbound.of_source("engage", ours, body))
    return list(inbound.of_webhook("engage", ours, {THEIRS: THREAD, "not-ours": None}, body))


def reply(value: Any, status: int = 200) -> Reply:
    """An answer of RingCentral's."""
    return Reply(status, {}, value if isinstance(value, bytes) else json.dumps(value).encode())


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.json")))
def test_each_fixture_becomes_these_facts(name: str) -> None:
    """Exactly these facts, and all of them in our thread."""
    found = facts(name)
    assert [one.fact for one in found] == FACTS[name]
    where = "" if name == "messages_sparkle__custom" else THREAD  # this call names a message, not a thread
    assert {one.external_id for one in found} <= {where}


def test_every_expectation_has_its_fixture() -> None:
    """None of the facts above is of a file that is gone."""
    assert set(FACTS) == {path.stem for path in FIXTURES.glob("*.json")}


def test_a_message_that_is_tried_again_is_the_same_event() -> None:
    """The repeat differs in `retry` only; what it is known by does not."""
    first, again = facts("messages_create__text"), facts("messages_create__again")
    assert first[0].event_id == again[0].event_id == "message:65c0aa01"
    assert first[0].at == 1_769_940_005


def test_a_webhook_is_known_by_the_id_of_its_event() -> None:
    """The delivery has an id of its own, which is another one at every try."""
    (found,) = facts("intervention_closed__plain")
    assert (found.event_id, found.at) == ("70d340997b8cd2c6f4dfee22", 1_769_941_200)


def test_where_the_senders_name_counts_nobody_is_known_before_they_write() -> None:
    """`agent_name: sender`: the message names them, and events of who has it are passed over."""
    (said,) = facts("messages_create__text", agent_name="sender")
    assert said.fact == e.AgentMessage(HELLO.text, HELLO.id, agent=Agent(name="Grace from Support"))
    (sparse,) = facts("messages_create__sparse", agent_name="sender")
    assert sparse.fact == FACTS["messages_create__sparse"][0]
    for name in ("intervention_opened__plain", "task_taken__ring", "intervention_reopened__plain"):
        assert not facts(name, agent_name="sender")
    (moved,) = facts("intervention_user_updated__plain", agent_name="sender")
    assert moved.fact == e.AgentTransferred(None)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"params": {}}', "action"),
        (b'{"action": "messages.create", "params": {"body": "x", "thread_id": "oh-1"}}', "content_id"),
        (b'{"action": "messages.create", "params": {"body": "x", "content_id": "1"}}', "thread_id"),
        (b'{"action": "messages.create", "params": {"content_id": "1", "thread_id": "oh-1"}}', "body"),
        (b'{"action": "messages.create", "params": {"content_id": 1}}', "content_id"),
        (
            b'{"action": "messages.create", "params": {"content_id": "1", "thread_id": "oh-1",'
            b' "attachments": [{"url": "file:///etc/passwd"}]}}',
            "url",
        ),
    ],
)
def test_a_call_that_is_not_as_documented_is_refused_with_its_place(body: bytes, place: str) -> None:
    """The text says where, and never what."""
    with pytest.raises(PayloadError, match=place):
        inbound.of_source("engage", settings(), body)


def test_what_is_no_json_is_said_to_be_none() -> None:
    """Both kinds of body."""
    with pytest.raises(NotJsonError):
        inbound.of_source("engage", settings(), b"\xff")
    with pytest.raises(NotJsonError):
        inbound.of_webhook("engage", settings(), {}, b"{")
    with pytest.raises(PayloadError):
        inbound.of_webhook("engage", settings(), {}, b"[]")
    assert inbound.threads(settings(), b"{") == set()


def test_only_threads_that_something_is_said_of_are_looked_up() -> None:
    """An echo of our own message costs no question."""
    close, echo = "intervention_closed__plain", "content_imported__our_echo"
    assert inbound.threads(settings(), (FIXTURES / f"{close}.json").read_bytes()) == {THEIRS}
    assert inbound.threads(settings(), (FIXTURES / f"{echo}.json").read_bytes()) == set()


# --- our answers to the source -------------------------------------------------------------------------------

INFO = {
    "objects": {
        "messages": ["create", "show", "list"],
        "threads": ["show", "list"],
        "status": ["mark_as_read"],
        "typing": ["start", "stop"],
    },
    "options": [
        *("view.messaging", "messages.text", "messages.no_title", "threads.no_content"),
        *("messages.attachments", "messaging.typing_indicator", "messaging.queuing_update"),
    ],
}


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("implementation_info__poll", INFO),
        ("messages_create__text", {"id": "65c0aa01"}),
        ("messages_list__first", []),
        ("threads_list__since", []),
        ("messages_show__one", {}),
        ("queuing_update__third", {}),
        ("typing_start__agent", {}),
    ],
)
def test_the_source_gets_a_signed_answer(name: str, answer: Any) -> None:
    """What it asks for, under the same signature as its own calls."""
    found = inbound.answer(settings(), (FIXTURES / f"{name}.json").read_bytes())
    assert (found.status, json.loads(found.body)) == (200, answer)
    assert found.headers["X-SMCCSDK-SIGNATURE"] == wire.signature(TOKEN, found.body)


def test_without_queue_updates_none_are_asked_for() -> None:
    """The option is left out, so that RingCentral sends none."""
    body = (FIXTURES / "implementation_info__poll.json").read_bytes()
    found = json.loads(inbound.answer(settings(queue_updates=False), body).body)
    assert found == {**INFO, "options": INFO["options"][:-1]}


def test_an_action_that_we_do_not_have_is_refused_in_words() -> None:
    """400 and a text, as the pages want it."""
    found = inbound.answer(settings(), (FIXTURES / "messages_sparkle__custom.json").read_bytes())
    assert (found.status, found.body) == (400, b"messages.sparkle is not implemented")
    assert found.headers["Content-Type"] == "text/plain; charset=utf-8"


# --- ours to RingCentral -------------------------------------------------------------------------------------


def test_the_published_signature_is_ours_too() -> None:
    """The example of RingCentral's page on requests; its signature is that of the body without spaces."""
    key = "3YJZzqMJ5Ec7i2JGvnt8TgvleD7dtpwpmag4S6MuRA2GQdfvV4STIsxDRJ4fEjO8"
    body = b'{"action":"implementation.info","time":"2012-10-01T17:18:40Z"}'
    assert wire.signature(key, body) == (
        "826b61e7939505b2e773ef43a2aad53ec0385dd9d783fbd1c8fea00d0e2a3e2f"
        "b0ae0a5b2eb342356b61c41b5f19baec4c1f7e7e37a5b486fe9b593942017ff9"
    )


def test_a_call_is_these_bytes() -> None:
    """Signed as they are sent; the signature was computed elsewhere."""
    author = {"id": "cust-7", "screenname": "Ada", "created_at": "2026-01-01T00:00:00Z"}
    params = {
        "id": "u-1001",
        "author": {**author, "updated_at": "2026-01-01T00:00:00Z"},
        "body": "Hello",
        "format": "text",
        "thread_id": "conv-42",
    }
    assert wire.signed(TOKEN, wire.call("messages.create", params)) == {
        "Content-Type": "application/json",
        "X-SMCCSDK-SIGNATURE": "463e9fed6301582f06414c8323553b4eb17834fa840a8728f4e20ad4145ce04c"
        "e18d680dfc811e4368289a10a55f55ca54a2d35b8b3515633211b6a42332864e",
    }


def test_the_profile_goes_by_name_and_the_rest_along() -> None:
    """Known names have fields, whatever their case; keys of the others lose what RingCentral does not take."""
    attributes: dict[str, Any] = {
        "First Name": "Ada",
        "last_name": "Lovelace",
        "avatarUrl": "https://example.com/a.png",
        "gender": "woman",
        "Phone": "+3161",
        "email": "other@example.com",
        "loyalty_tier2": "gold",
        "tags": ["vip", 7],
        "address": {"city": "Breda"},
        "empty": None,
        "123": "no letters",
    }
    user = User("cust-7", "Ada", "ada@example.com", "+31201234567", attributes)
    assert wire.user(user, AT) == {
        **PLAIN,
        "firstname": "Ada",
        "lastname": "Lovelace",
        "avatar_url": "https://example.com/a.png",
        "gender": "woman",
        "email": "ada@example.com",
        "mobile_phone": "+31201234567",
        "context_data": {
            "Phone": "+3161",
            "email": "other@example.com",
            "loyalty-tier": "gold",
            "tags": ["vip", "7"],
            "address": '{"city": "Breda"}',
        },
    }


def test_a_user_without_name_or_profile_is_their_id() -> None:
    """A gender that RingCentral does not know is told as it is."""
    user = User("cust-8", attributes={"gender": "x", "screenname": "ada_l"})
    assert wire.user(user, AT) == {
        "id": "cust-8",
        "screenname": "ada_l",
        "created_at": AT,
        "updated_at": AT,
        "context_data": {"gender": "x"},
    }


def test_what_is_known_of_the_handover() -> None:
    """With the conversation's context; what is not there is left out."""
    assert wire.about(request()) == {
        "handover-id": "h-1",
        "reason": "wants a refund",
        "conversation-id": "conv-42",
        "channel": "web",
        "language": "nl",
        "order-no": "4711",
    }
    assert "reason" not in wire.about(request(reason=None))


def test_a_message_is_this_json() -> None:
    """In the reader's language, with the bot's buttons as words."""
    one = message("Hello")
    assert wire.messages(THREAD, one, PLAIN, []) == [
        {"id": f"{THREAD}.3", "thread_id": THREAD, "author": PLAIN, "format": "text", "body": "Hello"}
    ]
    translated = msgspec.structs.replace(one, translation=Translation("nl", "Hallo"))
    asked = msgspec.structs.replace(translated, buttons=(Button("Ja", "y"), Button("Nee", "n")))
    assert [part["body"] for part in wire.messages(THREAD, asked, PLAIN, [])] == ["Hallo\n[Ja] [Nee]"]


def test_files_go_with_the_message_or_alone() -> None:
    """No body where there is no text."""
    file = wire.attachment("a.txt", b"abc")
    assert file == {"content": "YWJj", "filename": "a.txt"}
    (part,) = wire.messages(THREAD, message(""), PLAIN, [file])
    assert part == {
        "id": f"{THREAD}.3",
        "thread_id": THREAD,
        "author": PLAIN,
        "format": "text",
        "attachments": [file],
    }
    assert not wire.messages(THREAD, message(""), PLAIN, [])


def test_a_long_text_is_cut_and_keeps_its_ids() -> None:
    """Each part is short enough, the files come last, and a retry has the same ids."""
    file = {"url": "https://example.com/a"}
    words = [f"word{n:05}" for n in range(4_500)]
    parts = wire.messages(THREAD, message(" ".join(words)), PLAIN, [file])
    assert [part["id"] for part in parts] == [f"{THREAD}.3", f"{THREAD}.3.1", f"{THREAD}.3.2"]
    assert all(len(part["body"]) <= 20_000 for part in parts)
    assert " ".join(part["body"] for part in parts).split() == words
    assert ["attachments" in part for part in parts] == [False, False, True]


def test_the_thread_of_an_attempt_is_always_the_same() -> None:
    """And safe in a search, whatever the handover's id is."""
    assert wire.thread_id("h-1:1") == wire.thread_id("h-1:1") != wire.thread_id("h-1:2")
    assert wire.thread_id('a "b": c').replace("-", "").isalnum()
    assert wire.thread("oh-1", PLAIN) == {"id": "oh-1", "title": "Ada"}


def test_what_a_session_keeps() -> None:
    """RingCentral's thread and the author, without what was told once."""
    state = State("t-1", {**PLAIN, "context_data": {"a": "b"}})
    assert State.of(state.text) == State("t-1", PLAIN)
    assert State.of(None) == State("", {})


def test_times_are_whole_seconds_of_utc() -> None:
    """The one form with a time that RingCentral documents."""
    assert wire.second("2026-01-01T12:00:00.999+02:00") == AT
    assert wire.user(ADA, AT)["created_at"] == AT
    assert len(wire.second(None)) == len(AT)


# --- RingCentral's answers -----------------------------------------------------------------------------------


def agent(status: str | None, busyness: str | None = "ok", channel: str = "ch1") -> dict[str, Any]:
    """An agent on one channel."""
    return {
        "agent_id": "a",
        "channels": [{"id": channel, "name": "Chat", "status": status, "busyness": busyness}],
    }


@pytest.mark.parametrize(
    ("agents", "available"),
    [
        ([], Availability(False, 0)),
        ([agent("available"), agent("away"), agent(None)], Availability(True, 1)),
        ([agent("available", "full")], Availability(False, 0)),
        ([agent("available", None)], Availability(True, 1)),
        ([agent("available", channel="other")], Availability(False, 0)),
        ([{"agent_id": "a", "channels": None}], Availability(False, 0)),
    ],
)
def test_who_is_there(agents: list[Any], available: Availability) -> None:
    """Available on a channel with our source, and not full."""
    channels = [wire.Channel("ch1", [SOURCE]), wire.Channel("other", ["x"])]
    assert wire.available(reply(agents), channels, SOURCE) == available


def test_without_a_channel_nobody_can_tell() -> None:
    """No task mode: agents have no channels."""
    assert wire.available(reply([agent("available")]), [], SOURCE) == Availability(None)


def test_an_answer_that_is_nonsense_is_worth_another_try() -> None:
    """A page of a proxy in between, for one."""
    with pytest.raises(ProviderUnavailable, match="RingCentral's answer"):
        wire.answer(reply(b"<html>"), wire.Threads)


def test_agents_have_names() -> None:
    """First and last, else the nickname, else none."""
    assert wire.Named("Grace", "Hopper").name == "Grace Hopper"
    assert wire.Named(nickname="gh", firstname="").name == "gh"
    assert wire.Named().name is None


def test_words_of_html_and_of_structures() -> None:
    """Only what people read."""
    assert readable.of_html("a<br/>b &lt;c&gt;<ul><li>d</li></ul>") == "a\nb <c>\nd"
    assert readable.of_structure({"items": [{"title": "x", "payload": "p"}, 3], "text": "y"}) == "x\ny"
    assert readable.of_structure(None) == ""
