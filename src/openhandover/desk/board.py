"""The board: who is here, what waits, what is on offer. In memory, no I/O; the rules are in `core.routing`."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from openhandover.config.model import Agent
from openhandover.core import routing
from openhandover.core.errors import Refused
from openhandover.core.routing import Demand, Seat, Waiting

from .line import Lines

Presence = Literal["online", "busy", "away", "offline"]

REMEMBERED_DEMANDS = 1_000
"""So many different wishes are remembered with the agents who qualify for them."""


class Place(Struct, frozen=True, kw_only=True):
    """A handover at the desk; without an agent it waits."""

    handover_id: str
    conversation_id: str
    provider: str
    demand: Demand
    requested_at: float
    agent_id: str | None = None
    active_at: float | None = None
    asked: frozenset[str] = frozenset()

    @property
    def waiting(self) -> Waiting:
        """The same as the queue rules need it."""
        return Waiting(
            handover_id=self.handover_id, demand=self.demand, requested_at=self.requested_at, asked=self.asked
        )


class Standing(Struct, frozen=True):
    """Whether an agent is here; `since` in epoch seconds, None where it was not noted. `auto`: the system set it, not
    the agent."""

    presence: Presence = "offline"
    since: float | None = None
    auto: bool = False


NOBODY = Standing()


class Offer(Struct, frozen=True):
    """Somebody's chance to take a handover first."""

    agent_id: str
    expires_at: float


