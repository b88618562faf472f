"""What RingCentral says as exact facts, and what its source is answered."""

import json
from pathlib import Path
from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.errors import NotJsonError, PayloadError
from openhandover.core.model import Agent, Attachment
from openhandover.providers.ringcentral import inbound, wire
from tests.providers.ringcentral.ours import THEIRS, THREAD, TOKEN, settings

FIXTURES = Path(__file__).parent / "fixtures"
OF_SOURCE = ("messages_", "threads_", "typing_", "queuing_", "implementation_")
HELLO = e.AgentMessage("Hello, I can help.", "65c0aa01")
GRACE = Agent("agent-77")
END = e.Closed("agent_closed")

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
    "messages_create__structured_with_body": [
        e.AgentMessage(
            "What do you wish?\nReturns\nGo to website\nhttps://acme.example/returns\nOk", "65c0aa01"
        )
    ],
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


def test_where_the_senders_name_counts_it_stands_for_every_agent() -> None:
    """`agent_name: sender`: whoever has it is known by the name of the identity that agents write as, until a message
    names it."""
    (said,) = facts("messages_create__text", agent_name="sender")
    assert said.fact == e.AgentMessage(HELLO.text, HELLO.id, agent=Agent(name="Grace from Support"))
    (sparse,) = facts("messages_create__sparse", agent_name="sender")
    assert sparse.fact == FACTS["messages_create__sparse"][0]
    support = Agent(name="Support")
    for name in ("intervention_opened__plain", "task_taken__ring"):
        assert [one.fact for one in facts(name, agent_name="sender")] == [e.AgentJoined(support)]
    (back,) = facts("intervention_reopened__plain", agent_name="sender")
    assert back.fact == e.AgentJoined(support, only_if_free=True)
    (moved,) = facts("intervention_user_updated__plain", agent_name="sender")
    assert moved.fact == e.AgentTransferred(support)


def test_a_file_without_a_web_address_costs_no_words() -> None:
    """It is left out; the message and the other file arrive."""
    body = (
        b'{"action": "messages.create", "params": {"body": "see", "content_id": "1", "thread_id": "oh-1",'
        b' "attachments": [{"url": "/a.png"}, {"url": null}, {"url": "https://files.example.net/b.png"}]}}'
    )
    (found,) = inbound.of_source("engage", settings(), body)
    file = Attachment("1:2", "", "image/png", None, "https://files.example.net/b.png")
    assert found.fact == e.AgentMessage("see", "1", (file,))


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
            "attachments",
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
