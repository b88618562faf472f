"""The play as a whole: visitors arrive, agents work, until somebody stops it."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from random import Random

import aiohttp
from msgspec import Struct

from .agent import SimulatedAgent
from .cast import Cast
from .chat import Closed
from .desk import DeskClient
from .ledger import Counts, Ledger
from .pace import Pace
from .partner import PartnerDesk, SimulatedPartner
from .scripts import STORIES, choose
from .stories import Story, visit_of
from .visitor import Visitor

AT_ONCE = 7
"""So many visitors at a time."""
ARRIVAL_S = 9.0
"""Mean time between two visitors."""
SHORTEST_S, LONGEST_S = 2.0, 25.0


class Team(Struct, frozen=True):
    """Who works: the agents of the built-in desk with their passwords, and the partner's desk."""

    passwords: Mapping[str, str]
    partner: PartnerDesk | None = None


class Simulation:
    """Visitors and agents of one demo. The same seed brings the same visitors with the same words."""

    def __init__(
        self,
        base: str,
        team: Team,
        *,
        pace: float = 1.0,
        seed: int | None = None,
        stories: tuple[Story, ...] = STORIES,
    ) -> None:
        self.ledger = Ledger()
        self.cast = Cast(self.ledger)
        self.arrived = 0
        self.finished = 0
        self.stories = stories
        self.is_open = True
        self._base = base
        self._team = team
        self._factor = pace
        self._random = Random(seed)  # noqa: S311  (a play, no secret)

    def counts(self) -> Counts:
        """What visitors and agents themselves wrote and read so far."""
        return self.ledger.counts()

    def close(self) -> None:
        """Let nobody in any more; who is here stays to the end."""
        self.is_open = False

    def _pace(self, name: str) -> Pace:
        own = Random(f"{self._random.random()}:{name}")  # noqa: S311  (a play, no secret)
        return Pace(own, self._factor)

    async def run(self, visitors: int | None = None) -> None:
        """Play until cancelled, or until so many visitors have come and gone."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            agents = self._agents()
            for agent in agents:
                stack.push_async_callback(agent.desk.close)  # also of one who never came to work
            staff = [group.create_task(agent.work()) for agent in agents]
            if self._team.partner is not None:
                partner = SimulatedPartner(self._team.partner, self.cast, self._pace("partner"))
                staff.append(group.create_task(partner.work()))
            for agent in agents:
                await agent.is_there.wait()
            await self._arrivals(visitors)
            for one in staff:
                one.cancel()

    def _agents(self) -> list[SimulatedAgent]:
        passwords = self._team.passwords
        return [
            SimulatedAgent(
                DeskClient(self._base, name, password), set(passwords), self.cast, self._pace(name)
            )
            for name, password in passwords.items()
        ]

    async def _arrivals(self, visitors: int | None) -> None:
        pace, room = self._pace("arrivals"), asyncio.Semaphore(AT_ONCE)
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
            while self.is_open and (visitors is None or self.arrived < visitors):
                await room.acquire()
                group.create_task(self._visit(http, room))
                span_s = min(max(pace.random.expovariate(1 / ARRIVAL_S), SHORTEST_S), LONGEST_S)
                await asyncio.sleep(pace.of(span_s))

    async def _visit(self, http: aiohttp.ClientSession, room: asyncio.Semaphore) -> None:
        self.arrived += 1
        pace = self._pace(f"visit {self.arrived}")
        visit = visit_of(choose(pace.random, self.stories), self.arrived, pace.random)
        try:
            await Visitor(http, self._base, visit, pace).live(self.cast)
        except Closed:
            pass  # the demo was started afresh below the visitor, whose conversation is gone
        finally:
            self.finished += 1
            room.release()
