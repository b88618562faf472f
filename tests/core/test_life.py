"""Begin, accept, fall back, withdraw, transfer, return: the life of a handover but for its agents and its clocks."""

from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.model import Button, QueueRules, Status, Style, Target
from openhandover.core.table import CANCEL_VALUE, FALLBACK_AFTER_QUEUEING, NO_FALLBACK, REASONS
from tests.core.talk import ANNA, Talk

WITHDRAW = {"cancel_intent": "stop", "cancel_button": "Never mind", "cancelled_text": "All right"}


def failed(talk: Talk, reason: str = "unavailable", message: str = "nobody") -> None:
    """The open call of the current attempt fails."""
    talk.do(e.OpenFailed(talk.handover.lane, reason, message))


# --- accepted means accepted


def test_the_accepted_text_waits_for_the_provider() -> None:
    """Rule 3: message before, acknowledgement only after acceptance, with the cancel button."""
    talk = Talk()
    talk.request(message="a moment", accepted="we are on it", cancel_button="Never mind")
    assert talk.texts("system") == ["a moment"]
    talk.opened()
    assert talk.texts("system") == ["a moment", "we are on it"]
    assert talk.messages("system")[-1].buttons == (Button("Never mind", CANCEL_VALUE),)


def test_the_open_call_waits_for_the_handover_message() -> None:
    """The lane's gate is the message; a silent step has none."""
    talk = Talk()
    talk.request(message="a moment")
    assert talk.lane.gate == 1
    silent = Talk()
    silent.request()
    assert (silent.lane.gate, silent.texts("system")) == (0, [])


def test_accepted_is_said_once_per_handover() -> None:
    """The second attempt's acceptance says nothing again."""
    talk = Talk().queued("desk", "backup", accepted="we are on it")
    talk.later(600)
    talk.opened()
    assert (talk.handover.attempts[-1].provider, talk.texts("system")) == ("backup", ["we are on it"])


def test_accepted_is_repeated_for_every_message_while_queued_if_asked() -> None:
    """`repeat_accepted_message`: while queued, not before and not after."""
    talk = Talk()
    talk.request(accepted="we are on it", repeat_accepted=True)
    talk.user()
    talk.opened()
    talk.user()
    talk.desk(e.AgentJoined(ANNA))
    talk.user()
    assert talk.texts("system") == ["we are on it"] * 2


def test_one_failure_text_when_the_last_attempt_failed() -> None:
    """Exactly one honest failure text, and the error object's parts."""
    talk = Talk()
    talk.request("desk", "backup", accepted="we are on it", failure="sorry")
    failed(talk)
    assert talk.texts("system") == []
    failed(talk, "auth", "key refused")
    assert talk.texts("system") == ["sorry"]
    assert talk.outcome == ("error", "auth", "provider")
    assert talk.data("handover.error")["error"] == {
        "reason": "error",
        "code": "auth",
        "message": "key refused",
    }


def test_unsupported_has_its_own_word() -> None:
    """The two words that the Cognigy node knows."""
    talk = Talk()
    talk.request()
    failed(talk, "unsupported")
    assert talk.data("handover.error")["error"]["reason"] == "unsupported"


def test_a_configuration_error_is_found_before_anything_is_said() -> None:
    """No message, no provider call, one failure text, the bot has the floor again."""
    talk = Talk()
    talk.request(Target("desk", refuse="route.agent is empty"), message="a moment", failure="sorry")
    assert talk.outcome == ("error", "configuration", "system")
    assert talk.texts("system") == ["sorry"]
    assert (talk.state.floor, talk.state.epoch) == ("bot", 3)
    assert talk.types() == [
        "handover.requested",
        "floor.changed",
        "message.created",
        "handover.error",
        "floor.changed",
    ]
    assert talk.lane.ending and talk.lane.ending.kind == "none"


# --- fallback


