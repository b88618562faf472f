"""Who is here: presence over a restart, and agents whose browser has gone."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import msgspec
import structlog
from msgspec import Struct

from openhandover.config.model import Desk
from openhandover.store.port import Store

from .board import Board, Presence

_log = structlog.get_logger("openhandover.desk")


class Stored(Struct, frozen=True, omit_defaults=True):
    """What is kept of an agent over a restart; `by_page`: it was set in a browser session."""

    presence: Presence = "offline"
    since: float | None = None
    auto: bool = False
    by_page: bool = False


class Attendance:
    """Presence of agents. Who set theirs in a browser goes offline when none of their browsers has listened for
    `offline_after_s` (0 = never); who acts by API key, or in sessions that never listened, stays until they say
    otherwise. While one page of an agent is used, the silence of their others sets nobody to away."""

    def __init__(
        self,
        board: Board,
        store: Store,
        settings: Desk,
        went: Callable[[str], Awaitable[None]],
    ) -> None:
        self._board = board
        self._store = store
        self._away_after_s = settings.away_after_s
        self._offline_after_s = settings.offline_after_s
        self._went = went
        self._by_page: set[str] = set()
        self._with_page: set[str] = set()
        """Agents whose browser has ever listened; a script that logs in and only calls has none that could go."""
        self._listening: Counter[str] = Counter()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._input_at: dict[str, float] = {}
        """When a page last told that its agent is there; nobody is shown it, and nothing of it is kept."""

    async def start(self) -> None:
        """Take up what was stored; a browser must listen again in time."""
        self._with_page = set(await self._store.all("agent_page"))
        for agent_id, raw in (await self._store.all("agent")).items():
            known = msgspec.json.decode(raw, type=Stored)
            self._board.set_presence(agent_id, known.presence, known.since, auto=known.auto)
            if known.by_page:
                self._by_page.add(agent_id)
            self._watch(agent_id)

    async def note(
        self, agent_id: str, presence: Presence, now: float, *, auto: bool, by_page: bool | None
    ) -> list[str]:
        """Keep it; `by_page` None leaves open who set it before. Answers the handovers whose offer was withdrawn."""
        before = self._board.standing(agent_id)
        since = before.since if before.presence == presence else now
        if by_page is not None:
            (self._by_page.add if by_page else self._by_page.discard)(agent_id)
        stored = Stored(presence, since, auto, agent_id in self._by_page)
        await self._store.put("agent", agent_id, msgspec.json.encode(stored))
        withdrawn = self._board.set_presence(agent_id, presence, since, auto=auto)
        self._watch(agent_id)
        return withdrawn

    def saw_input(self, agent_id: str, now: float) -> None:
        """A page of the agent was touched."""
        self._input_at[agent_id] = now

    def is_in_use(self, agent_id: str, now: float) -> bool:
        """Whether a page of the agent told of input so lately that another one's silence says nothing."""
        return now - self._input_at.get(agent_id, 0.0) < self._away_after_s

    async def watched(
        self, agent_id: str, frames: AsyncGenerator[bytes], lasts_s: float, over: Callable[[], None]
    ) -> AsyncGenerator[bytes]:
        """The event stream of a browser: while it is read, its agent is here; `over` is called when its session has
        lasted long enough."""
        self._listening[agent_id] += 1
        self._watch(agent_id)
        timer = asyncio.get_running_loop().call_later(lasts_s, over)
        try:
            if agent_id not in self._with_page:
                self._with_page.add(agent_id)
                await self._store.put("agent_page", agent_id, b"1")
            async with aclosing(frames) as following:
                async for frame in following:
                    yield frame
        finally:
            timer.cancel()
            self._listening[agent_id] -= 1
            self._watch(agent_id)

    def _is_gone(self, agent_id: str) -> bool:
        """Whether the agent counts as here and no browser of theirs is."""
        here = agent_id in self._board.agents and self._board.presence(agent_id) != "offline"
        depends = agent_id in self._by_page and agent_id in self._with_page
        return here and depends and not self._listening[agent_id]

    def _watch(self, agent_id: str) -> None:
        if not (self._offline_after_s and self._is_gone(agent_id)):
            timer = self._timers.pop(agent_id, None)
            if timer:
                timer.cancel()
        elif agent_id not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[agent_id] = loop.call_later(self._offline_after_s, self._time_is_over, agent_id)

    def _time_is_over(self, agent_id: str) -> None:
        del self._timers[agent_id]
        task = asyncio.create_task(self._leave(agent_id), name="desk-agent-gone")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _leave(self, agent_id: str) -> None:
        if self._is_gone(agent_id):
            _log.info("agent_gone", agent=agent_id, after_s=self._offline_after_s)
            await self._went(agent_id)

    async def close(self) -> None:
        """No more timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
