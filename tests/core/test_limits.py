"""Rule 7: every wait has a limit. Each counts from where the table says, and re-checks when it fires."""

from typing import Any

import pytest

from openhandover.core import events as e, view
from openhandover.core.model import Call, Limits
from tests.core.talk import ANNA, BERT, Talk, replace


def limits(**seconds: float) -> Limits:
    """Only these limits; the others are off."""
    off = dict.fromkeys(Limits.__struct_fields__, 0.0)
    return Limits(**off | seconds)


def voice(**settings: Any) -> Talk:
    """A call with an agent on it."""
    return Talk(medium="voice", call=Call("g", "1", "+31", "+32")).active(**settings)


def test_a_limit_of_zero_is_off() -> None:
    """With all limits off a handover waits for ever."""
    talk = Talk()
    talk.presence("disconnected")
    talk.request(limits=limits())
    talk.later(10)
    talk.opened()
    talk.desk(e.AgentJoined(ANNA))
    talk.says()
    talk.user()
    assert talk.state.deadlines == {}


def test_open_s_leads_to_the_next_attempt_and_then_to_an_error() -> None:
    """Requested to accepted: 30 s per attempt, and the vendor that may have heard of it gets a cancel."""
    talk = Talk()
    talk.request("desk", "backup")
    talk.later(29.9)
    assert len(talk.handover.attempts) == 1
    talk.later(0.1)
    assert [attempt.reason for attempt in talk.handover.attempts] == ["provider_error", None]
    first = talk.state.lanes[0]
    assert first.ending and first.ending.kind == "cancel"
    talk.later(30)
    assert talk.outcome == ("error", "provider_error", "system")


def test_an_error_names_the_limit_that_is_over() -> None:
    """Who reads the handover learns which wait was too long, and how long it was."""
    talk = Talk().queued(limits=limits(queue_s=90))
    talk.later(90)
    assert view.handover(talk.handover)["error"] == {
        "reason": "error",
        "code": "queue_timeout",
        "message": "the limit queue_s is over, 90 s",
    }


def test_open_s_is_over_with_the_acceptance() -> None:
    """An accepted handover is not failed by the open limit."""
    talk = Talk().queued(limits=limits(open_s=30))
    assert talk.state.deadlines == {}


def test_queue_s_counts_per_attempt() -> None:
    """600 s at each provider: next attempt, else queue_timeout."""
    talk = Talk().queued("desk", "backup")
    talk.later(599)
    assert talk.handover.status == "queued"
    talk.later(1)
    talk.later(20)
    talk.opened()
    talk.later(599)
    assert talk.handover.status == "queued"
    talk.later(1)
    assert talk.outcome == ("error", "queue_timeout", "system")
    assert talk.lane.ending and talk.lane.ending.kind == "cancel"


def test_first_reply_s_counts_from_joined_until_the_agent_writes() -> None:
    """300 s from joined; a message in time settles it."""
    talk = Talk().active()
    talk.later(299)
    assert talk.handover.status == "active"
    talk.later(1)
    assert talk.outcome == ("error", "agent_timeout", "system")
    talk = Talk().active(limits=limits(first_reply_s=300))
    talk.says()
    assert talk.state.deadlines == {}


def test_agent_left_restarts_first_reply_s() -> None:
    """From the leaving on, somebody else has 300 s; joining begins it anew."""
    talk = Talk().active(limits=limits(first_reply_s=300))
    talk.says()
    talk.later(1000)
    talk.desk(e.AgentLeft())
    talk.later(200)
    talk.desk(e.AgentJoined(BERT))
    talk.later(299)
    assert talk.handover.status == "active"
    talk.later(1)
    assert talk.outcome == ("error", "agent_timeout", "system")


def test_agent_idle_s_counts_from_the_first_unanswered_message() -> None:
    """Only while the last word is the user's; a second message does not begin it anew, an answer settles it."""
    talk = Talk().active(limits=limits(agent_idle_s=1800))
    talk.later(5000)
    talk.user()
    talk.later(1000)
    talk.says()
    talk.later(5000)
    talk.user("one")
    talk.later(1000)
    talk.user("two")
    talk.later(799)
    assert talk.handover.status == "active"
    talk.later(1)
    assert talk.outcome == ("error", "agent_timeout", "system")
    assert talk.lane.ending and talk.lane.ending.kind == "cancel"


def test_agent_idle_s_counts_before_the_first_reply_too() -> None:
    """A user who wrote in the queue has the last word when the agent joins."""
    talk = Talk().queued(limits=limits(agent_idle_s=60))
    talk.user("anybody?")
    talk.later(500)
    assert talk.handover.status == "queued"
    talk.desk(e.AgentJoined(ANNA))
    talk.later(59)
    assert talk.handover.status == "active"
    talk.later(1)
    assert talk.outcome == ("error", "agent_timeout", "system")


def test_user_idle_s_counts_from_the_agents_last_message() -> None:
    """Only while the last word is the agent's; every message of theirs begins it anew."""
    talk = Talk().active(limits=limits(user_idle_s=900))
    talk.says()
    talk.later(800)
    talk.says()
    talk.later(899)
    talk.user()
    talk.later(2000)
    talk.says()
    talk.later(899)
    assert talk.handover.status == "active"
    talk.later(1)
    assert talk.outcome == ("completed", "user_idle", "system")
    assert talk.lane.ending and talk.lane.ending.kind == "close"