@pytest.mark.parametrize("reason", REASONS[Status.ERROR])
def test_which_failed_opens_are_followed_by_the_next_provider(reason: str) -> None:
    """Every failed open except `unsupported` and `configuration`."""
    talk = Talk()
    talk.request("desk", "backup")
    failed(talk, reason)
    assert (talk.handover.status, len(talk.handover.attempts)) == (
        ("error", 1) if reason in NO_FALLBACK else ("requested", 2)
    )


@pytest.mark.parametrize("reason", REASONS[Status.ERROR])
def test_which_failures_in_the_queue_are_followed_by_the_next_provider(reason: str) -> None:
    """After acceptance only `unavailable` and `queue_timeout`."""
    talk = Talk().queued("desk", "backup")
    talk.desk(e.Failed(reason, sequenced=True))
    assert len(talk.handover.attempts) == (2 if reason in FALLBACK_AFTER_QUEUEING else 1)


def test_never_after_active() -> None:
    """Once a human was there, there is no fallback."""
    talk = Talk().active("desk", "backup")
    talk.desk(e.Failed("unavailable", "gone", sequenced=True))
    assert talk.outcome == ("error", "unavailable", "provider")
    assert talk.handover.error_message == "gone"


def test_the_next_attempt_is_told_and_the_old_session_cancelled() -> None:
    """Same id, attempt 2, status requested; the old lane ends with a cancel and its undelivered messages pass on."""
    talk = Talk().queued("desk", "backup")
    first = talk.lane
    talk.user("still there?")
    talk.later(600)
    data = talk.data("handover.requested")
    assert (data["id"], data["attempt"], data["provider"], data["status"]) == (
        talk.handover.id,
        2,
        "backup",
        "requested",
    )
    assert [(a["provider"], a["reason"], a["external_id"]) for a in data["attempts"]] == [
        ("desk", "queue_timeout", "x1"),
        ("backup", None, None),
    ]
    assert data["attempts"][0]["to"] is not None
    old = talk.state.lane(first.id)
    assert old and old.ending and (old.ending.kind, old.done) == ("cancel", old.last)
    assert (talk.state.floor, talk.state.epoch) == ("human", 2)
    assert talk.desk(e.AgentMessage("hello?"), provider="desk") == {"applied": False, "reason": "ended"}


def test_a_session_that_never_opened_needs_no_cancel() -> None:
    """A refused open leaves nothing behind at the vendor."""
    talk = Talk()
    talk.request("desk", "backup")
    first = talk.handover.lane
    failed(talk)
    lane = talk.state.lane(first)
    assert lane and (lane.ending, lane.ended_at) == (None, talk.now)


def test_a_fallback_that_cannot_be_configured_ends_it() -> None:
    """`configuration` has no next attempt."""
    talk = Talk()
    talk.request("desk", Target("mail", Style.TRANSFER, refuse="to is empty"), "backup")
    failed(talk)
    assert talk.outcome == ("error", "configuration", "system")
    assert talk.handover.error_message == "to is empty"


def test_the_queue_begins_anew_at_the_next_provider() -> None:
    """Position 3 at the next provider is news, also after position 3 at the first."""
    talk = Talk()
    rules = QueueRules(position=True, every_s=0, position_text="nr {position}")
    talk.request("desk", "backup", queue=rules)
    talk.opened(position=3)
    talk.later(600)
    assert talk.handover.queue.position is None
    talk.opened(position=3)
    assert talk.texts("system") == ["nr 3", "nr 3"]


# --- the open call in flight


def test_a_cancel_during_the_open_call_ends_at_once_and_the_late_session_gets_a_cancel() -> None:
    """The first committed wins; if the open then succeeds, the lane still owes the provider a cancel."""
    talk = Talk()
    talk.request()
    talk.do(e.Opening(talk.handover.lane))
    talk.do(e.Cancel(talk.handover.id))
    assert talk.outcome == ("cancelled", "user_cancelled", "user")
    talk.opened()
    assert talk.outcome == ("cancelled", "user_cancelled", "user")
    assert talk.lane.opened and talk.lane.ending and talk.lane.ending.kind == "cancel"
    assert talk.last.sessions == [("desk", "x1", "c/1")]