class Board:
    """All desks of the installation: one set of agents, one queue per inbox."""

    def __init__(self, agents: Mapping[str, Agent]) -> None:
        self.agents = agents
        self.places: dict[str, Place] = {}
        self.offers: dict[str, Offer] = {}
        self.lines = Lines()
        self._standing: dict[str, Standing] = {}
        self._held: defaultdict[str, dict[str, Place]] = defaultdict(dict)
        self._last_offer_at: dict[str, float] = {}
        self._claims: dict[str, str] = {}
        self._handling_s: deque[float] = deque(maxlen=routing.HANDLING_SAMPLE)
        self.restaffed()

    # --- agents ---

    def restaffed(self) -> None:
        """The agents were configured anew."""
        self._supervisors = frozenset(key for key, agent in self.agents.items() if agent.role == "supervisor")
        self._qualified: dict[Demand, frozenset[str]] = {}

    def presence(self, agent_id: str) -> Presence:
        """Where the agent is; `offline` until they say otherwise."""
        return self.standing(agent_id).presence

    def standing(self, agent_id: str) -> Standing:
        """The same, with since when and by whom."""
        return self._standing.get(agent_id, NOBODY)

    def set_presence(
        self, agent_id: str, presence: Presence, since: float | None = None, *, auto: bool = False
    ) -> list[str]:
        """Note where the agent is; who is not online loses the pending offers, whose handovers are the answer."""
        self._standing[agent_id] = Standing(presence, since, auto)
        if presence == "online":
            return []
        withdrawn = [key for key, offer in self.offers.items() if offer.agent_id == agent_id]
        for handover_id in withdrawn:
            del self.offers[handover_id]
        return withdrawn

    def held(self, agent_id: str) -> list[Place]:
        """The handovers this agent has."""
        return list(self._held[agent_id].values()) if agent_id in self._held else []

    def load(self, agent_id: str) -> int:
        """How many that are."""
        return len(self._held.get(agent_id, ()))

    def seat(self, agent_id: str, offered: int = 0) -> Seat:
        """The agent as routing sees them, with so many handovers on offer."""
        agent = self.agents[agent_id]
        return Seat(
            agent_id=agent_id,
            online=self.presence(agent_id) == "online",
            inboxes=agent.inboxes,
            skills=agent.skills,
            languages=agent.languages,
            capacity=agent.capacity,
            open=self.load(agent_id),
            offered=offered,
            last_offer_at=self._last_offer_at.get(agent_id, 0.0),
        )

    def qualified(self, demand: Demand) -> frozenset[str]:
        """Who may take it, here or not."""
        plain = replace(demand, priority="none")
        known = self._qualified.get(plain)
        if known is None:
            known = frozenset(key for key in self.agents if routing.qualifies(self.seat(key), plain))
            if len(self._qualified) >= REMEMBERED_DEMANDS:
                self._qualified.clear()
            self._qualified[plain] = known
        return known

    def audience(self, place: Place) -> frozenset[str]:
        """Whose business the handover is: its agent's, else of all who may take it; and of every supervisor."""
        if place.agent_id is None:
            return self._supervisors | self.qualified(place.demand)
        return self._supervisors | {place.agent_id}

    def sees(self, agent_id: str, place: Place) -> bool:
        """Whether the handover is any of this agent's business."""
        return agent_id in self.audience(place)

    # --- the queue ---

    def queue(self) -> list[Place]:
        """What waits, in queue order."""
        return [self.places[handover_id] for handover_id in self.lines]

    def position(self, place: Place) -> int:
        """Place in its inbox's queue, from 1."""
        return self.lines.position(place.waiting)

    def matching(self, demand: Demand) -> int:
        """How many agents could take it now."""
        return sum(self.presence(agent_id) == "online" for agent_id in self.qualified(demand))

    def wait_s(self, position: int, demand: Demand) -> float | None:
        """Expected wait at this position; None when nobody matches."""
        mean_s = routing.mean_handling_s(list(self._handling_s))
        return routing.estimated_wait_s(position, mean_s, self.matching(demand))

    def newcomer_position(self, demand: Demand) -> int:
        """Where one more handover like this would stand."""
        return self.lines.position(Waiting(handover_id="", demand=demand, requested_at=float("inf")))

    def learn_handling(self, durations_s: Iterable[float]) -> None:
        """Take finished handovers, oldest first, into the mean handling time."""
        self._handling_s.extend(durations_s)

    # --- what happens ---

    def put(self, place: Place) -> None:
        """A handover came to the desk or changed; its offer ends when somebody has it."""
        known = self.places.get(place.handover_id)
        if known and place.agent_id is None:
            # Who just let it go, or left it, is asked last.
            asked = known.asked if known.agent_id is None else frozenset({known.agent_id})
            place = replace(place, asked=asked)
        self._forget(place.handover_id)
        self.places[place.handover_id] = place
        if place.agent_id is None:
            self.lines.put(place.waiting)
        else:
            self.lines.remove(place.handover_id)
            self._held[place.agent_id][place.handover_id] = place
            self.offers.pop(place.handover_id, None)
            self._claims.pop(place.handover_id, None)

    def remove(self, handover_id: str) -> Place | None:
        """A handover left the desk; answers what it was."""
        self.offers.pop(handover_id, None)
        self._claims.pop(handover_id, None)
        self.lines.remove(handover_id)
        self._forget(handover_id)
        return self.places.pop(handover_id, None)

    def _forget(self, handover_id: str) -> None:
        known = self.places.get(handover_id)
        if known and known.agent_id is not None:
            held = self._held[known.agent_id]
            del held[handover_id]
            if not held:
                del self._held[known.agent_id]

    def claim(self, handover_id: str, agent_id: str) -> None:
        """Take a waiting handover for an agent, before anything is written: the first one wins.

        Raises:
            Refused: `already_taken`, naming the agent who was first.
        """
        holder = self.places[handover_id].agent_id or self._claims.get(handover_id)
        if holder is not None and holder != agent_id:
            raise self.taken_by(holder)
        self._claims[handover_id] = agent_id

    def taken_by(self, agent_id: str) -> Refused:
        """The refusal for who came second."""
        return Refused("already_taken", f"{self.name(agent_id)} was first", agent=agent_id)

    def release(self, handover_id: str) -> None:
        """Give a claim back that came to nothing."""
        self._claims.pop(handover_id, None)

    def name(self, agent_id: str) -> str:
        """The agent's name, or the id of one who is no longer configured."""
        agent = self.agents.get(agent_id)
        return agent.name if agent else agent_id

    def lapse(self, now: float) -> list[tuple[str, str]]:
        """End the offers whose time is over; answers (handover id, agent id) of each."""
        over = [(key, offer.agent_id) for key, offer in self.offers.items() if offer.expires_at <= now]
        for handover_id, agent_id in over:
            del self.offers[handover_id]
            place = self.places[handover_id]
            self.places[handover_id] = replace(place, asked=place.asked | {agent_id})
        return over

    def make_offers(self, now: float) -> list[tuple[str, str]]:
        """Offer what waits unoffered to who should have it; answers (handover id, agent id) of each new offer."""
        offered = Counter(offer.agent_id for offer in self.offers.values())
        seats = {
            agent_id: self.seat(agent_id, offered[agent_id])
            for agent_id, agent in self.agents.items()
            if self.presence(agent_id) == "online"
            and self.load(agent_id) + offered[agent_id] < agent.capacity
        }
        if not seats:
            return []
        free = (
            self.places[key].waiting for key in self.lines if not (key in self.offers or key in self._claims)
        )
        planned = routing.plan_offers(free, seats, now)
        for handover_id, agent_id in planned:
            self.offers[handover_id] = Offer(agent_id, now + routing.OFFER_S)
            self._last_offer_at[agent_id] = now
            self._begin_round(handover_id, agent_id)
        return planned

    def next_lapse_at(self) -> float | None:
        """When the next offer ends."""
        return min((offer.expires_at for offer in self.offers.values()), default=None)

    def _begin_round(self, handover_id: str, agent_id: str) -> None:
        place = self.places[handover_id]
        if agent_id in place.asked:
            self.places[handover_id] = replace(place, asked=frozenset())
