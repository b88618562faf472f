"""What became of deliveries: lanes and their cursors, marks, receipts, failures, what is prepared before it is shown."""

from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.effects import TellReceipt
from openhandover.core.model import Message
from openhandover.core.state import is_busy, wake_at
from openhandover.core.view import message_of
from tests.core.talk import Talk, replace


def message(talk: Talk, seq: int) -> Message:
    """The message with this seq."""
    return next(found for found in talk.messages() if found.seq == seq)


def sent(talk: Talk, lane: Any, seq: int, **more: Any) -> None:
    """The receiver of a lane has the message."""
    talk.do(
        e.Sent(
            lane,
            seq,
            message=message(talk, seq),
            handover_id=talk.state.handover and talk.handover.id,
            **more,
        )
    )


def not_sent(talk: Talk, lane: Any, seq: int) -> None:
    """The receiver of a lane refused the message for good."""
    talk.do(e.NotSent(lane, seq, 3, message(talk, seq), talk.handover.id if talk.state.handover else None))


@pytest.mark.parametrize("lane", ["user", "bot"])
def test_a_delivery_moves_the_cursor_and_is_told(lane: str) -> None:
    """message.delivered, and the mark with its number of tries."""
    talk = Talk()
    seq = (talk.bot() if lane == "user" else talk.user()).result.seq
    assert is_busy(talk.state)
    sent(talk, lane, seq, attempts=2)
    assert talk.marks[seq, lane] == ("delivered", 2)
    assert (talk.log[-1].type, talk.log[-1].to_user) == ("message.delivered", lane == "bot")
    assert getattr(talk.state, f"{lane}_done") == seq


@pytest.mark.parametrize("lane", ["user", "bot"])
def test_the_same_delivery_again_is_counted_and_not_told(lane: str) -> None:
    """After a crash the call was repeated; the other side recognised it."""
    talk = Talk()
    seq = (talk.bot() if lane == "user" else talk.user()).result.seq
    sent(talk, lane, seq)
    before = len(talk.log)
    sent(talk, lane, seq)
    assert (talk.state.repeated, len(talk.log)) == (1, before)


def test_what_is_no_message_only_moves_the_cursor() -> None:
    """Events for a webhook have no state of delivery."""
    talk = Talk()
    talk.do(e.Trigger("x"))
    seq = talk.state.seq
    talk.do(e.Sent("bot", seq))
    talk.do(e.Trigger("y"))
    talk.do(e.NotSent("bot", talk.state.seq))
    assert (talk.state.bot_done, talk.marks, len(talk.log)) == (seq + 1, {}, 2)


def test_a_message_to_the_agent_is_delivered_on_its_lane() -> None:
    """The user's side hears of it."""
    talk = Talk().active()
    seq = talk.user().result.seq
    assert talk.lane.last == seq
    sent(talk, talk.handover.lane, seq)
    assert (talk.lane.done, talk.marks[seq, "agent"], talk.log[-1].to_user) == (seq, ("delivered", 1), True)
    sent(talk, talk.handover.lane, seq)
    assert talk.lane.done == seq


def test_a_message_refused_for_good_is_failed_and_its_sender_told() -> None:
    """Rule 10: message.failed for the user's channel, or for the bot, and the next goes on."""
    talk = Talk().active()
    seq = talk.user().result.seq
    not_sent(talk, talk.handover.lane, seq)
    assert (talk.marks[seq, "agent"], talk.log[-1].type, talk.log[-1].to_user) == (
        ("failed", 3),
        "message.failed",
        True,
    )
    assert talk.lane.done == seq
    bot = Talk()
    seq = bot.bot().result.seq
    not_sent(bot, "user", seq)
    assert (bot.log[-1].type, bot.log[-1].to_bot, bot.log[-1].to_user) == ("message.failed", True, False)


def test_the_desk_gets_receipts_of_its_agents_messages() -> None:
    """Delivered, read, failed: under the desk's own id."""
    talk = Talk().active()
    talk.says("one", id="m1")
    seq = talk.state.seq
    sent(talk, "user", seq)
    talk.do(e.ReadByUser(seq, message(talk, seq), talk.handover.id))
    talk.says("two", id="m2")
    not_sent(talk, "user", talk.state.seq)
    assert talk.effects == [
        TellReceipt(1, "m1", "delivered"),
        TellReceipt(1, "m1", "read"),
        TellReceipt(1, "m2", "failed"),
    ]
    assert talk.marks[seq, "user"] == ("read", 0)


def test_a_desk_that_gave_no_id_gets_no_receipt() -> None:
    """There is nothing to name the message by."""
    talk = Talk().active()
    talk.says("one")
    sent(talk, "user", talk.state.seq)
    assert talk.effects == []


