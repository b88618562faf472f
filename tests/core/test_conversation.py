"""Beginning and changing a conversation, rating, and the steps of a flow."""

from typing import Any

import pytest
from msgspec import Raw

from openhandover.core import events as e
from openhandover.core.errors import CODES, Refused
from openhandover.core.model import Rating, Settings, Target, User
from tests.core.talk import Talk

RUN = Raw(b'{"at":1}')


def refused(talk: Talk, event: Any) -> str:
    """The code of the refusal; nothing of the event was done."""
    before = talk.state
    with pytest.raises(Refused) as error:
        talk.do(event)
    assert talk.state is before
    return error.value.code


def test_a_given_transcript_gets_seqs_and_fires_no_events() -> None:
    """Imported lines are for nobody; the next message goes on counting."""
    lines = (
        e.PostMessage("t1", "user", "hello", at=500.0),
        e.PostMessage("t2", "bot", "hi", author_name="Botty"),
    )
    talk = Talk(transcript=lines)
    assert [(entry.seq, entry.type, entry.at) for entry in talk.log] == [
        (1, "message.imported", 1000.0),
        (2, "message.imported", 1000.0),
    ]
    assert not is_due(talk)
    talk.user()
    assert talk.log[-1].seq == 3


def is_due(talk: Talk) -> bool:
    """Whether any receiver gets anything."""
    return any(entry.to_user or entry.to_bot or entry.to_agent for entry in talk.log)


def test_a_patch_changes_what_it_names() -> None:
    """Parts that are not given stay; of the user single fields change."""
    talk = Talk(context={"a": 1})
    talk.do(e.PatchConversation(user={"name": "Eva"}))
    assert (talk.state.user, talk.state.context) == (User("u", "Eva"), {"a": 1})
    talk.do(e.PatchConversation(language="nl", context={"b": 2}))
    assert (talk.state.user.name, talk.state.language, talk.state.context) == ("Eva", "nl", {"b": 2})
    assert talk.log == []


def test_a_refusal_carries_its_status() -> None:
    """The table of codes gives status and title."""
    error = Refused("handover_open", handover_id="h")
    assert (error.status, error.title, error.detail) == (409, CODES["handover_open"].title, error.title)


# --- rating


def test_a_rating_is_kept_and_told_once() -> None:
    """The same again is no news; another replaces it."""
    talk = Talk().active(rating_text="how was it?")
    assert refused(talk, e.Rate(talk.handover.id, 5)) == "invalid"
    talk.do(e.Close(talk.handover.id))
    asked = talk.messages("system")[-1]
    assert (asked.text, asked.metadata) == ("how was it?", {"rating": talk.handover.id})
    assert talk.log[-1].floor == "bot"
    talk.do(e.Rate(talk.handover.id, 5, "nice"))
    talk.do(e.Rate(talk.handover.id, 5, "nice"))
    assert talk.data("handover.rated")["rating"] == {"score": 5, "comment": "nice"}
    assert talk.types().count("handover.rated") == 1
    talk.do(e.Rate(talk.handover.id, 1))
    assert talk.handover.rating and talk.handover.rating.score == 1


def test_a_rating_of_an_unknown_handover_is_without_effect() -> None:
    """Before any handover, and during another one."""
    talk = Talk()
    talk.do(e.Rate("h9", 5))
    talk.active()
    talk.do(e.Rate("h9", 5))
    assert "handover.rated" not in talk.types()


def test_an_earlier_handover_can_be_rated_while_another_is_open() -> None:
    """The log tells it of that one, and the open one stays as it is."""
    talk = Talk().active(rating_text="how was it?")
    talk.do(e.Close(talk.handover.id))
    first = talk.handover
    talk.active()
    turn = talk.do(e.Rate(first.id, 4, "late but kind", ended=first))
    assert turn.earlier and turn.earlier.rating == Rating(4, "late but kind")
    assert (talk.log[-1].type, talk.log[-1].handover_id) == ("handover.rated", first.id)
    assert (talk.handover.id != first.id, talk.handover.rating, talk.handover.status) == (
        True,
        None,
        "active",
    )
    assert talk.do(e.Rate(first.id, 4, "late but kind", ended=turn.earlier)).entries == []


# --- leaving, moving about


@pytest.mark.parametrize(
    ("status", "outcome", "vendor"),
    [
        ("requested", ("cancelled", "user_left", "user"), "cancel"),
        ("queued", ("cancelled", "user_left", "user"), "cancel"),
        ("active", ("completed", "user_left", "user"), "close"),
    ],
)
def test_a_user_who_ends_the_chat_ends_the_handover(status: str, outcome: Any, vendor: str) -> None:
    """At once, in every open status; nothing more is said to somebody who has gone."""
    talk = Talk()
    {"requested": talk.request, "queued": talk.queued, "active": talk.active}[status](
        cancelled_text="All right"
    )
    talk.do(e.Leave())
    assert talk.outcome == outcome
    assert talk.lane.ending and talk.lane.ending.kind == vendor
    assert talk.texts("system") == []
    late = talk.state.late
    assert talk.do(e.Leave()).entries == []
    assert talk.state.late == late


def test_the_page_is_the_newest_one() -> None:
    """The rest of the context stays."""
    talk = Talk(context={"order": 7, "page": {"url": "https://shop.example/"}})
    talk.do(e.PatchConversation(page={"url": "https://shop.example/cart", "title": "Cart"}))
    assert talk.state.context == {"order": 7, "page": {"url": "https://shop.example/cart", "title": "Cart"}}


def test_only_a_completed_handover_asks_for_a_rating() -> None:
    """Not after cancelled."""
    talk = Talk().active(rating_text="how was it?")
    talk.do(e.Cancel(talk.handover.id))
    assert talk.texts("system") == []


# --- flow steps


def say(talk: Talk, **more: Any) -> e.PostMessage:
    """A flow's output."""
    return e.PostMessage("f1", "bot", "hi", epoch=talk.state.epoch, **more)


def test_output_and_position_are_saved_together() -> None:
    """One turn: the message, the new position, the variables."""
    talk = Talk(bot="flow")
    talk.do(e.FlowStep(1, RUN, say(talk), context={"n": 1}))
    assert (talk.texts("bot"), talk.state.run, talk.state.context) == (["hi"], RUN, {"n": 1})


def test_a_stale_step_saves_nothing() -> None:
    """The position stays where it was."""
    talk = Talk(bot="flow").active()
    assert refused(talk, e.FlowStep(1, RUN, say(talk), context={"n": 1})) == "stale_epoch"
    assert refused(talk, e.FlowStep(2, RUN, say(talk))) == "floor_taken"
    assert talk.state.run is None


def test_a_step_may_hand_over_and_end_a_handover() -> None:
    """handover and close_handover; closing without one is nothing."""
    talk = Talk(bot="flow")
    talk.do(e.FlowStep(1, RUN, close_handover=True))
    request = e.RequestHandover("h1", (Target("desk"),), Settings(), epoch=1)
    talk.do(e.FlowStep(1, RUN, handover=request))
    assert talk.handover.status == "requested"
    talk.do(e.FlowStep(2, None, close_handover=True))
    assert (talk.outcome, talk.state.run) == (("cancelled", "bot_closed", "bot"), None)


def test_a_step_that_speaks_during_a_handover_marks_whom_to() -> None:
    """Such a run's `say` defaults to both; the flow marks it."""
    talk = Talk(bot="flow").active()
    talk.do(e.FlowStep(2, RUN, say(talk, to="both")))
    assert (talk.to_agent(), talk.log[-1].to_user) == (["hi"], True)