def test_an_open_call_does_not_begin_on_an_ended_lane() -> None:
    """The cancel came between the worker's look and its call: nothing is called."""
    talk = Talk()
    talk.request()
    talk.do(e.Cancel(talk.handover.id))
    talk.do(e.Opening(talk.handover.lane))
    assert not talk.lane.opening


def test_an_open_call_that_fails_after_the_cancel_leaves_nothing_to_do() -> None:
    """Nothing was opened, so nothing is cancelled."""
    talk = Talk()
    talk.request("desk", "backup")
    talk.do(e.Opening(talk.handover.lane))
    talk.do(e.Cancel(talk.handover.id))
    failed(talk)
    assert (talk.handover.status, talk.lane.ending, len(talk.handover.attempts)) == ("cancelled", None, 1)


@pytest.mark.parametrize(
    "event",
    [e.Opened(1, "again"), e.OpenFailed(1, "auth", ""), e.Opened(9, "x"), e.OpenFailed(9, "auth", "")],
)
def test_a_second_answer_or_one_for_an_unknown_lane_changes_nothing(event: Any) -> None:
    """An answer is taken once."""
    talk = Talk().queued()
    before = talk.state
    talk.do(event)
    assert talk.state == before


def test_the_lost_session_ends_the_handover_and_is_not_called_again() -> None:
    """404 and 410: provider_error, neither cancel nor close."""
    talk = Talk().active("desk", "backup")
    talk.do(e.SessionLost(talk.handover.lane, "410"))
    assert talk.outcome == ("error", "provider_error", "provider")
    assert talk.lane.ending and talk.lane.ending.kind == "none"
    before = talk.state
    talk.do(e.SessionLost(talk.handover.lane, "410"))
    assert talk.state == before


# --- withdrawing


@pytest.mark.parametrize("status", ["requested", "queued", "active"])
def test_cancel_works_in_every_open_state(status: str) -> None:
    """POST /cancel is not limited by `cancel.while`."""
    talk = Talk()
    {"requested": talk.request, "queued": talk.queued, "active": talk.active}[status](**WITHDRAW)
    talk.do(e.Cancel(talk.handover.id))
    assert talk.outcome == ("cancelled", "user_cancelled", "user")
    assert talk.texts("system") == ["All right"]
    assert talk.lane.ending and talk.lane.ending.kind == "cancel"
    talk.do(e.Cancel(talk.handover.id))
    talk.do(e.Close(talk.handover.id))
    assert talk.types().count("handover.cancelled") == 1


@pytest.mark.parametrize(
    "message",
    [
        {"text": "stop it", "intents": frozenset({"stop"})},
        {"text": "", "intent": "stop"},
        {"text": "Never mind"},
        {"text": "x", "button": CANCEL_VALUE},
    ],
)
@pytest.mark.parametrize("while_active", [False, True])
def test_intent_and_button_cancel_while_queued_or_also_while_active(message: Any, while_active: bool) -> None:
    """Answered and recorded, not relayed; while active only where the step says so."""
    talk = Talk().queued(**WITHDRAW, cancel_while_active=while_active)
    talk.user(**message)
    assert talk.handover.status == "cancelled"
    assert (talk.to_agent(), talk.texts("system"), talk.texts("user")) == (
        [],
        ["All right"],
        [message["text"]],
    )
    talk = Talk().active(**WITHDRAW, cancel_while_active=while_active)
    talk.user(**message)
    assert talk.handover.status == ("cancelled" if while_active else "active")


def test_without_intent_and_button_no_text_cancels() -> None:
    """The defaults offer neither."""
    talk = Talk().queued()
    talk.user("stop", intents=frozenset({"stop"}), button=CANCEL_VALUE)
    assert talk.to_agent() == ["stop"]


