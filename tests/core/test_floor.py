"""Rule 1: one authority on who may speak. Floor, epochs, and who gets a message."""

from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.errors import Refused
from openhandover.core.model import Attachment, Settings, Style, Target
from tests.core.talk import Talk

FILE = Attachment("f1", "a.pdf", "application/pdf", 3, "")


def refusal(talk: Talk, event: Any) -> Refused:
    """The refusal of an event, which leaves nothing behind."""
    before = talk.state
    with pytest.raises(Refused) as refused:
        talk.do(event)
    assert talk.state is before
    return refused.value


def post(author: Any = "bot", **more: Any) -> e.PostMessage:
    """A message that nobody has posted yet."""
    return e.PostMessage(**{"id": "m", "author": author, "text": "hi"} | more)


def test_the_floor_moves_with_the_handover_and_the_epoch_rises_each_time() -> None:
    """Bot, human, bot: epochs 1, 2, 3, each told by floor.changed."""
    talk = Talk()
    assert (talk.state.floor, talk.state.epoch) == ("bot", 1)
    talk.active()
    assert (talk.state.floor, talk.state.epoch) == ("human", 2)
    assert talk.data("floor.changed") == {"floor": "human", "epoch": 2}
    talk.do(e.Close(talk.handover.id))
    assert (talk.state.floor, talk.state.epoch) == ("bot", 3)
    assert talk.data("floor.changed") == {"floor": "bot", "epoch": 3}


def test_the_message_before_the_handover_has_the_old_epoch_and_the_request_the_new_one() -> None:
    """What is said just before the handover is the bot's; from the request on the floor is the human's."""
    talk = Talk()
    talk.request(message="a moment")
    said, requested, changed = talk.log
    assert [(entry.type, entry.floor, entry.epoch) for entry in (said, requested, changed)] == [
        ("message.created", "bot", 1),
        ("handover.requested", "human", 2),
        ("floor.changed", "human", 2),
    ]


def test_a_bot_without_epoch_is_told_what_is_missing() -> None:
    """Missing epoch: 422 with the path."""
    error = refusal(Talk(), post())
    assert (error.code, error.status, error.extra["errors"][0]["path"]) == ("invalid", 422, "epoch")


@pytest.mark.parametrize("to", [None, "user", "agent", "both"])
def test_an_old_epoch_is_stale_whomever_it_is_for(to: str | None) -> None:
    """`to` never lifts the epoch check."""
    talk = Talk().active()
    error = refusal(talk, post(epoch=1, to=to))
    assert (error.code, error.status, error.extra) == ("stale_epoch", 409, {"epoch": 2, "floor": "human"})


def test_an_epoch_from_the_future_is_stale_too() -> None:
    """Only the current epoch passes."""
    assert refusal(Talk(), post(epoch=2)).code == "stale_epoch"


def test_the_bot_is_refused_while_a_human_has_the_floor() -> None:
    """Out of turn: 409 floor_taken, with the floor as it is."""
    error = refusal(Talk().active(), post(epoch=2))
    assert (error.code, error.extra) == ("floor_taken", {"epoch": 2, "floor": "human"})


@pytest.mark.parametrize(
    ("to", "channel", "agent"), [("user", True, False), ("agent", False, True), ("both", True, True)]
)
def test_to_lifts_the_floor_check_during_a_handover(to: str, channel: bool, agent: bool) -> None:
    """Marked output passes, and goes where the mark says."""
    talk = Talk().active()
    talk.bot("psst", to=to)
    entry = talk.log[-1]
    assert (entry.to_user, bool(entry.to_agent)) == (channel, agent)


def test_to_does_not_lift_the_floor_check_after_a_transfer() -> None:
    """A transferred conversation has no open handover: the floor is taken."""
    talk = transferred()
    assert refusal(talk, post(epoch=talk.state.epoch, to="user")).code == "floor_taken"


def test_bot_output_for_an_agent_without_handover_goes_nowhere() -> None:
    """Without an agent's side it is recorded only."""
    talk = Talk()
    talk.bot("note", to="agent")
    assert (talk.log[-1].to_user, talk.log[-1].to_agent) == (False, 0)


def test_the_bot_speaks_again_after_the_end_with_the_new_epoch() -> None:
    """After the end the bot goes on; the epoch from before is stale."""
    talk = Talk().active()
    talk.do(e.Cancel(talk.handover.id))
    assert refusal(talk, post(epoch=1)).code == "stale_epoch"
    talk.bot("back again")
    assert talk.texts("bot") == ["back again"]


# --- user messages


