"""How fast people are: they think, type and arrive at random, and all of it can be sped up for a test."""

import asyncio
from random import Random

from msgspec import Struct

SECONDS_PER_CHARACTER = 0.055
SHORTEST_TYPING_S = 1.0
LONGEST_TYPING_S = 7.0
SERVER_S = 15.0
"""A server that is started anew, or a machine with much to do, takes a moment whatever the pace is."""
AGENTS_S = 5.0
"""Agents grant less than visitors: after a lost message, which both sides wait for, they go on before the visitor goes."""


class Pace(Struct, frozen=True):
    """`factor` 1 is a person's pace, 10 is ten times as fast. Waits are drawn from `random`, so a seed repeats them."""

    random: Random
    factor: float = 1.0

    def of(self, seconds: float) -> float:
        """A span of the story in seconds of the clock."""
        return seconds / self.factor

    def patience(self, seconds: float, moment_s: float = SERVER_S) -> float:
        """So long somebody waits for the other side, in seconds of the clock."""
        return self.of(seconds) + moment_s

    def between(self, least_s: float, most_s: float) -> float:
        """A random span, in seconds of the clock."""
        return self.of(self.random.uniform(least_s, most_s))

    def typing(self, text: str) -> float:
        """So long somebody types this text, in seconds of the clock."""
        whole = len(text) * SECONDS_PER_CHARACTER * self.random.uniform(0.8, 1.25)
        return self.of(min(max(whole, SHORTEST_TYPING_S), LONGEST_TYPING_S))

    async def pause(self, least_s: float, most_s: float) -> None:
        """Think for a while."""
        await asyncio.sleep(self.between(least_s, most_s))
