"""Our own estimate of the queue: for who asks, while the vendor tells nothing better."""

import pytest

from openhandover.core import events as e
from openhandover.core.model import Agent, QueueRules, Settings
from openhandover.core.queueing import is_wanted, missing

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
    talk.opened(position=3, estimated_wait_ms=9_000, ours=("position", "wait"))
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


ASKED = Settings(queue=QueueRules(position=True, estimated_wait=True))
PLACE_ONLY = Settings(queue=QueueRules(position=True))


@pytest.mark.parametrize(
    ("settings", "told", "seen", "ours"),
    [
        (ASKED, (None, None), False, ("position", "wait")),
        (ASKED, (4, None), False, ("wait",)),
        (ASKED, (None, 5_000), False, ("position",)),
        (ASKED, (4, 5_000), True, ()),
        (PLACE_ONLY, (None, None), False, ("position", "wait")),
        (PLACE_ONLY, (4, None), False, ()),
        (PLACE_ONLY, (4, None), True, ("wait",)),
        (Settings(), (None, None), True, ()),
    ],
)
def test_what_is_estimated(
    settings: Settings, told: tuple[int | None, int | None], seen: bool, ours: tuple[str, ...]
) -> None:
    """What the vendor does not tell; beside its word a mere guess only where the user is to be told."""
    assert missing(settings, *told, seen=seen) == ours


def test_our_figure_is_renewed_and_the_vendors_stays() -> None:
    """A vendor tells the wait, we count the place."""
    talk = Talk()
    talk.request()
    talk.opened(position=3, estimated_wait_ms=9_000, ours=("position",))
    talk.do(e.QueueEstimated("h1", 2, 600_000))
    queue = talk.handover.queue
    assert (queue.position, queue.estimated_wait_ms, queue.estimated) == (2, 9_000, True)
    talk.desk(e.QueueUpdated(2, 60_000, ours=("wait",)))
    talk.do(e.QueueEstimated("h1", 1, 30_000))
    assert (talk.handover.queue.position, talk.handover.queue.estimated_wait_ms) == (2, 30_000)


def test_what_a_provider_works_out_is_marked_and_not_ours() -> None:
    """It alone renews it."""
    talk = waiting()
    talk.desk(e.QueueUpdated(7, 1_000, estimated=True))
    talk.do(e.QueueEstimated("h1", 2, 6_000))
    assert (talk.handover.queue.position, talk.handover.queue.estimated) == (7, True)


def test_an_estimate_that_comes_too_late_is_nothing() -> None:
    """For another handover, or one that no longer waits."""
    talk = waiting()
    talk.do(e.QueueEstimated("h9", 1, 1))
    talk.desk(e.AgentJoined(Agent("a", "Anna")))
    talk.do(e.QueueEstimated("h1", 1, 1))
    assert talk.handover.queue.position == 3