@pytest.mark.parametrize(
    ("by", "active", "outcome", "vendor"),
    [
        ("bot", False, ("cancelled", "bot_closed", "bot"), "cancel"),
        ("operator", False, ("cancelled", "bot_closed", "system"), "cancel"),
        ("bot", True, ("completed", "bot_closed", "bot"), "close"),
        ("operator", True, ("completed", "bot_closed", "system"), "close"),
    ],
)
def test_close_by_bot_and_operator(by: Any, active: bool, outcome: Any, vendor: str) -> None:
    """Before a human came it is withdrawn, afterwards it is completed."""
    talk = Talk().active() if active else Talk().queued()
    talk.do(e.Close(talk.handover.id, by))
    assert talk.outcome == outcome
    assert talk.lane.ending and talk.lane.ending.kind == vendor


def test_the_end_of_another_handover_is_no_business_of_this_one() -> None:
    """An old id does not end the new handover."""
    talk = Talk().active()
    old = talk.handover.id
    talk.do(e.Close(old))
    talk.active()
    talk.do(e.Cancel(old))
    talk.do(e.Close(old))
    assert talk.handover.status == "active"


# --- transfer and return


def transferred(returns: Any = "message", **settings: Any) -> Talk:
    """A conversation that was given away."""
    talk = Talk()
    talk.request(Target("mail", Style.TRANSFER, transferred="ticket", returns=returns), **settings)
    talk.opened()
    return talk


def test_a_transfer_never_queues_and_keeps_the_floor() -> None:
    """Acceptance is the end: reason of the provider, floor still human, no call to the vendor."""
    talk = transferred(accepted="we wrote to them", rating_text="how was it?")
    assert talk.outcome == ("transferred", "ticket", "system")
    assert (talk.state.floor, talk.state.epoch) == ("human", 2)
    assert (talk.handover.queued_at, talk.texts("system")) == (None, ["we wrote to them"])
    assert talk.lane.ending and talk.lane.ending.kind == "none"


def test_the_next_message_gives_it_back() -> None:
    """returned, then the floor, then the message for the bot, with the new epoch."""
    talk = transferred()
    seq = talk.state.seq
    talk.user("hello again")
    assert talk.types(seq) == ["handover.returned", "floor.changed", "message.created"]
    assert (talk.state.floor, talk.state.epoch, talk.log[-1].to_bot) == ("bot", 3, True)
    talk.user("more")
    assert talk.types().count("handover.returned") == 1


def test_a_flow_is_woken_once_by_a_return() -> None:
    """Returned by a message: the message runs the flow; by call: the event does."""
    talk = Talk(bot="flow")
    talk.request(Target("mail", Style.TRANSFER))
    talk.opened()
    talk.user("hello again")
    assert [entry.type for entry in talk.log if entry.to_bot] == ["message.created"]
    talk.request(Target("mail", Style.TRANSFER))
    talk.opened()
    talk.do(e.Return(talk.handover.id))
    assert [entry.type for entry in talk.log if entry.to_bot] == ["message.created", "handover.returned"]


def test_with_return_by_call_messages_wait_for_the_call() -> None:
    """`return: call`: messages are recorded only; the call gives it back, once."""
    talk = transferred("call")
    talk.user("anybody?")
    assert (talk.log[-1].to_bot, talk.log[-1].to_agent, talk.state.floor) == (False, 0, "human")
    talk.do(e.Return(talk.handover.id))
    talk.do(e.Return(talk.handover.id))
    assert (talk.state.floor, talk.state.epoch) == ("bot", 3)
    assert talk.types().count("handover.returned") == 1


def test_the_provider_may_give_it_back() -> None:
    """A provider's event returns its own transfer, not that of another."""
    talk = transferred("call")
    assert talk.desk(e.Returned(), provider="other") == {"applied": False, "reason": "ended"}
    assert talk.desk(e.Returned()) == {"applied": True}
    assert talk.state.floor == "bot"
    assert talk.desk(e.Returned()) == {"applied": False, "reason": "ended"}


def test_only_a_transfer_returns() -> None:
    """On any other handover the call is without effect."""
    talk = Talk()
    talk.do(e.Return("h1"))
    talk.active()
    talk.do(e.Return(talk.handover.id))
    assert talk.desk(e.Returned()) == {"applied": False, "reason": "ended"}
    assert talk.handover.status == "active"
