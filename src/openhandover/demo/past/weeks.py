"""Eight weeks in the life of a shop: when people come, how long they wait, and how it ends."""

import asyncio
from datetime import datetime, timedelta
from random import Random

from msgspec import Struct

from openhandover.config.model import Config
from openhandover.core.model import Agent
from openhandover.demo.simulate.partner import NAMES as PARTNERS
from openhandover.demo.simulate.scripts import STORIES
from openhandover.demo.simulate.stories import Visit, visit_of
from openhandover.engine import Engine
from openhandover.engine.wiring import rules_of
from openhandover.store.port import Unit

from .visits import Fate, Teller

DAYS = 56
"""Twice the four weeks that the analytics page shows at first, so that they have something to be compared with."""
HOURS = (1, 1, 0, 0, 0, 1, 2, 5, 18, 34, 40, 34, 26, 30, 38, 34, 26, 16, 12, 14, 12, 8, 4, 2)
"""How busy each hour of the day is, beside the others."""
WEEKDAYS = (1.3, 1.1, 1.0, 1.0, 0.95, 0.5, 0.4)
"""Monday to Sunday."""
BUSY = 30
"""From this many on in `HOURS` people wait longer."""
AT_NIGHT = frozenset(range(7)) | {22, 23}
"""Hours in which only the partner works."""
ENDS = (
    ("completed", 83),
    ("user_cancelled", 7),
    ("user_idle", 4),
    ("user_left", 2),
    ("gone", 2),
    ("provider_error", 1),
    ("no_answer", 1),
)
RATES = 0.55
"""The share of those asked who give a rating."""


class Sizes(Struct, frozen=True):
    """How much has happened."""

    handovers: int = 2000
    contained: int = 900
    """Conversations that the bot handled alone."""


class Weeks:
    """Draws the visits of the last weeks, seen from `now` (local time)."""

    def __init__(self, config: Config, teller: Teller, now: datetime, random: Random) -> None:
        self._agents = {
            name: Agent(name, agent.name, agent.avatar_url) for name, agent in config.agents.items()
        }
        self._speak = {name: agent.languages for name, agent in config.agents.items()}
        self._teller = teller
        self._now = now
        self._random = random

    def units(self, sizes: Sizes) -> list[Unit]:
        """Everything that happened, oldest first, one unit of work per conversation."""
        kinds = [True] * sizes.handovers + [False] * sizes.contained
        self._random.shuffle(kinds)
        return [
            self._visit(number, at, with_person=kind)
            for number, (at, kind) in enumerate(zip(self._times(len(kinds)), kinds, strict=True), 1)
        ]

    def _times(self, count: int) -> list[datetime]:
        today = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [today - timedelta(days=back) for back in range(1, DAYS + 1)]
        weights = [WEEKDAYS[day.weekday()] * (1 - 0.25 * (place / DAYS)) for place, day in enumerate(days)]
        return sorted(
            day + timedelta(hours=hour, seconds=self._random.uniform(0, 3600))
            for day, hour in zip(
                self._random.choices(days, weights, k=count),
                self._random.choices(range(24), HOURS, k=count),
                strict=True,
            )
        )

    def _visit(self, number: int, at: datetime, *, with_person: bool) -> Unit:
        stories = [story for story in STORIES if bool(story.talk) == with_person and not story.hurried]
        story = self._random.choices(stories, [one.weight for one in stories])[0]
        visit = visit_of(story, number, self._random)
        life = self._teller.arrive(visit, at.timestamp())
        if with_person:
            self._teller.hand_over(life, visit, self._fate(visit, at))
        return life.finish()

    def _fate(self, visit: Visit, at: datetime) -> Fate:
        random, by_partner = self._random, visit.story.provider == "partner" or at.hour in AT_NIGHT
        names, weights = zip(*ENDS, strict=True)
        end: str = random.choices(names, weights)[0]
        crowd = HOURS[at.hour] >= BUSY
        wait_s = min(random.lognormvariate(4.4 if crowd else 3.4, 0.8), 560)
        if end in ("user_cancelled", "gone"):
            wait_s = random.uniform(20, 150)
        if by_partner:
            name = random.choice(PARTNERS)
            agent = Agent(name.lower(), name)
        else:
            able = [one for one, known in self._speak.items() if visit.story.language in known]
            agent = self._agents[random.choice(able)]
            end = "no_answer" if end == "provider_error" else end
        return Fate(
            end=end,
            wait_s=wait_s,
            provider="partner" if by_partner else "support",
            agent=agent,
            rating=self._rating(visit, wait_s),
        )

    def _rating(self, visit: Visit, wait_s: float) -> int:
        if not visit.rating or self._random.random() > RATES:
            return 0
        return max(1, visit.rating - (wait_s > 180) - (wait_s > 360))


async def write_past(config: Config, now: datetime, *, seed: int = 1, sizes: Sizes | None = None) -> int:
    """Write the past into the store of a server that does not run; how many conversations it has."""
    random = Random(seed)  # noqa: S311  (a play, no secret)
    engine = Engine(config)
    teller = Teller(engine, rules_of(config, engine.texts), random)
    units = Weeks(config, teller, now, random).units(sizes or Sizes())
    await engine.store.start()
    try:
        await asyncio.gather(*(engine.store.transact(unit) for unit in units))
    finally:
        await engine.store.stop()
        await engine.http.close()
    return len(units)