def test_a_note_is_nobodys_word() -> None:
    """A private note neither answers the user nor makes them idle."""
    talk = Talk().active(limits=limits(user_idle_s=900, agent_idle_s=1800))
    talk.user()
    talk.says("he sounds cross", note=True)
    assert set(talk.state.deadlines) == {"agent_idle_s"}


@pytest.mark.parametrize(
    ("status", "outcome", "vendor"),
    [
        ("requested", ("cancelled", "user_left", "user"), "cancel"),
        ("queued", ("cancelled", "user_left", "user"), "cancel"),
        ("active", ("completed", "user_left", "user"), "close"),
    ],
)
def test_user_gone_s_counts_from_the_disconnect(status: str, outcome: Any, vendor: str) -> None:
    """300 s after disconnect, in every open status."""
    talk = Talk()
    {"requested": talk.request, "queued": talk.queued, "active": talk.active}[status](
        limits=limits(user_gone_s=300), cancelled_text="All right"
    )
    talk.later(1000)
    talk.presence("disconnected")
    talk.later(299)
    assert talk.handover.is_open
    talk.later(1)
    assert talk.outcome == outcome
    assert talk.lane.ending and talk.lane.ending.kind == vendor
    assert talk.texts("system") == []


def test_a_user_who_comes_back_is_not_gone() -> None:
    """The next disconnect counts from its own time."""
    talk = Talk().active(limits=limits(user_gone_s=300))
    talk.presence("disconnected")
    talk.later(200)
    talk.presence("connected")
    talk.later(1000)
    talk.presence("disconnected")
    talk.later(299)
    assert talk.handover.status == "active"


def test_a_user_who_was_away_at_the_request_is_waited_for_from_then() -> None:
    """The handover's limit begins with the handover."""
    talk = Talk()
    talk.presence("disconnected")
    talk.later(1000)
    talk.queued(limits=limits(user_gone_s=300))
    talk.later(299)
    assert talk.handover.status == "queued"
    talk.later(1)
    assert talk.outcome == ("cancelled", "user_left", "user")


@pytest.mark.parametrize("status", ["requested", "queued", "active"])
def test_total_s_completes_whatever_the_status(status: str) -> None:
    """86400 s from the request: completed total_timeout."""
    talk = Talk()
    {"requested": talk.request, "queued": talk.queued, "active": talk.active}[status](
        limits=limits(total_s=86400)
    )
    talk.later(86399)
    assert talk.handover.is_open
    talk.later(1)
    assert talk.outcome == ("completed", "total_timeout", "system")


def test_first_reply_and_idle_limits_are_for_text_only() -> None:
    """On a call silence in writing means nothing."""
    talk = voice()
    talk.says()
    talk.user()
    talk.desk(e.AgentLeft())
    assert set(talk.state.deadlines) == {"total_s"}


# --- inactive


@pytest.mark.parametrize("name", ["agent_idle_s", "user_idle_s"])
def test_with_inactive_events_an_idle_limit_runs_the_flow_and_begins_anew(name: str) -> None:
    """inactivity_count rises each time, the flow gets the event, nothing ends; the user's next message resets it."""
    talk = Talk(bot="flow").active(limits=limits(**{name: 100}), events=frozenset({"inactive"}))
    talk.says()
    if name == "agent_idle_s":
        talk.user()
    talk.later(250)
    assert talk.types().count("handover.inactive") == 2
    assert (talk.data("handover.inactive")["inactivity_count"], talk.entry("handover.inactive").to_bot) == (
        2,
        True,
    )
    talk.user()
    assert talk.handover.inactivity_count == 0
    talk.says()
    talk.user()
    talk.later(100)
    assert talk.handover.status == "active"


def test_inactive_events_do_not_lift_the_first_reply_limit() -> None:
    """Only the two idle limits run the flow."""
    talk = Talk().active(events=frozenset({"inactive"}))
    talk.later(300)
    assert talk.outcome == ("error", "agent_timeout", "system")


# --- re-checking


def test_a_wake_before_its_time_does_nothing() -> None:
    """A timer that fires early finds nothing due."""
    talk = Talk().queued()
    before = talk.state
    talk.now += 599
    talk.do(e.Wake())
    assert talk.state == before


def test_a_late_wake_fires_in_order_and_each_timer_rechecks() -> None:
    """After a long sleep the earliest ends it, the others find an ended handover."""
    talk = Talk().queued(limits=limits(queue_s=10, total_s=20))
    talk.now += 100
    talk.do(e.Wake())
    assert talk.outcome == ("error", "queue_timeout", "system")
    assert talk.types().count("floor.changed") == 2


def test_a_timer_of_another_status_changes_nothing() -> None:
    """A limit that fires in a status that is not its own is over."""
    talk = Talk().active(limits=limits())
    talk.state = replace(talk.state, deadlines={"queue_s": 0.0})
    talk.do(e.Wake())
    assert (talk.handover.status, talk.state.deadlines) == ("active", {})
