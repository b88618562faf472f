"""Phone calls in the pure core: what is said before, the order, and every outcome in every status."""

import json
from typing import Any, get_args

import pytest

from openhandover.core import events as e, table
from openhandover.core.model import Call, Limits, Status, Style, Target
from tests.core.talk import Talk

ORDER = {"kind": "forward", "to": "+31201234567", "mode": "refer", "call": {}}
REFER = Target("team", style=Style.TRANSFER)
DIAL = Target("front", style=Style.RELAY)


def call(**more: Any) -> Talk:
    """A phone call that a bot has."""
    return Talk(medium="voice", call=Call("phone", "1", "+31", "+32"), **more)


def spoken(talk: Talk, failed: str | None = None) -> None:
    """The gateway has said the message, or could not."""
    talk.do(e.Spoken(talk.lane.id, talk.handover.settings.message, "en", failed))


def asked(target: Target = REFER, *rest: Target, **settings: Any) -> Talk:
    """A call whose gateway is being asked."""
    talk = call()
    talk.request(target, *rest, **settings)
    talk.do(e.Opening(talk.lane.id))
    return talk


def taken(target: Target = REFER, *rest: Target, **settings: Any) -> Talk:
    """A call whose gateway has taken the order."""
    talk = asked(target, *rest, **settings)
    talk.opened(order=ORDER)
    return talk


def reports(talk: Talk, outcome: Any, **more: Any) -> None:
    """The gateway reports."""
    talk.do(e.CallResult(talk.handover.id, outcome, **more))


def test_the_message_is_spoken_instead_of_sent() -> None:
    """Nothing goes to the channel; what was said is in the log, and the limit for the order counts from its end."""
    talk = call()
    talk.request(REFER, message="One moment.", spoken=True)
    assert (talk.texts(), talk.lane.say, talk.lane.gate) == ([], True, 0)
    assert talk.state.deadlines["open_s"] == talk.now + 30 + table.GRACE["say"].seconds
    talk.later(20)
    spoken(talk)
    assert talk.state.deadlines["open_s"] == talk.now + 30
    assert not talk.lane.say
    assert talk.data("call.say") == {
        "text": "One moment.",
        "language": "en",
        "call": {"gateway": "phone", "id": "1", "from": "+31", "to": "+32"},
        "spoken": True,
    }
    entry = talk.entry("call.say")
    assert (entry.to_user, entry.to_bot, entry.to_agent, entry.handover_id) == (False, False, 0, "h1")
    spoken(talk)
    assert talk.types().count("call.say") == 1


def test_a_message_that_could_not_be_spoken_is_told() -> None:
    """The handover goes on."""
    talk = call()
    talk.request(REFER, message="One moment.", spoken=True)
    spoken(talk, "it was not said to its end in time")
    assert talk.data("call.say")["spoken"] is False
    assert talk.handover.is_open


def test_a_switched_off_limit_stays_off_while_it_is_spoken() -> None:
    """`open_s: 0` waits for ever, with a message as without."""
    talk = call()
    talk.request(REFER, message="One moment.", spoken=True, limits=Limits(open_s=0))
    spoken(talk)
    assert "open_s" not in talk.state.deadlines


def test_what_is_spoken_after_the_end_arms_nothing() -> None:
    """The caller hung up meanwhile; what was said is told all the same."""
    talk = call()
    talk.request(REFER, message="One moment.", spoken=True)
    lane = talk.lane.id
    reports(talk, "caller_hung_up")
    assert talk.outcome == ("cancelled", "user_left", "user")
    talk.do(e.Spoken(lane, "One moment.", "en"))
    assert talk.types()[-1] == "call.say"
    assert talk.state.deadlines == {}


def test_a_lane_that_nobody_knows_any_more_was_not_spoken_on() -> None:
    """A late word of it changes nothing."""
    talk = call()
    talk.do(e.Spoken(7, "One moment.", "en"))
    assert talk.types() == []


def test_a_refused_call_hears_no_message() -> None:
    """A configuration error is found before anything is said."""
    talk = call()
    refused = Target("team", style=Style.TRANSFER, refuse="`to` cannot be called: it is empty")
    talk.request(refused, message="One moment.", spoken=True, failure="Sorry.")
    assert talk.outcome == ("error", "configuration", "system")
    assert (talk.texts(), talk.lane.say) == (["Sorry."], False)


