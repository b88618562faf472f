"""What agents see: entries and colleagues as listed, and the news of them for every screen that shows them."""

from collections.abc import Collection, Mapping
from typing import Any

from openhandover.core import view

from .board import Board, Place
from .hub import Hub
from .listing import Card, agent_shape, entry_of
from .shapes import AgentShape, Entry, Holder


class Screens:
    """Every change is encoded once, however many agents see it."""

    def __init__(self, board: Board, hub: Hub) -> None:
        self._board = board
        self._hub = hub
        self.cards: dict[str, Card] = {}

    def agent(self, agent_id: str) -> AgentShape:
        """An agent as the desk shows them."""
        return agent_shape(self._board, agent_id)

    def entry(self, place: Place) -> Entry:
        """A handover on the board, as listed."""
        return entry_of(self._board, place, self.cards[place.handover_id])

    def show(self, place: Place) -> None:
        """It is new, or changed."""
        self._hub.publish("desk.entry", {"entry": self.entry(place)}, self._board.audience(place))

    def show_last(self, place: Place, entry: Entry) -> None:
        """It has left the board."""
        self._hub.publish("desk.entry", {"entry": entry}, self._board.audience(place))

    def hide(self, handover_id: str, agents: Collection[str]) -> None:
        """It is none of their business any more."""
        self._hub.publish("desk.gone", {"handover_id": handover_id}, agents)

    def show_agent(self, agent_id: str) -> None:
        """Presence or load of an agent changed."""
        if agent_id in self._board.agents:
            self._hub.publish("desk.presence", {"agent": self.agent(agent_id)}, self._board.agents)

    def offered(self, handover_id: str, agent_id: str) -> None:
        """An agent may take it before others."""
        expires_at = view.time(self._board.offers[handover_id].expires_at)
        self._hub.publish("desk.offer", {"handover_id": handover_id, "expires_at": expires_at}, {agent_id})

    def lapsed(self, handover_id: str, agent_id: str) -> None:
        """They let it pass."""
        self._hub.publish("desk.offer_lapsed", {"handover_id": handover_id}, {agent_id})

    def assigned(self, handover_id: str, agent_id: str, giver_id: str | None = None) -> None:
        """It is theirs without their doing: by a colleague, or by the desk itself."""
        giver = None if giver_id is None else Holder(giver_id, self._board.name(giver_id))
        data = {"handover_id": handover_id, "by": "auto" if giver is None else "agent", "from": giver}
        self._hub.publish("desk.assigned", data, {agent_id})

    def event(self, event: Mapping[str, Any], place: Place) -> None:
        """An ordinary event of a handover on the board."""
        self._hub.publish(event["type"], event, self._board.audience(place))
