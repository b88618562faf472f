"""What a contact centre beside a channel needs: its notice before files, and the word that a chat goes back."""

import pytest

from openhandover.core import events as e
from openhandover.core.errors import Refused
from openhandover.core.model import Attachment, Ending, Lane, Style, Target
from tests.core.talk import Talk

FILE = (Attachment("f1", "bill.pdf", "application/pdf", 9, ""),)
STRICT = Target("cm", files_after_notice=True)
ROUTER = Target("cm", Style.TRANSFER, returns="call", hands_back=True)


def sends_file(talk: Talk) -> bool:
    """Whether a file is taken now."""
    try:
        talk.user("look", attachments=FILE)
    except Refused as refused:
        assert refused.code == "attachments_off"
        return False
    return True


def test_files_wait_for_the_notice_where_the_contact_centre_gives_one() -> None:
    """Not for acceptance and not for the agent: with the notice, which is recorded once; and not after the end."""
    talk = Talk(attachments="human")
    assert not sends_file(talk)
    talk.active(STRICT)
    assert not sends_file(talk)
    before = talk.state.seq
    assert talk.desk(e.Noticed()) == {"applied": True}
    assert talk.types(before) == ["handover.queue_updated"]
    assert sends_file(talk)
    before = talk.state.seq
    talk.desk(e.Noticed())
    assert talk.types(before) == []
    talk.do(e.Close(talk.handover.id))
    assert not sends_file(talk)


def test_a_notice_that_is_early_counts_when_the_session_is_known() -> None:
    """It waits for the open call like every other fact."""
    talk = Talk(attachments="human")
    talk.request(STRICT)
    talk.desk(e.Noticed())
    assert not sends_file(talk)
    talk.opened()
    assert sends_file(talk)


def test_the_next_provider_gives_its_own_notice() -> None:
    """That of an earlier attempt does not count for it."""
    talk = Talk(attachments="human")
    talk.queued(STRICT, Target("other", files_after_notice=True))
    talk.desk(e.Noticed())
    assert sends_file(talk)
    talk.desk(e.Failed("unavailable", sequenced=True))
    assert talk.handover.target.provider == "other"
    assert not sends_file(talk)


@pytest.mark.parametrize(("attachments", "taken"), [("always", True), ("never", False)])
def test_the_channels_own_rule_stands_above_the_notice(attachments: str, taken: bool) -> None:
    """`always` and `never` mean what they say."""
    talk = Talk(attachments=attachments).active(STRICT)
    assert sends_file(talk) is taken


def returned(talk: Talk, *, tell: bool = True) -> list[Lane]:
    """The lanes that still have something to tell, after the return."""
    talk.do(e.Return(talk.handover.id, tell=tell))
    assert talk.state.floor == "bot"
    return [lane for lane in talk.state.lanes if lane.ending]


def given(*, forgotten: bool = False) -> Talk:
    """A chat that was given away, a while ago where the lane is to be `forgotten`."""
    talk = Talk()
    talk.request(ROUTER)
    talk.opened()
    talk.do(e.LaneEnded(talk.handover.lane, "none"))
    if forgotten:
        talk.later(600)
        talk.user("still here")
        assert talk.state.lanes == ()
    return talk


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_return_by_call_is_told_to_the_contact_centre(*, forgotten: bool) -> None:
    """With the session as it was opened, also when we had forgotten it; once told, nothing is left to do."""
    talk = given(forgotten=forgotten)
    (lane,) = returned(talk)
    assert (lane.external_id, lane.provider, lane.ending) == ("x1", "cm", Ending("return", "returned"))
    talk.do(e.LaneEnded(lane.id, "none"))
    assert talk.state.lane(lane.id) == lane
    talk.do(e.LaneEnded(lane.id, "return"))
    assert returned(talk) == []


def test_a_return_that_the_contact_centre_made_is_not_told_to_it() -> None:
    """It knows."""
    assert returned(given(), tell=False) == []


def test_who_does_not_ask_for_it_is_not_told() -> None:
    """A mailbox has no use for it."""
    talk = Talk()
    talk.request(Target("mail", Style.TRANSFER))
    talk.opened()
    talk.do(e.LaneEnded(talk.handover.lane, "none"))
    assert returned(talk) == []


def test_the_channels_chat_id_is_kept() -> None:
    """It is the channel's, whatever the context says later."""
    assert Talk(chat_id="chat-1").state.chat_id == "chat-1"
