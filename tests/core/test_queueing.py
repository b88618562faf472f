"""What the user hears of the queue: intervals, thresholds, the alternative text, and what the flow sees."""

from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.model import QueueRules
from tests.core.talk import ANNA, Talk

BOTH = {
    "position": True,
    "estimated_wait": True,
    "position_text": "nr {position}",
    "wait_text": "wait {wait}",
    "alternative_text": "busy",
}


def queue(**rules: Any) -> Talk:
    """A queue whose user hears what these rules say."""
    return Talk().queued(queue=QueueRules(**BOTH | rules))


def update(talk: Talk, position: int | None = None, wait_ms: int | None = None) -> None:
    """The contact centre tells of the queue."""
    talk.desk(e.QueueUpdated(position, wait_ms))


def test_nothing_is_said_by_default_but_the_event_tells() -> None:
    """Both texts are off by default."""
    talk = Talk().queued()
    update(talk, 3, 60_000)
    assert talk.texts("system") == []
    assert talk.data("handover.queue_updated")["queue"] == {
        "position": 3,
        "estimated_wait_ms": 60_000,
        "alternative_text": None,
    }


def test_position_and_wait_are_said_together() -> None:
    """One message, not two."""
    talk = queue()
    update(talk, 3, 60_000)
    assert talk.texts("system") == ["nr 3 wait 60 s"]


def test_what_the_open_call_answered_is_said_too() -> None:
    """Position and wait of the acceptance are in the queued event and said after the acknowledgement."""
    talk = Talk()
    talk.request(queue=QueueRules(**BOTH), accepted="we are on it")
    talk.opened(position=3, estimated_wait_ms=1000)
    assert talk.texts("system") == ["we are on it", "nr 3 wait 1 s"]
    assert talk.data("handover.queued")["queue"]["position"] == 3


def test_a_queue_that_is_too_long_from_the_start_is_told_as_such() -> None:
    """The queued event has the alternative text already."""
    talk = Talk()
    talk.request(queue=QueueRules(**BOTH, max_position=20))
    talk.opened(position=25)
    assert talk.texts("system") == ["busy"]
    assert talk.data("handover.queued")["queue"]["alternative_text"] == "busy"


def test_the_same_value_is_said_once() -> None:
    """No news is not said again, nor recorded."""
    talk = queue()
    update(talk, 3)
    talk.later(100)
    update(talk, 3)
    assert (talk.texts("system"), talk.types().count("handover.queue_updated")) == (["nr 3"], 1)


def test_a_change_inside_the_interval_is_said_when_the_interval_ends() -> None:
    """Every 30 s at most, and then the newest value."""
    talk = queue(estimated_wait=False)
    update(talk, 5)
    talk.later(10)
    update(talk, 4)
    talk.later(10)
    update(talk, 3)
    talk.later(9)
    assert talk.texts("system") == ["nr 5"]
    talk.later(1)
    assert talk.texts("system") == ["nr 5", "nr 3"]
    assert talk.types().count("handover.queue_updated") == 3


def test_a_change_that_went_back_is_not_said() -> None:
    """When the interval ends with the value that was said, there is no news."""
    talk = queue()
    update(talk, 5)
    update(talk, 4)
    update(talk, 5)
    talk.later(60)
    assert talk.texts("system") == ["nr 5"]


def test_each_value_has_its_own_interval() -> None:
    """Position every 10 s, wait every 60 s."""
    talk = queue(every_s=10, wait_every_s=60)
    update(talk, 5, 50_000)
    talk.later(10)
    update(talk, 4, 40_000)
    talk.later(49)
    assert talk.texts("system") == ["nr 5 wait 50 s", "nr 4"]
    talk.later(1)
    assert talk.texts("system")[-1] == "wait 40 s"


@pytest.mark.parametrize(("position", "wait_ms", "said"), [(3, None, "nr 3"), (None, 5000, "wait 5 s")])
def test_what_is_not_told_is_not_said(position: int | None, wait_ms: int | None, said: str) -> None:
    """A vendor may know only one of the two."""
    talk = queue()
    update(talk, position, wait_ms)
    assert talk.texts("system") == [said]


@pytest.mark.parametrize(
    ("position", "wait_ms", "said"),
    [
        (19, 600_000, "nr 19 wait 600 s"),
        (20, 1000, "busy"),
        (21, None, "busy"),
        (1, 600_001, "busy"),
        (None, 600_001, "busy"),
    ],
)
def test_the_alternative_text_replaces_the_update(
    position: int | None, wait_ms: int | None, said: str
) -> None:
    """Position at or above the maximum, or wait above it; the event carries the text."""
    talk = queue(max_position=20, max_wait_ms=600_000)
    update(talk, position, wait_ms)
    assert talk.texts("system") == [said]
    told = talk.data("handover.queue_updated")["queue"]["alternative_text"]
    assert told == ("busy" if said == "busy" else None)


def test_the_alternative_text_replaces_the_wait_where_only_that_is_said() -> None:
    """A wait that grew too long is an update as well."""
    talk = queue(position=False, max_wait_ms=600_000)
    update(talk, 1, 500_000)
    talk.later(30)
    update(talk, 1, 700_000)
    assert talk.texts("system") == ["wait 500 s", "busy"]


def test_the_alternative_text_keeps_the_interval() -> None:
    """It is said for a change, and not more often than the updates it replaces."""
    talk = queue(max_position=20)
    update(talk, 25)
    talk.later(10)
    update(talk, 24)
    assert talk.texts("system") == ["busy"]
    talk.later(20)
    assert talk.texts("system") == ["busy", "busy"]
    talk.later(100)
    update(talk, 24)
    assert talk.texts("system") == ["busy", "busy"]
    update(talk, 19)
    assert talk.texts("system")[-1] == "nr 19"


def test_nothing_is_said_once_a_human_is_there() -> None:
    """A change that waited for its interval is forgotten, and updates while active change nothing."""
    talk = queue()
    update(talk, 5)
    update(talk, 4)
    talk.desk(e.AgentJoined(ANNA))
    talk.later(60)
    update(talk, 9)
    assert talk.texts("system") == ["nr 5"]
    assert talk.handover.queue.position == 4


def test_our_own_estimate_is_marked() -> None:
    """Where the vendor tells nothing: `estimated: true`."""
    talk = Talk().queued()
    talk.desk(e.QueueUpdated(2, 60_000, estimated=True))
    assert talk.data("handover.queue_updated")["queue"]["estimated"] is True


def test_the_flow_gets_queue_updates_where_the_step_asks() -> None:
    """`events.queue_updated` and `events.queued`."""
    talk = Talk(bot="flow").queued(events=frozenset({"queued", "queue_updated"}))
    update(talk, 1)
    assert [entry.type for entry in talk.log if entry.to_bot] == ["handover.queued", "handover.queue_updated"]
    silent = Talk(bot="flow").queued()
    update(silent, 1)
    assert not [entry for entry in silent.log if entry.to_bot]
