"""Offers what waits to who should have it, takes back what nobody took, and accepts where the desk does so itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from openhandover.core.errors import OpenHandoverError

from .board import Board
from .screens import Screens

_log = structlog.get_logger("openhandover.desk")


class Offers:
    """One timer for the offer that ends next. `accepts_itself` says of a provider whether its offers are taken for
    the agent at once, `join` takes one."""

    def __init__(
        self,
        board: Board,
        screens: Screens,
        accepts_itself: Callable[[str], bool],
        join: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._board = board
        self._screens = screens
        self._accepts_itself = accepts_itself
        self._join = join
        self._timer: asyncio.TimerHandle | None = None
        self._joining: set[asyncio.Task[None]] = set()

    def make(self) -> None:
        """End what lapsed, offer what waits, and come back when the next offer ends."""
        now = time.time()
        board = self._board
        for handover_id, agent_id in board.lapse(now):
            self._screens.lapsed(handover_id, agent_id)
            self._screens.show(board.places[handover_id])
        for handover_id, agent_id in board.make_offers(now):
            if self._accepts_itself(board.places[handover_id].provider):
                self._take(handover_id, agent_id)
                continue
            self._screens.show(board.places[handover_id])
            self._screens.offered(handover_id, agent_id)
        if self._timer is not None:
            self._timer.cancel()
        due = board.next_lapse_at()
        loop = asyncio.get_running_loop()
        self._timer = None if due is None else loop.call_later(max(due - now, 0.01), self.make)

    def _take(self, handover_id: str, agent_id: str) -> None:
        task = asyncio.create_task(self._accept(handover_id, agent_id), name="desk-accept")
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _accept(self, handover_id: str, agent_id: str) -> None:
        """The offer stands until it is taken; where that fails it lapses like any other."""
        try:
            await self._join(handover_id, agent_id)
        except OpenHandoverError as error:
            _log.info("auto_accept_failed", handover_id=handover_id, agent=agent_id, detail=error.detail)
            return
        self._screens.assigned(handover_id, agent_id)

    async def close(self) -> None:
        """The server stops."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._joining:
            task.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)