def test_the_message_is_spoken_once_per_handover() -> None:
    """The next provider of the chain takes the call without another word."""
    talk = call()
    talk.request(REFER, DIAL, message="One moment.", spoken=True)
    spoken(talk)
    talk.do(e.Opening(talk.lane.id))
    talk.do(e.OpenFailed(talk.lane.id, "rejected", "HTTP status 422"))
    assert (len(talk.handover.attempts), talk.lane.say) == (2, False)


def test_a_referred_call_waits_for_its_outcome() -> None:
    """The order is taken: `queue_s` runs instead of `open_s`, nothing is said, and the status stays."""
    talk = taken(accepted="")
    assert talk.handover.status == "requested"
    assert "open_s" not in talk.state.deadlines
    assert talk.state.deadlines["queue_s"] == talk.now + 600
    assert talk.data("call.transfer") == ORDER
    talk.later(600)
    assert talk.outcome == ("error", "queue_timeout", "system")
    ending = talk.state.lanes[0].ending
    assert ending is not None
    assert ending.kind == "cancel"


def test_a_referred_call_that_nobody_answers_in_time_goes_to_the_next() -> None:
    """As a queue that is too long does."""
    talk = taken(REFER, DIAL)
    talk.later(600)
    assert [attempt.reason for attempt in talk.handover.attempts] == ["queue_timeout", None]


def test_a_dialled_call_is_queued_active_completed() -> None:
    """Accepted, connected, ended: each is told once."""
    talk = taken(DIAL)
    assert talk.handover.status == "queued"
    reports(talk, "connected")
    assert (talk.handover.status, talk.handover.active_at) == ("active", talk.now)
    assert set(talk.state.deadlines) == {"total_s"}
    talk.later(60)
    reports(talk, "ended")
    assert talk.outcome == ("completed", "agent_closed", "agent")
    told = [kind for kind in talk.types() if kind.startswith("handover.")]
    assert told == ["handover.requested", "handover.queued", "handover.active", "handover.completed"]


@pytest.mark.parametrize("target", [REFER, DIAL])
@pytest.mark.parametrize("outcome", ["connected", "busy", "caller_hung_up"])
def test_the_order_is_told_before_an_outcome_that_overtakes_the_answer(target: Target, outcome: str) -> None:
    """Whoever reads the log finds the order, the queue of a dialled call, and only then what came of it; once."""
    talk = asked(target)
    reports(talk, outcome, order=ORDER)
    talk.do(e.Opened(talk.state.lanes[-1].id, "x", order=ORDER))
    told = [kind for kind in talk.types() if kind.startswith(("handover.", "call."))]
    ends = {"connected": "transferred", "busy": "error", "caller_hung_up": "cancelled"}
    end = "active" if (target, outcome) == (DIAL, "connected") else ends[outcome]
    queued = ["handover.queued"] if target is DIAL else []
    assert told == ["handover.requested", "call.transfer", *queued, f"handover.{end}"]
    assert talk.state.handover is not None
    assert talk.state.handover.attempts[-1].external_id == "h1:1"


@pytest.mark.parametrize("target", [REFER, DIAL])
def test_an_outcome_may_overtake_the_answer(target: Target) -> None:
    """Who reports on the call has taken the order; the answer that comes later is told, and changes nothing."""
    talk = asked(target)
    reports(talk, "connected")
    expected = "active" if target is DIAL else "transferred"
    assert talk.handover.status == expected
    late = talk.state.late
    lane = talk.state.lanes[-1].id
    talk.do(e.Opened(lane, "x", order=ORDER))
    assert (talk.handover.status, talk.state.late) == (expected, late)
    assert talk.data("call.transfer") == ORDER


def test_an_outcome_before_the_order_is_none() -> None:
    """Before the gateway was asked nobody can be connected; a caller may hang up at any time."""
    talk = call()
    talk.request(REFER)
    reports(talk, "connected")
    assert (talk.handover.status, talk.state.late) == ("requested", 1)
    reports(talk, "caller_hung_up")
    assert talk.outcome == ("cancelled", "user_left", "user")


