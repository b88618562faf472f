"""Delivery: one worker per conversation and lane takes the head of the lane, calls the adapter, commits the result.

Order, retry and giving up live here and nowhere else. A worker holds no transaction while it calls; what it did is
known after the commit only, so a crash repeats the call under the same key.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

import structlog

from openhandover.core.events import NotSent, Sent
from openhandover.core.model import Conversation, Entry
from openhandover.core.view import message_of
from openhandover.net.statuses import Outcome
from openhandover.net.webhooks import GIVE_UP_S, REFUSED_TRIES
from openhandover.store.port import Store

from .work import Clock, Work

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 30.0
PAGE = 100

_log = structlog.get_logger("openhandover.delivery")

LaneName = int | Literal["user", "bot"]
"""A user or bot lane, or the id of an agent lane."""


class Receiver(Protocol):
    """The other end of a user or bot lane."""

    async def deliver(self, state: Conversation, entry: Entry) -> Outcome:
        """One try."""
        ...


def backoff_s(tries: int) -> float:
    """Pause after so many failed tries: the first within a second, doubling to at most 30 s."""
    return min(FIRST_RETRY_S * 2 ** (tries - 1), LONGEST_RETRY_S)


class Lane:
    """What a worker knows of its lane: the entries due, as far as it was told, and a bell."""

    def __init__(self, conversation_id: str, name: LaneName) -> None:
        self.conversation_id = conversation_id
        self.name: LaneName = name
        self.due: deque[Entry] = deque()
        self.complete = False
        """Whether `due` holds everything that is due; otherwise the store is asked."""
        self.passed = 0
        """The receiver has everything up to this seq, though the state may not say so yet."""
        self.bell = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def rest(self, seconds: float) -> None:
        """Wait, or until the bell rings; the caller has cleared it before it looked at the state."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.bell.wait(), seconds)


def pause_s(tries: int, retry_after_s: float | None) -> float:
    """Pause before the next try, as the other side wishes, else our own; who always says "at once" is believed less and
    less."""
    own = backoff_s(tries)
    return own if retry_after_s is None else max(retry_after_s, min(own / 10, FIRST_RETRY_S))


Worker = Callable[[Lane], Awaitable[None]]