def test_what_went_with_the_transcript_is_delivered() -> None:
    """Messages of an earlier attempt that the next provider got when it was opened."""
    talk = Talk().queued("desk", "backup")
    seq = talk.user("hello?").result.seq
    talk.later(600)
    talk.opened(taken=((seq, message(talk, seq)),))
    assert talk.marks[seq, "agent"] == ("delivered", 1)
    assert "message.delivered" in talk.types(seq)


# --- triggers


def test_a_delivered_answer_fires_its_event() -> None:
    """`triggerEvent`: after the delivery, not before; once."""
    talk = Talk()
    seq = talk.bot(metadata={"triggerEvent": "handover"}).result.seq
    assert "event.triggered" not in talk.types()
    sent(talk, "user", seq)
    sent(talk, "user", seq)
    assert (talk.data("event.triggered"), talk.log[-1].to_bot) == ({"event": "handover"}, True)
    assert talk.types().count("event.triggered") == 1


def test_a_trigger_during_a_handover_is_logged_and_ignored() -> None:
    """No receiver gets it."""
    talk = Talk().active()
    seq = talk.bot(to="both", metadata={"triggerEvent": "handover"}).result.seq
    sent(talk, "user", seq)
    assert (talk.log[-1].type, talk.log[-1].to_bot) == ("event.triggered", False)


@pytest.mark.parametrize("metadata", [None, {}, {"triggerEvent": ""}, {"triggerEvent": 7}])
def test_other_metadata_fires_nothing(metadata: Any) -> None:
    """Only a name is one."""
    talk = Talk()
    sent(talk, "user", talk.bot(metadata=metadata).result.seq)
    assert talk.types()[-1] == "message.delivered"


# --- lanes


def test_messages_before_the_end_stay_due_and_go_before_our_cancel() -> None:
    """Rule 9: the lane ends only when its last message is out."""
    talk = Talk().queued()
    seq = talk.user().result.seq
    talk.do(e.Cancel(talk.handover.id))
    assert (talk.lane.done < talk.lane.last, talk.lane.ending is not None) == (True, True)
    assert is_busy(talk.state)
    sent(talk, talk.lane.id, seq)
    talk.do(e.LaneEnded(talk.lane.id))
    assert talk.lane.ending is None


def test_a_finished_lane_is_forgotten_after_two_minutes() -> None:
    """Late events find it until then; news of a forgotten one changes nothing."""
    talk = Talk(bot="none", channel="pull").active()
    lane = talk.handover.lane
    talk.do(e.Cancel(talk.handover.id))
    talk.later(200)
    talk.do(e.Wake())
    assert talk.state.lane(lane) is not None
    talk.do(e.LaneEnded(lane))
    assert talk.state.lanes == ()
    before = talk.state
    talk.do(e.LaneEnded(lane))
    talk.do(e.Opening(lane))
    talk.do(e.Sent(lane, 5))
    assert talk.state == before
    assert not is_busy(talk.state)


def test_an_open_lane_is_work() -> None:
    """A start finds the open call that was left."""
    talk = Talk(bot="none", channel="pull")
    talk.request()
    assert is_busy(talk.state)
    talk.opened()
    assert not is_busy(talk.state)


# --- prepared before it is shown


def test_a_message_is_held_back_until_it_is_prepared_and_so_is_what_follows() -> None:
    """Shown in seq order; the prepared text is what is shown."""
    talk = Talk().active()
    first = talk.user("hallo", prepare=True).result
    talk.user("next")
    assert talk.state.shown == first.seq - 1
    done = replace(first, language="nl")
    assert talk.do(e.Prepared(first.seq, done)).rewritten[0][0] == first.seq
    assert talk.state.shown == talk.state.seq


def test_after_three_seconds_the_original_is_shown() -> None:
    """And what comes later is ignored."""
    talk = Talk(bot="none").active()
    talk.says("hallo", prepare=True)
    seq = talk.state.seq
    assert wake_at(talk.state) == talk.now + 3
    talk.later(3)
    assert talk.state.shown == talk.state.seq
    assert talk.do(e.Prepared(seq, message(talk, seq))).rewritten == []


def test_another_timer_does_not_show_what_is_still_prepared() -> None:
    """A wake that comes for something else leaves the message where it is."""
    talk = Talk().active()
    seq = talk.user("hallo", prepare=True).result.seq
    talk.now += 1
    talk.do(e.Wake())
    assert (talk.state.preparing, talk.state.shown) == ({seq: talk.now + 2}, seq - 1)


def test_the_bots_output_is_prepared_too() -> None:
    """A picture of the bot is fetched first."""
    talk = Talk()
    seq = talk.bot(prepare=True).result.seq
    assert talk.state.preparing == {seq: talk.now + 3}


def test_nothing_to_wait_for_is_no_timer() -> None:
    """A quiet conversation has no wake time."""
    assert wake_at(Talk().state) is None
    assert message_of(Talk().user().entries[0]).text == "hello"