def expected_of(status: str, outcome: str) -> tuple[str, str | None, str | None] | None:
    """Where an outcome leads by the contract; None: it is late and changes nothing."""
    if outcome == "connected":
        ends = {"requested": ("transferred", "transferred", "system"), "queued": ("active", None, None)}
        return ends.get(status)
    if outcome == "caller_hung_up":
        return ("completed" if status == "active" else "cancelled", "user_left", "user")
    if outcome == "ended":
        return (
            ("completed", "agent_closed", "agent") if status == "active" else ("error", "unknown", "provider")
        )
    return ("error", "provider_error" if outcome == "failed" else outcome, "provider")


@pytest.mark.parametrize("status", ["requested", "queued", "active"])
@pytest.mark.parametrize("outcome", get_args(table.CallOutcome))
def test_every_outcome_in_every_status(status: str, outcome: str) -> None:
    """Status, reason and who ended it; what comes after the end is counted and changes nothing."""
    talk = taken(REFER if status == "requested" else DIAL)
    if status == "active":
        reports(talk, "connected")
    assert talk.handover.status == status
    reports(talk, outcome, sip_status=486)
    expected = expected_of(status, outcome)
    assert talk.outcome == (expected or (status, None, None))
    assert talk.state.late == (expected is None)
    if talk.outcome[0] == "error":
        assert talk.handover.error_message == f"the gateway reports {outcome}, SIP status 486"
    if not talk.handover.is_open:
        before, late = talk.state.seq, talk.state.late
        for again in get_args(table.CallOutcome):
            reports(talk, again)
        assert (talk.state.seq, talk.state.late) == (before, late + len(get_args(table.CallOutcome)))


def test_every_outcome_has_a_row() -> None:
    """The table knows each outcome, and each reason is one of an error."""
    assert set(table.CALL_RESULTS) == set(get_args(table.CallOutcome))
    reasons = {row.reason for row in table.CALL_RESULTS.values() if row.reason}
    assert reasons <= set(table.REASONS[Status.ERROR])


def test_an_outcome_of_another_attempt_or_handover_is_late() -> None:
    """A gateway that says which attempt it means is understood; a handover that is over stays over."""
    talk = taken(REFER, DIAL)
    talk.later(600)
    talk.do(e.Opening(talk.lane.id))
    talk.opened(order=ORDER)
    reports(talk, "connected", attempt=1)
    assert (talk.handover.status, talk.state.late) == ("queued", 1)
    talk.do(e.CallResult("another", "connected"))
    assert (talk.handover.status, talk.state.late) == ("queued", 2)
    reports(talk, "connected", attempt=2)
    assert talk.handover.status == "active"


def test_a_cancelled_call_gets_its_gateway_a_cancel() -> None:
    """A dialled call that we end is taken back, where its gateway can."""
    for status, ending in (("queued", "cancel"), ("active", "cancel")):
        talk = taken(DIAL)
        if status == "active":
            reports(talk, "connected")
        lane = talk.lane.id
        talk.do(e.Cancel(talk.handover.id))
        found = talk.state.lane(lane)
        assert found is not None
        assert found.ending is not None
        assert (talk.outcome[0], found.ending.kind) == ("cancelled", ending)


def test_the_gateway_ends_what_it_reports() -> None:
    """After its own report it gets nothing more."""
    talk = taken(DIAL)
    lane = talk.lane.id
    reports(talk, "busy")
    found = talk.state.lane(lane)
    assert found is not None
    assert found.ending is not None
    assert found.ending.kind == "none"


def test_a_logged_call_is_over_at_once() -> None:
    """No order, no outcome to wait for."""
    talk = asked(Target("log", style=Style.TRANSFER, transferred="logged"))
    talk.opened()
    assert talk.outcome == ("transferred", "logged", "system")


def test_a_transferred_call_may_come_back() -> None:
    """By call, as every transfer."""
    talk = taken()
    reports(talk, "connected")
    assert talk.state.floor == "human"
    talk.do(e.Return(talk.handover.id))
    assert talk.state.floor == "bot"


def test_the_digest_of_a_call_tells_how_long_it_was() -> None:
    """Nobody wrote anything, so nothing is said of messages."""
    talk = taken(DIAL)
    reports(talk, "connected")
    talk.later(95)
    reports(talk, "ended")
    assert talk.last.digest is not None
    digest = json.loads(talk.last.digest)
    assert (
        digest["summary"]
        == "The user talked with an agent for 95 seconds. It ended completed (agent closed)."
    )
    assert (digest["messages"], digest["agents"], digest["duration_s"]) == ([], [], 95)
