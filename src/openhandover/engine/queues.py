"""Our own count of who waits where, for contact centres that do not tell their queue, or only a part of it."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import structlog

from openhandover.core.events import QueueEstimated, QueueUpdated
from openhandover.core.model import Handover, Status
from openhandover.core.queueing import is_wanted, missing
from openhandover.core.routing import HANDLING_SAMPLE, estimated_wait_s, mean_handling_s
from openhandover.providers.base import Provider
from openhandover.store.port import HandoverFilter, Store, StoreError

from . import reads
from .work import Done, Work

SETTLE_S = 0.3
"""Leaves that come together are told together."""
AFTER_FAULT_S = 1.0

_log = structlog.get_logger("openhandover.queues")


class _Waiting(NamedTuple):
    conversation_id: str
    estimate: int | None
    """The place that we told, None where the vendor tells it or nobody asks."""


class Queues:
    """Estimates the place in a provider's queue, by order of acceptance, and the wait: place x mean handling time
    / people who are busy with a handover of this provider now (at least one)."""

    def __init__(self, store: Store, work: Work, providers: Mapping[str, Provider]) -> None:
        self._store = store
        self._providers = providers
        self._work = work
        self._lines: defaultdict[str, dict[str, _Waiting]] = defaultdict(dict)
        self._busy: defaultdict[str, set[str]] = defaultdict(set)
        self._handled: dict[str, deque[float]] = {}
        self._changed: set[str] = set()
        self._telling: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Take up who waits and who is being helped."""
        where = HandoverFilter(status=(Status.QUEUED, Status.ACTIVE))
        found: list[Handover] = []
        async for rows in reads.handovers(self._store, where):
            found += [row.handover for row in rows]
        for handover in sorted(found, key=lambda one: (one.queued_at or 0, one.id)):
            self._place(handover)

    def note(self, done: Done) -> None:
        """A turn was committed: its handover may have come into a line, moved on or ended."""
        turn, before = done.turn, done.before
        if turn is None or not turn.handover_changed:
            return
        was = before.handover if before else None
        if was is not None and was.id == turn.handover.id:
            self._leave(was, turn.handover)
        self._place(turn.handover)

    def _place(self, handover: Handover) -> None:
        if handover.status is Status.QUEUED:
            estimate = handover.queue.position if "position" in handover.queue.ours else None
            self._lines[handover.target.provider][handover.id] = _Waiting(handover.conversation_id, estimate)
        elif handover.status is Status.ACTIVE:
            self._busy[handover.target.provider].add(handover.id)

    def _leave(self, was: Handover, now: Handover) -> None:
        if was.status is now.status and was.target.provider == now.target.provider:
            return
        provider = was.target.provider
        left = self._lines[provider].pop(was.id, None)
        self._busy[provider].discard(was.id)
        if now.ended_at is not None and now.active_at is not None and provider in self._handled:
            self._handled[provider].append(now.ended_at - now.active_at)
        if left is None:
            return
        self._changed.add(provider)
        if provider not in self._telling:
            self._telling[provider] = asyncio.create_task(self._tell(provider), name="queue-estimates")

    async def completed(self, handover: Handover, told: QueueUpdated) -> QueueUpdated:
        """What a vendor tells of the queue of a handover that waits, with what it does not tell as we estimate it."""
        provider = handover.target.provider
        known = self._providers.get(provider)
        # Who is asked by us leaves nothing out.
        says_all = known is not None and known.capabilities.inbound == "none"
        waits = handover.status in (Status.REQUESTED, Status.QUEUED)
        if not waits or not is_wanted(handover.settings) or (says_all and told != QueueUpdated()):
            return told
        handled = await self._times(provider)
        ours = missing(handover.settings, told.position, told.estimated_wait_ms, seen=bool(handled))
        position = self._position(handover) if "position" in ours else told.position
        wait_ms = told.estimated_wait_ms
        if "wait" in ours and position is not None:
            wait_ms = self._wait_ms(provider, position)
        return QueueUpdated(position, wait_ms, told.estimated, ours)

    def _position(self, handover: Handover) -> int:
        line = list(self._lines[handover.target.provider])
        return line.index(handover.id) + 1 if handover.id in line else len(line) + 1

    async def _times(self, provider: str) -> Sequence[float]:
        """How long the last handovers of this provider were handled, oldest first."""
        if provider not in self._handled:
            where = HandoverFilter(status=(Status.COMPLETED,), provider=provider)
            rows = (await self._store.handovers(where, None, HANDLING_SAMPLE)).items
            times = [
                row.handover.ended_at - row.handover.active_at
                for row in reversed(rows)
                if row.handover.ended_at is not None and row.handover.active_at is not None
            ]
            self._handled[provider] = deque(times, HANDLING_SAMPLE)
        return self._handled[provider]

    def _wait_ms(self, provider: str, position: int) -> int:
        mean_s = mean_handling_s(list(self._handled[provider]))
        wait_s = estimated_wait_s(position, mean_s, max(len(self._busy[provider]), 1))
        return round((wait_s or 0) * 1000)

    async def _tell(self, provider: str) -> None:
        """Somebody left the line: those behind who live by our estimate get a new one."""
        pause_s = SETTLE_S
        while provider in self._changed:
            await asyncio.sleep(pause_s)
            self._changed.discard(provider)
            try:
                await self._tell_line(provider)
                pause_s = SETTLE_S
            except StoreError as error:
                remedy = "check disk space and rights of the database"
                _log.error("queue_estimates_wait", provider=provider, detail=str(error), remedy=remedy)
                self._changed.add(provider)
                pause_s = AFTER_FAULT_S
        del self._telling[provider]

    async def _tell_line(self, provider: str) -> None:
        await self._times(provider)
        for position, (handover_id, one) in enumerate(list(self._lines[provider].items()), start=1):
            if one.estimate not in (None, position):
                wait_ms = self._wait_ms(provider, position)
                await self._work.run(one.conversation_id, QueueEstimated(handover_id, position, wait_ms))

    async def stop(self) -> None:
        """Estimates that were not told are not missed."""
        tasks = list(self._telling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
