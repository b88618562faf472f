"""A message in flight to one session while the next one opens with it in the transcript."""

from openhandover.core import events as e
from openhandover.core.view import message_of
from tests.core.talk import Talk


def test_what_the_old_session_still_gets_is_not_told_twice() -> None:
    """The old session has its own delivery: one `message.delivered`, and no repetition in its proof."""
    talk = Talk().active()
    talk.user("last words")
    entry, old = talk.entry("message.created"), talk.lane
    message = message_of(entry)
    talk.desk(e.Closed(sequenced=True))
    talk.request()
    talk.opened(taken=((entry.seq, message),))
    assert (entry.seq, "agent") not in talk.marks
    talk.do(e.Sent(old.id, entry.seq, 1, message, old.handover_id))
    assert talk.marks[entry.seq, "agent"] == ("delivered", 1)
    assert talk.types().count("message.delivered") == 1


def test_what_the_old_session_never_got_is_delivered_with_the_transcript() -> None:
    """After a fallback the first session gets nothing more, so the transcript is the delivery."""
    talk = Talk().queued("first", "second")
    talk.user("anybody?")
    entry = talk.entry("message.created")
    talk.desk(e.Failed("unavailable", sequenced=True))
    talk.opened(taken=((entry.seq, message_of(entry)),))
    assert talk.marks[entry.seq, "agent"] == ("delivered", 1)


def test_what_the_old_session_got_while_the_next_one_opened_is_no_repetition() -> None:
    """The delivery was recorded between the making of the transcript and the answer to it."""
    talk = Talk().active()
    talk.user("last words")
    entry, old = talk.entry("message.created"), talk.lane
    message = message_of(entry)
    talk.desk(e.Closed(sequenced=True))
    talk.request()
    talk.do(e.Sent(old.id, entry.seq, 1, message, old.handover_id))
    talk.opened(taken=((entry.seq, message),))
    assert talk.last.marks == []
    assert talk.types().count("message.delivered") == 1
