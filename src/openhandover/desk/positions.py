"""Tells places in the queue as they change: to the agents' screens, and to the engine, which tells the users."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import structlog

from openhandover.core.errors import OpenHandoverError
from openhandover.core.events import QueueUpdated

from .board import Board, Place
from .screens import Screens

SHOWN = 50
"""So many places at the head of an inbox are kept current on screens; nobody watches number 300 become 299."""

TOGETHER = 50
"""So many are told to the engine at a time."""

PAUSE_S = 0.2
RESTS = 4
"""Telling a long queue takes a while: then comes a pause of so many times as long."""

_log = structlog.get_logger("openhandover.desk")

Report = Callable[[Place, QueueUpdated], Awaitable[object]]


class Positions:
    """Changes that come together are told together, in the background."""

    def __init__(self, board: Board, screens: Screens, report: Report) -> None:
        self._board = board
        self._screens = screens
        self._report = report
        self._told: dict[str, int | None] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def changed(self) -> None:
        """Somebody came into a line or left one."""
        self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="desk-positions")

    async def _run(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            began = time.perf_counter()
            try:
                await self._tell()
            except OpenHandoverError as error:
                _log.warning("desk_positions_failed", detail=error.detail)
            await asyncio.sleep(max(PAUSE_S, RESTS * (time.perf_counter() - began)))

    async def _tell(self) -> None:
        told, self._told = self._told, {}
        news: list[tuple[Place, int]] = []
        for place, position in self._standing():
            # What the open call answered is what its user was told first.
            at_first = self._screens.cards[place.handover_id].handover.queue.position
            if told.get(place.handover_id, at_first) != position:
                news.append((place, position))
            self._told[place.handover_id] = position
        for place, position in news:
            if position <= SHOWN:
                self._screens.show(place)
        waiting = [(place, position) for place, position in news if place.active_at is None]
        for start in range(0, len(waiting), TOGETHER):
            batch = waiting[start : start + TOGETHER]
            await asyncio.gather(*(self._update(place, position) for place, position in batch))

    def _standing(self) -> Iterator[tuple[Place, int]]:
        for inbox in self._board.lines.inboxes():
            for position, handover_id in enumerate(self._board.lines.of(inbox), start=1):
                yield self._board.places[handover_id], position

    async def _update(self, place: Place, position: int) -> None:
        wait_s = self._board.wait_s(position, place.demand)
        await self._report(place, QueueUpdated(position, None if wait_s is None else round(wait_s * 1000)))

    async def close(self) -> None:
        """The server stops."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
