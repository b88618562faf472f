"""The order of a desk's events: gaps, ends without a number, early and late events."""

from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.model import Style, Target
from tests.core.talk import ANNA, Talk

ENDED = {"applied": False, "reason": "ended"}
APPLIED = {"applied": True}


# --- numbers


def test_numbered_events_in_order_pass_at_once() -> None:
    """No gap, no wait."""
    talk = Talk().queued()
    talk.desk(e.AgentJoined(ANNA), 1)
    talk.says("one", 2)
    talk.says("two", 3)
    assert talk.texts("agent") == ["one", "two"]


def test_overtaken_events_are_put_in_order() -> None:
    """3 and 2 wait for 1; then all three pass, and no timer is left."""
    talk = Talk().queued()
    assert talk.says("three", 3) == APPLIED
    talk.says("two", 2)
    assert talk.texts("agent") == []
    talk.says("one", 1)
    assert talk.texts("agent") == ["one", "two", "three"]
    assert not [name for name in talk.state.deadlines if name.startswith("gap")]


def test_a_gap_is_waited_for_three_seconds_from_the_first_held_event() -> None:
    """Then delivery goes on; a later event does not make the wait longer."""
    talk = Talk().queued()
    talk.says("two", 2)
    talk.later(2)
    talk.says("three", 3)
    talk.later(0.9)
    assert talk.texts("agent") == []
    talk.later(0.1)
    assert talk.texts("agent") == ["two", "three"]


def test_the_missing_event_is_applied_when_it_comes() -> None:
    """Late is better than lost."""
    talk = Talk().queued()
    talk.says("two", 2)
    talk.later(3)
    assert talk.says("one", 1) == APPLIED
    talk.says("three", 3)
    assert talk.texts("agent") == ["two", "one", "three"]


def test_a_second_gap_is_waited_for_again() -> None:
    """After the first gap was given up, the next one has its own three seconds."""
    talk = Talk().queued()
    talk.says("two", 2)
    talk.says("four", 4)
    talk.later(3)
    assert talk.texts("agent") == ["two"]
    talk.later(2.9)
    assert talk.texts("agent") == ["two"]
    talk.later(0.1)
    assert talk.texts("agent") == ["two", "four"]


def test_after_a_restart_the_wait_counts_from_ready() -> None:
    """What fills the gap may have knocked while nobody listened."""
    talk = Talk().queued()
    talk.says("two", 2)
    talk.now += 60
    ready_at = talk.now
    talk.do(e.Wake(ready_at))
    talk.now += 2.9
    talk.do(e.Wake(ready_at))
    assert talk.texts("agent") == []
    talk.now += 0.1
    talk.do(e.Wake(ready_at))
    assert talk.texts("agent") == ["two"]


def test_events_without_number_never_wait_for_numbered_ones() -> None:
    """They pass while a gap is open."""
    talk = Talk().queued()
    talk.says("two", 2)
    talk.says("unnumbered")
    assert talk.texts("agent") == ["unnumbered"]


def test_a_numbered_close_waits_for_its_turn_only() -> None:
    """Its place is certain: no second of grace."""
    talk = Talk().active()
    talk.desk(e.Closed(sequenced=True), 2)
    talk.says("bye", 1)
    assert (talk.outcome, talk.texts("agent")) == (("completed", "agent_closed", "agent"), ["bye"])


def test_what_an_ended_session_still_held_is_shown_late_in_order() -> None:
    """A gap that is open when the handover is completed loses nothing that the agent wrote."""
    talk = Talk().active()
    talk.says("four", 4)
    talk.says("three", 3)
    talk.desk(e.AgentTyping(on=True), 5)
    talk.do(e.Close(talk.handover.id))
    assert [(m.text, m.late) for m in talk.messages("agent")] == [("three", True), ("four", True)]
    assert (talk.state.late, talk.lane.held) == (1, ())


def test_what_a_cancelled_session_still_held_is_counted() -> None:
    """Only a completed end shows late messages."""
    talk = Talk().active()
    talk.says("two", 2)
    talk.do(e.Cancel(talk.handover.id))
    talk.later(10)
    assert (talk.texts("agent"), talk.state.late) == ([], 1)


def test_the_close_among_the_held_ends_it_and_the_rest_is_late() -> None:
    """Draining stops at the end."""
    talk = Talk().active()
    talk.desk(e.Closed(sequenced=True), 2)
    talk.says("after", 3)
    talk.says("before", 1)
    assert [(m.text, m.late) for m in talk.messages("agent")] == [("before", False), ("after", True)]


