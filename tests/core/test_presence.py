"""The user's connection as the agent hears of it: two sentences, two seconds of reload grace."""

from openhandover.core import events as e
from openhandover.core.effects import TellPresence
from tests.core.talk import Talk

NOTICES = {"tell_joined": "User joined the conversation", "tell_left": "User left the conversation"}
LEFT = TellPresence(1, "disconnected", "User left the conversation")
JOINED = TellPresence(1, "connected", "User joined the conversation")


def test_the_agent_hears_of_leaving_after_two_seconds_and_of_the_return() -> None:
    """Left after the grace, joined only on return, both recorded at once."""
    talk = Talk().active(**NOTICES)
    talk.presence("disconnected")
    talk.later(1.9)
    assert talk.effects == []
    talk.later(0.1)
    assert talk.effects == [LEFT]
    talk.presence("connected")
    assert talk.effects == [LEFT, JOINED]
    assert [type_ for type_ in talk.types() if type_.startswith("user.")] == [
        "user.disconnected",
        "user.connected",
    ]


def test_a_reload_is_no_departure() -> None:
    """Back within two seconds: the agent hears nothing, not even of the return."""
    talk = Talk().active(**NOTICES)
    talk.presence("disconnected")
    talk.later(1.9)
    talk.presence("connected")
    talk.later(60)
    assert talk.effects == []


def test_the_same_state_twice_is_no_news() -> None:
    """The first connection neither: a conversation begins connected."""
    talk = Talk().active(**NOTICES)
    talk.presence("connected")
    talk.presence("disconnected")
    talk.presence("disconnected")
    talk.presence("connected")
    assert talk.types().count("user.disconnected") == 1
    assert talk.types().count("user.connected") == 1


def test_presence_entries_go_to_no_receiver() -> None:
    """They are in the log and the streams; neither channel nor bot get a call for them."""
    talk = Talk()
    talk.presence("disconnected")
    assert (talk.log[-1].to_user, talk.log[-1].to_bot) == (False, False)


def test_silent_notices_are_not_sent() -> None:
    """`presence: {connects: false, disconnects: false}`."""
    talk = Talk().active()
    talk.presence("disconnected")
    talk.later(10)
    talk.presence("connected")
    assert talk.effects == []


def test_without_handover_nobody_is_told() -> None:
    """There is no agent to tell."""
    talk = Talk()
    talk.presence("disconnected")
    talk.later(10)
    talk.presence("connected")
    assert talk.effects == []


def test_an_agent_side_that_opens_later_hears_that_the_user_is_away() -> None:
    """What happened before the session was there is told when it is."""
    talk = Talk()
    talk.request(**NOTICES)
    talk.presence("disconnected")
    talk.later(5)
    talk.effects.clear()
    talk.opened()
    assert talk.effects == [LEFT]


def test_a_notice_that_fires_late_looks_at_the_state() -> None:
    """The timer of a connection that has come back finds it."""
    talk = Talk().active(**NOTICES)
    talk.presence("disconnected")
    talk.now += 100
    talk.presence("connected")
    talk.do(e.Wake())
    assert talk.effects == []
