"""The end of a talk waits a moment for a better summary, where somebody words one, and never longer."""

from openhandover.core import events as e, table
from openhandover.core.turn import Turn
from tests.core.talk import Talk

DATA, DIGEST = b'{"digest":{"summary":"Told."}}', b'{"summary":"Told."}'


def ended(*, summarizes: bool = True) -> tuple[Talk, int]:
    """A talk whose agent has closed it, and the seq of that end."""
    talk = Talk()
    talk.rules = talk.rules._replace(summarizes=summarizes)
    talk.active()
    talk.says()
    talk.desk(e.Closed(sequenced=True))
    return talk, talk.entry("handover.completed").seq


def summarized(talk: Talk, seq: int) -> Turn:
    """The summary has come."""
    return talk.do(e.Summarized(seq, talk.handover.id, DATA, DIGEST))


def test_the_end_is_shown_with_its_summary() -> None:
    """Everybody gets the end, and what comes after it, once the summary is there; the digest is the new one."""
    talk, seq = ended()
    assert talk.state.shown == seq - 1
    turn = summarized(talk, seq)
    assert talk.state.shown == talk.state.seq
    assert turn.rewritten == [(seq, DATA)]
    assert (turn.digest, turn.handover_changed) == (DIGEST, True)


def test_a_late_summary_changes_nothing() -> None:
    """After its time the end was shown as it was; what was shown stays."""
    talk, seq = ended()
    talk.later(table.GRACE["prepare"].seconds + 0.1)
    assert talk.state.shown == talk.state.seq
    turn = summarized(talk, seq)
    assert (turn.rewritten, turn.digest, turn.handover_changed) == ([], None, False)


def test_a_summary_that_meets_the_next_handover_leaves_it_alone() -> None:
    """The end of the first is shown with its summary, the second keeps its own digest."""
    talk, seq = ended()
    first = talk.handover.id
    talk.request("support", initiator="user")
    turn = talk.do(e.Summarized(seq, first, DATA, DIGEST))
    assert turn.rewritten == [(seq, DATA)]
    assert (turn.digest, turn.handover_changed) == (None, False)


def test_nobody_waits_where_nobody_words_summaries() -> None:
    """Without a model, and where no human was there, the end is shown at once."""
    assert ended(summarizes=False)[0].state.preparing == {}
    talk = Talk()
    talk.rules = talk.rules._replace(summarizes=True)
    talk.queued()
    talk.do(e.Cancel(talk.handover.id))
    assert talk.state.preparing == {}