# --- ends without a number


@pytest.mark.parametrize("fact", [e.Closed(), e.Failed("provider_error")])
def test_an_unnumbered_end_waits_one_second_for_an_overtaken_message(fact: Any) -> None:
    """The last message passes as an ordinary one."""
    talk = Talk().active()
    assert talk.desk(fact) == APPLIED
    talk.later(0.9)
    talk.says("bye")
    assert talk.handover.status == "active"
    talk.later(0.1)
    assert not talk.handover.is_open
    assert [(m.text, m.late) for m in talk.messages("agent")] == [("bye", False)]


def test_two_unnumbered_ends_are_one_end_and_one_late_event() -> None:
    """The first one wins, the second is counted; the second one does not prolong the grace."""
    talk = Talk().active()
    talk.desk(e.Closed())
    talk.later(0.5)
    talk.desk(e.Failed("provider_error"))
    talk.later(0.5)
    assert (talk.outcome, talk.state.late) == (("completed", "agent_closed", "agent"), 1)


def test_an_end_of_ours_within_the_grace_wins() -> None:
    """First committed, first served: the held close is late."""
    talk = Talk().active()
    talk.desk(e.Closed())
    talk.do(e.Cancel(talk.handover.id))
    talk.later(5)
    assert (talk.outcome[0], talk.state.late) == ("cancelled", 1)


@pytest.mark.parametrize(
    ("reason", "kept"), [(None, "agent_closed"), ("resolved", "agent_closed"), ("user_left", "user_left")]
)
def test_a_close_keeps_a_reason_of_ours_and_no_other(reason: str | None, kept: str) -> None:
    """The list of reasons is closed."""
    talk = Talk().active()
    talk.desk(e.Closed(reason, sequenced=True))
    assert talk.handover.reason == kept


def test_a_failure_with_a_word_of_its_own_is_unknown() -> None:
    """The same for failures; the detail is kept."""
    talk = Talk().active()
    talk.desk(e.Failed("meltdown", "smoke", sequenced=True))
    assert (talk.outcome, talk.handover.error_message) == (("error", "unknown", "provider"), "smoke")


def test_closed_before_answering_completes() -> None:
    """Queued and closed by an agent: completed, and nothing of it is shown late."""
    talk = Talk().queued()
    talk.desk(e.Closed(sequenced=True))
    assert talk.outcome == ("completed", "agent_closed", "agent")
    assert talk.says("too late") == ENDED


def test_the_desk_that_ended_it_is_not_called() -> None:
    """Neither cancel nor close."""
    talk = Talk().active()
    talk.desk(e.Closed(sequenced=True))
    assert talk.lane.ending and talk.lane.ending.kind == "none"


# --- early


def test_events_during_the_open_call_wait_for_it() -> None:
    """Rule 2: the agent may answer before our own call has returned."""
    talk = Talk()
    talk.request()
    talk.says("two", 2)
    assert talk.desk(e.AgentJoined(ANNA), 1) == APPLIED
    talk.says("unnumbered")
    assert talk.handover.status == "requested"
    talk.opened()
    assert talk.handover.status == "active"
    assert talk.texts("agent") == ["unnumbered", "two"]
    assert talk.types().index("handover.queued") < talk.types().index("handover.active")


def test_an_early_event_that_names_the_session_waits_too() -> None:
    """The external id is not known before the call returns."""
    talk = Talk()
    talk.request()
    talk.do(e.FromProvider("desk", "e1", e.AgentMessage("hi"), external_id="x1"))
    talk.opened()
    assert talk.texts("agent") == ["hi"]


def test_early_events_of_a_handover_that_ended_are_counted() -> None:
    """Cancelled before the call returned: what waited is late."""
    talk = Talk()
    talk.request()
    talk.says("hi")
    talk.do(e.Cancel(talk.handover.id))
    assert (talk.texts("agent"), talk.state.late) == ([], 1)


def test_early_events_of_a_transfer_are_counted() -> None:
    """Control has left us: nothing is relayed."""
    talk = Talk()
    talk.request(Target("mail", Style.TRANSFER))
    talk.says("hi")
    talk.opened()
    assert (talk.handover.status, talk.texts("agent"), talk.state.late) == ("transferred", [], 1)


# --- late


