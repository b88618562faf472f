"""Our own estimate of the queue: for who asks, while the vendor tells nothing better."""

import pytest

from openhandover.core import events as e
from openhandover.core.model import Agent, QueueRules, Settings
from openhandover.core.queueing import is_wanted

from .talk import Talk


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (Settings(), False),
        (Settings(queue=QueueRules(position=True)), True),
        (Settings(queue=QueueRules(estimated_wait=True)), True),
        (Settings(queue=QueueRules(max_position=5)), True),
        (Settings(queue=QueueRules(max_wait_ms=5)), True),
        (Settings(events=frozenset({"queue_updated"})), True),
    ],
)
def test_who_asks(settings: Settings, wanted: bool) -> None:
    """Whoever says something about the queue, to the user or to the flow."""
    assert is_wanted(settings) is wanted


def waiting() -> Talk:
    """A handover in a queue that we estimate."""
    talk = Talk()
    talk.request()
    talk.opened(position=3, estimated_wait_ms=9_000, estimated=True)
    return talk


def test_an_estimate_is_renewed() -> None:
    """The new place is an update, and still an estimate."""
    talk = waiting()
    talk.do(e.QueueEstimated("h1", 2, 6_000))
    queue = talk.handover.queue
    assert (queue.position, queue.estimated_wait_ms, queue.estimated) == (2, 6_000, True)
    assert talk.log[-1].type == "handover.queue_updated"


def test_the_vendors_word_counts_more() -> None:
    """After it our estimate changes nothing; an empty word is none."""
    talk = waiting()
    talk.desk(e.QueueUpdated())
    assert talk.handover.queue.position == 3
    talk.desk(e.QueueUpdated(7))
    talk.do(e.QueueEstimated("h1", 2, 6_000))
    assert (talk.handover.queue.position, talk.handover.queue.estimated) == (7, False)


def test_an_estimate_that_comes_too_late_is_nothing() -> None:
    """For another handover, or one that no longer waits."""
    talk = waiting()
    talk.do(e.QueueEstimated("h9", 1, 1))
    talk.desk(e.AgentJoined(Agent("a", "Anna")))
    talk.do(e.QueueEstimated("h1", 1, 1))
    assert talk.handover.queue.position == 3