def test_a_user_message_goes_to_whoever_has_the_floor() -> None:
    """Floor bot: the bot; floor human: the agent's lane, not the bot."""
    talk = Talk()
    talk.user("one")
    assert (talk.log[-1].to_bot, talk.log[-1].to_agent) == (True, 0)
    talk.active()
    talk.user("two")
    assert (talk.log[-1].to_bot, talk.log[-1].to_agent) == (False, talk.handover.lane)


def test_without_a_bot_of_ours_user_messages_are_only_recorded() -> None:
    """A conversation whose bot lives outside has no bot lane."""
    talk = Talk(bot="none")
    talk.user()
    assert (talk.log[-1].to_bot, talk.state.bot_last) == (False, 0)


def test_a_pull_channel_gets_messages_only() -> None:
    """Floor and handover events go to a channel's webhook; a channel without one has messages due only."""
    talk = Talk(channel="pull")
    talk.request(message="a moment")
    assert [entry.type for entry in talk.log if entry.to_user] == ["message.created"]


@pytest.mark.parametrize(
    ("setting", "handover", "allowed"),
    [("always", False, True), ("human", False, False), ("human", True, True), ("never", True, False)],
)
def test_files_are_accepted_as_the_channel_says(setting: str, handover: bool, allowed: bool) -> None:
    """`human`: only while a handover is open; `never`: not even then."""
    talk = Talk(attachments=setting)
    if handover:
        talk.queued()
    event = post("user", attachments=(FILE,))
    if allowed:
        assert talk.do(event).result.attachments == (FILE,)
    else:
        assert refusal(talk, event).code == "attachments_off"


def test_what_the_detector_saw_is_kept() -> None:
    """Language and evidence come with the message and change the conversation."""
    talk = Talk()
    talk.user("goedemorgen allemaal daar", language="nl", evidence={"nl": 3.0})
    assert (talk.state.language, talk.state.evidence) == ("nl", {"nl": 3.0})
    talk.user("en nog iets", language="nl")
    assert talk.messages("user")[-1].language == "nl"


# --- one open handover


def test_a_second_handover_is_refused_with_the_id_of_the_first() -> None:
    """Rule 8; and this is checked before the epoch."""
    talk = Talk().queued()
    error = refusal(talk, e.RequestHandover("h9", (Target("desk"),), talk.handover.settings, epoch=1))
    assert (error.code, error.extra) == ("handover_open", {"handover_id": talk.handover.id})


def test_a_missing_epoch_is_found_before_the_open_handover() -> None:
    """422 comes before `handover_open`."""
    talk = Talk().queued()
    assert refusal(talk, e.RequestHandover("h9", (Target("desk"),), talk.handover.settings)).code == "invalid"


@pytest.mark.parametrize(
    ("initiator", "epoch", "code"),
    [
        ("bot", 7, "stale_epoch"),
        ("bot", 2, "floor_taken"),
        ("user", 7, "stale_epoch"),
        ("agent", None, "floor_taken"),
    ],
)
def test_after_a_transfer_nobody_can_hand_over(initiator: Any, epoch: int | None, code: str) -> None:
    """The floor is the human's until the conversation returns."""
    talk = transferred()
    request = e.RequestHandover("h9", (Target("desk"),), talk.handover.settings, initiator, epoch=epoch)
    assert refusal(talk, request).code == code


def test_others_than_the_bot_need_no_epoch() -> None:
    """An operator hands over without having seen the epoch."""
    talk = Talk()
    talk.do(e.RequestHandover("h9", (Target("desk"),), Settings(), "operator"))
    assert talk.handover.initiator == "operator"


def test_after_the_end_the_next_handover_just_works_in_a_session_of_its_own() -> None:
    """Rule 8: every handover has a fresh lane."""
    talk = Talk().active()
    first = talk.handover.lane
    talk.do(e.Close(talk.handover.id))
    talk.queued()
    assert talk.handover.status == "queued"
    assert talk.handover.lane != first


# --- events


def test_a_trigger_reaches_the_bot_and_not_while_a_human_has_the_floor() -> None:
    """409 floor_taken during a handover."""
    talk = Talk()
    talk.do(e.Trigger("handover"))
    assert (talk.data("event.triggered"), talk.log[-1].to_bot) == ({"event": "handover"}, True)
    assert refusal(talk.active(), e.Trigger("handover")).code == "floor_taken"


def transferred(returns: Any = "message") -> Talk:
    """A conversation that was given away."""
    talk = Talk()
    talk.request(Target("mail", Style.TRANSFER, returns=returns))
    talk.opened()
    return talk