def test_sixty_seconds_of_late_messages_after_completed() -> None:
    """Shown with `late: true`, whoever has the floor; then counted."""
    talk = Talk().active()
    lane = talk.handover.lane
    talk.desk(e.Closed(sequenced=True))
    talk.later(60)
    assert talk.says("ps") == APPLIED
    assert talk.messages("agent")[-1].late
    assert talk.log[-1].to_user
    assert talk.says("private", note=True) == ENDED
    assert talk.desk(e.AgentTyping(on=True)) == ENDED
    talk.later(0.1)
    assert talk.says("pps") == ENDED
    assert (talk.state.late, talk.state.lane(lane) is not None) == (3, True)


@pytest.mark.parametrize("end", [e.Cancel("h1"), e.SessionLost(1, "gone")])
def test_after_other_ends_nothing_is_shown(end: Any) -> None:
    """Cancelled and error: late messages are counted only."""
    talk = Talk().active()
    talk.do(end)
    assert talk.says("ps") == ENDED
    assert talk.texts("agent") == []


def test_a_late_message_passes_while_the_next_handover_is_open() -> None:
    """It belongs to its own handover, and says nothing of its author that the new step might forbid."""
    talk = Talk().active(agent_alias="Support")
    first = talk.handover.id
    talk.desk(e.Closed(sequenced=True))
    talk.active("backup", agent_identity="name")
    talk.desk(e.AgentMessage("ps", agent=ANNA), provider="desk", handover_id=first)
    late = talk.messages("agent")[-1]
    assert (late.text, late.late, late.author_name, talk.log[-1].handover_id) == ("ps", True, None, first)


def test_only_the_attempt_that_was_active_may_be_late() -> None:
    """The provider before it in the chain is counted."""
    talk = Talk().queued("desk", "backup")
    talk.later(600)
    talk.opened()
    talk.desk(e.AgentJoined(ANNA))
    talk.desk(e.Closed(sequenced=True))
    assert talk.desk(e.AgentMessage("me too"), provider="desk") == ENDED
    assert talk.says("ps") == APPLIED


def test_a_forgotten_session_is_late_as_well() -> None:
    """After two minutes the lane is gone; its events are still counted."""
    talk = Talk().active()
    talk.desk(e.Closed(sequenced=True))
    talk.do(e.LaneEnded(talk.handover.lane))
    talk.later(121)
    talk.user()
    assert talk.state.lanes == ()
    assert talk.says("ps") == ENDED


# --- whose event


def test_an_event_of_a_conversation_without_handover_is_late() -> None:
    """Nothing raises."""
    talk = Talk()
    assert talk.do(e.FromProvider("desk", "1", e.AgentMessage("hi"))).result == ENDED
    assert talk.do(e.FromProvider("desk", "2", e.Returned())).result == ENDED
    assert talk.state.late == 2


def test_an_unknown_kind_is_taken_and_has_no_effect() -> None:
    """Answered, not applied, not late."""
    talk = Talk().active()
    assert talk.desk(e.Unknown("agent.dances")) == {"applied": False, "reason": "unknown"}
    assert talk.state.late == 0


def test_an_unknown_kind_fills_its_place_in_the_order() -> None:
    """Its number is not missing."""
    talk = Talk().active()
    talk.says("two", 2)
    assert talk.desk(e.Unknown("agent.dances"), 1) == {"applied": False, "reason": "unknown"}
    assert talk.texts("agent") == ["two"]


@pytest.mark.parametrize(
    ("origin", "result"),
    [
        ({"external_id": "x1"}, APPLIED),
        ({"external_id": "x9"}, ENDED),
        ({"provider": "other"}, ENDED),
        ({"handover_id": "h9"}, ENDED),
        ({"handover_id": None}, APPLIED),
    ],
)
def test_an_event_belongs_to_the_session_it_names(origin: Any, result: Any) -> None:
    """By external id, else this provider's latest attempt; another provider has no say."""
    talk = Talk().active()
    assert talk.desk(e.AgentMessage("hi"), **origin) == result


def test_the_same_provider_twice_in_a_chain_has_two_sessions() -> None:
    """Without external id the latest attempt is meant; the first one's events are late."""
    talk = Talk().queued("desk", "desk")
    talk.later(600)
    talk.opened()
    assert talk.desk(e.AgentJoined(ANNA), external_id="x1") == ENDED
    assert talk.desk(e.AgentJoined(ANNA)) == APPLIED
    assert talk.handover.status == "active"