class Delivery:
    """All workers of this node."""

    def __init__(self, store: Store, work: Work, clock: Clock) -> None:
        self.store = store
        self.work = work
        self.clock = clock
        self._lanes: dict[tuple[str, LaneName], Lane] = {}
        self._stopping = False

    def kick(
        self, lane_of: tuple[str, LaneName], worker: Worker, entries: list[Entry], *, fresh: bool
    ) -> None:
        """Something is due. `fresh`: nothing was due before these entries, so that they are all there is."""
        if self._stopping:
            return
        lane = self._lanes.get(lane_of)
        if lane is None:
            lane = self._lanes[lane_of] = Lane(*lane_of)
            lane.complete = fresh
            if fresh:  # else older ones come first, and the store has them all
                lane.due.extend(entries)
            lane.task = asyncio.create_task(self._run(lane, worker), name=f"lane-{lane_of[1]}")
            return
        if lane.complete:
            lane.due.extend(entries)
        lane.bell.set()

    def reread(self, conversation_id: str, name: LaneName) -> None:
        """What the worker has in hand was completed meanwhile: it must read it again."""
        lane = self._lanes.get((conversation_id, name))
        if lane:
            lane.complete = False
            lane.due.clear()
            lane.bell.set()

    def ring(self, conversation_id: str, name: LaneName) -> None:
        """Something happened in the conversation: a worker that waits looks again."""
        lane = self._lanes.get((conversation_id, name))
        if lane:
            lane.bell.set()

    async def _run(self, lane: Lane, worker: Worker) -> None:
        key = (lane.conversation_id, lane.name)
        failures = 0
        try:
            while not self._stopping:
                lane.bell.clear()
                try:
                    await worker(lane)
                except Exception as error:  # noqa: BLE001  (a fault of ours: the entry stays due and is tried again)
                    failures += 1
                    lane.due.clear()
                    lane.complete = False
                    _log.error(
                        "lane_failed", conversation_id=lane.conversation_id, lane=lane.name, exc_info=error
                    )
                    await asyncio.sleep(backoff_s(failures))
                    continue
                if not lane.bell.is_set():
                    return
        finally:
            if self._lanes.get(key) is lane:
                del self._lanes[key]

    async def head(self, lane: Lane, done: int, shown: int) -> Entry | None:
        """The next entry due on the lane that may be shown already."""
        while lane.due and lane.due[0].seq <= done:
            lane.due.popleft()
        if not lane.due and not lane.complete:
            receiver = "agent" if isinstance(lane.name, int) else lane.name
            agent_lane = lane.name if isinstance(lane.name, int) else 0
            found = await self.store.lane(
                lane.conversation_id,
                receiver,
                done,
                PAGE,
                agent_lane=agent_lane,
            )
            lane.due.extend(found)
            lane.complete = False
        if lane.due and lane.due[0].seq <= shown:
            return lane.due[0]
        return None

    async def settle(
        self, lane: Lane, entry: Entry, tries: int, *, delivered: bool, detail: str = ""
    ) -> None:
        """Commit what became of an entry."""
        message = message_of(entry) if entry.type == "message.created" else None
        kind = Sent if delivered else NotSent
        more = {} if delivered else {"detail": detail}
        event = kind(lane.name, entry.seq, tries, message, entry.handover_id, **more)  # type: ignore[arg-type]
        if not delivered:
            _log.warning(
                "delivery_failed",
                conversation_id=entry.conversation_id,
                lane=lane.name,
                seq=entry.seq,
                tries=tries,
                detail=detail,
                remedy="its sender gets message.failed; the proof lists it",
            )
        await self.work.run(entry.conversation_id, event)

    async def receiver_worker(self, lane: Lane, receiver: Receiver) -> None:
        """Give a user or bot lane's entries to its receiver, one after the other."""
        tries = refused = 0
        while True:
            state = await self.store.conversation(lane.conversation_id)
            if state is None:
                return
            done = state.user_done if lane.name == "user" else state.bot_done
            entry = await self.head(lane, max(done, lane.passed), state.shown)
            if entry is None:
                await self._settle_passed(lane, done)
                return
            tries += 1
            outcome = await receiver.deliver(state, entry)
            if outcome.kind == "delivered":
                if entry.type != "message.created" and len(lane.due) > 1:
                    lane.passed = entry.seq  # nobody is told of it: the next one's result says it as well
                else:
                    await self.settle(lane, entry, tries, delivered=True)
                tries = refused = 0
                continue
            await self._settle_passed(lane, done)
            refused += outcome.kind == "refused"
            too_old = self.clock() - entry.at > GIVE_UP_S
            if outcome.kind == "gone" or refused >= REFUSED_TRIES or too_old:
                why = ": ".join(filter(None, (outcome.kind, outcome.detail)))
                await self.settle(lane, entry, tries, delivered=False, detail=why)
                tries = refused = 0
                continue
            if tries == 1:
                _log.warning(
                    "delivery_waits",
                    conversation_id=lane.conversation_id,
                    lane=lane.name,
                    seq=entry.seq,
                    detail=outcome.detail,
                    remedy="check that the receiver is up and answers 2xx; the event stays due",
                )
            await self.pause(lane, tries, outcome.retry_after_s)

    async def _settle_passed(self, lane: Lane, done: int) -> None:
        """Commit the place of the lane, if it is further than the state says."""
        if lane.passed > done:
            await self.work.run(lane.conversation_id, Sent(lane.name, lane.passed, 1))

    async def pause(self, lane: Lane, tries: int, retry_after_s: float | None) -> None:
        """Wait before the next try, as the other side wishes or by our own backoff."""
        await asyncio.sleep(pause_s(tries, retry_after_s))

    async def stop(self, drain_s: float) -> None:
        """Let calls under way end within `drain_s`, then stop; what is due stays due."""
        self._stopping = True
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        if tasks:
            await asyncio.wait(tasks, timeout=drain_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
