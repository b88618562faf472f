"""The board: presence, claims, offers in turn, and what an agent may see."""

import pytest

from openhandover.config.model import Agent
from openhandover.core.errors import Refused
from openhandover.core.routing import Demand
from openhandover.desk.board import Board, Place


def board(**agents: Agent) -> Board:
    """A board where everybody is online."""
    made = Board(agents or {"anna": Agent(name="Anna"), "bob": Agent(name="Bob")})
    for agent_id in made.agents:
        made.set_presence(agent_id, "online")
    return made


def place(handover_id: str, at: float = 1.0, agent_id: str | None = None, **demand: str) -> Place:
    """A handover at the desk."""
    return Place(
        handover_id=handover_id,
        conversation_id=f"c_{handover_id}",
        provider="support",
        demand=Demand(**demand),  # type: ignore[arg-type]
        requested_at=at,
        agent_id=agent_id,
    )


def test_lapsed_offer_goes_to_the_other_agent_and_then_comes_back() -> None:
    """Nobody takes it: after 30 s the second agent is asked, after another 30 s the first one again."""
    made = board()
    made.put(place("h"))
    assert made.make_offers(100.0) == [("h", "anna")]
    assert made.lapse(129.9) == []
    assert made.lapse(130.0) == [("h", "anna")]
    assert made.make_offers(130.0) == [("h", "bob")]
    assert made.lapse(160.0) == [("h", "bob")]
    assert made.make_offers(160.0) == [("h", "anna")]


def test_second_claim_is_refused_and_names_the_first() -> None:
    """Two agents accept at once: the first claim stands until it is given back."""
    made = board()
    made.put(place("h"))
    made.claim("h", "anna")
    made.claim("h", "anna")
    with pytest.raises(Refused) as refused:
        made.claim("h", "bob")
    assert (refused.value.code, refused.value.extra) == ("already_taken", {"agent": "anna"})
    made.release("h")
    made.claim("h", "bob")


def test_claimed_handover_is_not_offered() -> None:
    """What somebody is just accepting is offered to nobody else."""
    made = board()
    made.put(place("h"))
    made.claim("h", "anna")
    assert made.make_offers(1.0) == []


def test_going_away_takes_the_offers_back() -> None:
    """An agent who is not online any more has nothing on offer, and the next gets it at once."""
    made = board()
    made.put(place("h"))
    made.make_offers(1.0)
    made.set_presence("anna", "away")
    assert made.make_offers(2.0) == [("h", "bob")]


def test_accepted_handover_leaves_the_queue_and_counts_as_load() -> None:
    """With an agent it waits no longer, and the agent's next offer comes after those of free colleagues."""
    made = board()
    made.put(place("h1"))
    made.put(place("h1", agent_id="anna"))
    made.put(place("h2", at=2.0))
    assert [waiting.handover_id for waiting in made.queue()] == ["h2"]
    assert made.make_offers(3.0) == [("h2", "bob")]


def test_position_and_wait_for_a_newcomer() -> None:
    """Two waiting and two agents at 300 s each: the newcomer is third and waits 450 s."""
    made = board()
    made.put(place("h1"))
    made.put(place("h2"))
    position = made.newcomer_position(Demand())
    assert (position, made.wait_s(position, Demand())) == (3, 450.0)
    made.learn_handling([100.0])
    assert made.wait_s(position, Demand()) == 150.0


def test_agent_sees_matching_and_own_supervisor_sees_all() -> None:
    """Another inbox is none of an agent's business; a supervisor sees every handover."""
    made = board(anna=Agent(name="Anna"), sue=Agent(name="Sue", role="supervisor", inboxes=[]))
    foreign = place("h", inbox="sales")
    own = place("h", inbox="sales", agent_id="anna")
    others = place("h", agent_id="sue")
    seen = [
        made.sees("anna", foreign),
        made.sees("anna", own),
        made.sees("anna", others),
        made.sees("sue", foreign),
    ]
    assert seen == [False, True, False, True]


def test_removed_handover_leaves_nothing_behind() -> None:
    """Ended or taken to another provider: no place, no offer, no claim."""
    made = board()
    made.put(place("h"))
    made.make_offers(1.0)
    made.remove("h")
    assert (made.queue(), made.offers, made.next_lapse_at()) == ([], {}, None)


def test_who_left_a_conversation_is_asked_last() -> None:
    """Back in the queue, it goes to a colleague first, even one with more conversations."""
    made = board()
    made.put(place("h1", agent_id="bob"))
    made.put(place("h2", agent_id="anna"))
    made.put(place("h2"))
    assert made.make_offers(1.0) == [("h2", "bob")]
