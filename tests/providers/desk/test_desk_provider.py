"""The built-in desk seen as a provider."""

from typing import Any

import pytest

from openhandover.config.model import Agent
from openhandover.core.errors import NobodyThere
from openhandover.core.model import User
from openhandover.core.routing import Demand
from openhandover.desk.board import Board
from openhandover.providers.base import Availability, Brief, HandoverRequest
from openhandover.providers.desk import Desk, demand


class Answers:
    """The part of the desk that a provider asks, over a real board."""

    def __init__(self, board: Board) -> None:
        self.board = board

    def availability(self, demand: Demand) -> Availability:
        """Open when somebody matches."""
        return Availability(
            open=self.board.matching(demand) > 0, position=self.board.newcomer_position(demand)
        )

    def typing(self, handover_id: str, *, on: bool) -> None:
        """Not asked here."""

    async def close(self) -> None:
        """Nothing to let go."""


def desk(*, online: bool = True) -> Desk:
    """A desk with one Dutch billing agent."""
    board = Board({"anna": Agent(name="Anna", skills=("billing",), languages=("nl",))})
    board.set_presence("anna", "online" if online else "away")
    made = Desk("support", None)
    made.board = Answers(board)
    return made


def request(**route: Any) -> HandoverRequest:
    """A handover with this route."""
    talk = Brief(id="c", channel="web", language="nl", medium="text")
    return HandoverRequest("h", 1, None, "bot", talk, User("u"), {}, route, ())


async def test_open_answers_the_place_in_the_queue() -> None:
    """Somebody matches: accepted, with a position; the same request gives the same session."""
    made = desk()
    first, second = await made.open(request(skills=["billing"])), await made.open(request(skills=["billing"]))
    assert (first.external_id, first.position) == (second.external_id, 1)


@pytest.mark.parametrize(
    "route", [{"skills": ["legal"]}, {"languages": ["de"]}, {"inbox": "sales"}, {"agent": "bob"}]
)
async def test_nobody_matching_is_nobody_there(route: dict[str, Any]) -> None:
    """Without a matching agent online the handover is refused, so that the next provider is tried."""
    made = desk()
    assert (await made.availability(route, None)).open is False
    with pytest.raises(NobodyThere):
        await made.open(request(**route))


async def test_everybody_away_is_nobody_there() -> None:
    """Agents who are not online do not count."""
    assert (await desk(online=False).availability({}, None)).open is False


async def test_availability_takes_the_asked_language() -> None:
    """A question for a language counts only agents who speak it, unless the route names languages itself."""
    made = desk()
    assert [(await made.availability({}, tag)).open for tag in ("nl", "de", None)] == [True, False, True]
    assert (await made.availability({"languages": ["nl"]}, "de")).open is True


async def test_stopped_desk_is_closed() -> None:
    """After the stop nobody is there, and stopping twice is fine."""
    made = desk()
    await made.stop()
    await made.stop()
    assert (await made.availability({}, None)).open is False


async def test_desk_without_agents_connected_is_closed() -> None:
    """Before the desk is ready nobody is there."""
    assert (await Desk("support", None).availability({}, None)).open is False


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ({}, Demand()),
        ({"skills": "billing, vip", "languages": "", "priority": None}, Demand(skills=("billing", "vip"))),
        ({"priority": "urgent", "agent": "anna"}, Demand(priority="urgent", agent="anna")),
    ],
)
def test_rendered_routes_become_demands(route: dict[str, Any], expected: Demand) -> None:
    """Texts with commas are lists; what rendered empty takes its default."""
    assert demand(route) == expected


@pytest.mark.parametrize("route", [{"priority": "soon"}, {"skill": ["x"]}, {"inbox": 7}])
def test_impossible_route_is_a_configuration_error(route: dict[str, Any]) -> None:
    """An unknown key or value is found before anything is said."""
    assert desk().refuse(route)
    assert desk().refuse({"priority": "low"}) is None
