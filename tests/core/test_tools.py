"""What a tool does is saved with its position, in the call's own line of the log."""

from typing import Any

import msgspec
import pytest

from openhandover.core import events as e, view
from openhandover.core.errors import Refused
from openhandover.core.model import Settings, Target
from openhandover.core.tools import CALLED, Call, ToolStep, call_of, key_of
from tests.core.talk import Talk

RUN = '{"id":"r"}'


def step(epoch: int = 1, call_id: str | None = "t1", **done: Any) -> ToolStep:
    """A step of the tool `help`."""
    return ToolStep(epoch=epoch, tool="help", call_id=call_id, digest="d", **{"run": RUN, **done})


def say(text: str = "hi") -> e.PostMessage:
    """What the tool says."""
    return e.PostMessage(id=f"m-{text}", author="bot", text=text, epoch=1)


def hand_over(target: Target) -> e.RequestHandover:
    """What a tool asks for at its end."""
    return e.RequestHandover("h1", (target,), Settings(message="one moment"), epoch=1)


def test_a_call_has_one_line_that_nobody_is_sent() -> None:
    """The first step records it; it is no event, and goes to no receiver."""
    talk = Talk()
    talk.do(step(begins=True))
    entry = talk.entry(CALLED)
    assert (entry.key, entry.digest, entry.type in view.INTERNAL) == (key_of("t1"), "d", True)
    assert (entry.to_user, entry.to_bot, entry.to_agent) == (False, False, 0)
    assert call_of(entry) == Call("help", RUN)


def test_later_steps_rewrite_that_line_together_with_what_they_do() -> None:
    """First the position, then the answer, which needs no position any more."""
    talk = Talk()
    talk.do(step(begins=True))
    entry = talk.entry(CALLED)
    turn = talk.do(step(say=say()), named=entry)
    assert talk.texts("bot") == ["hi"]
    assert [seq for seq, _ in turn.rewritten] == [entry.seq]
    turn = talk.do(step(answer={"result": 4}), named=entry)
    assert turn.rewritten == [(entry.seq, b'{"tool":"help","answer":{"result":4}}')]
    assert talk.types().count(CALLED) == 1


def test_a_call_without_an_id_leaves_no_line() -> None:
    """It cannot be repeated, so nothing of it is kept."""
    talk = Talk()
    talk.do(step(call_id=None, begins=True))
    talk.do(step(call_id=None, say=say()))
    assert talk.types() == ["message.created"]


@pytest.mark.parametrize("done", [{"begins": True}, {"say": say()}, {"answer": {"result": 1}}, {}])
def test_a_step_is_refused_when_the_floor_has_changed(done: dict[str, Any]) -> None:
    """Stale with an old epoch, taken with the present one, wrong without any; nothing of it is saved."""
    talk = Talk().active()
    before = talk.state
    for epoch, code in ((1, "stale_epoch"), (2, "floor_taken"), (None, "invalid")):
        with pytest.raises(Refused) as refused:
            talk.do(step(epoch, **done))  # type: ignore[arg-type]
        assert refused.value.code == code
    assert talk.state is before


def test_the_handover_says_which_call_it_came_from() -> None:
    """From its request to its end, so that an adapter can repair what the model has seen."""
    talk = Talk()
    talk.do(step(handover=hand_over(Target("desk")), answer={"handover_id": "h1"}))
    wanted = {"tool": "help", "tool_call_id": "t1"}
    assert talk.data("handover.requested")["replaces"] == wanted
    talk.opened()
    talk.desk(e.Closed(sequenced=True))
    assert talk.data("handover.completed")["replaces"] == wanted
    assert talk.texts("system")[0] == "one moment"


def test_a_handover_that_cannot_be_made_says_it_too() -> None:
    """It ends at once, and its end is what the bot hears."""
    talk = Talk()
    talk.do(step(call_id=None, handover=hand_over(Target("desk", refuse="no such queue"))))
    assert talk.outcome[:2] == ("error", "configuration")
    assert talk.data("handover.error")["replaces"] == {"tool": "help", "tool_call_id": None}


def test_other_handovers_replace_nothing() -> None:
    """The key is there for tools only."""
    assert "replaces" not in view.handover(Talk().active().handover)


def test_a_call_that_was_forgotten_has_neither_position_nor_answer() -> None:
    """Retention and erasure empty the line."""
    talk = Talk()
    talk.do(step(begins=True))
    entry = talk.entry(CALLED)
    assert call_of(msgspec.structs.replace(entry, data=msgspec.Raw(b"{}"))) == Call()
