"""Looks at a conversation: what no event told, and how long the queue takes while somebody waits in it."""

import time
from typing import NamedTuple
from uuid import uuid4

from openhandover.core import events as e
from openhandover.core.errors import ProviderError

from . import happenings, hints, wire
from .api import Api
from .people import People, settled
from .settings import Settings

FRESH_S = 10.0
"""A prediction serves all who wait in the queue for so long."""

TRIED_S = 90.0
"""So long after a start the vendor may still be trying to bring what was said before; some 85 s by its pages."""

_OVER = "over"


class Waits:
    """What the vendor predicts for its queues."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, tuple[float, int | None]] = {}

    async def of(self, queue_id: str) -> int | None:
        """How long it takes in milliseconds; None where there is no prediction."""
        asked_at, wait_ms = self._known.get(queue_id, (-FRESH_S, None))
        if time.monotonic() - asked_at >= FRESH_S:
            reply = await self._api.ask("GET", wire.estimated_wait_path(queue_id), hints=hints.QUEUE)
            wait_ms = wire.estimated_wait_ms(reply)
            self._known[queue_id] = (time.monotonic(), wait_ms)
        return wait_ms

    async def if_known(self, queue_id: str | None) -> int | None:
        """The same for whoever can do without: a handover does not fail because its wait cannot be told."""
        if not queue_id:
            return None
        try:
            return await self.of(queue_id)
        except ProviderError:
            return None

    def forget(self, queue_id: str) -> None:
        """Ask anew: something has changed there."""
        self._known.pop(queue_id, None)


class News(NamedTuple):
    """One thing that a look found: `told` is where the next look goes on from."""

    told: str
    event_id: str
    fact: e.ProviderFact


class Look(NamedTuple):
    """What a look found, in how many seconds to look again (0: not by itself), and from when on the wait is told anew."""

    there: wire.MessageConversation
    news: list[News]
    again_s: float
    wait_at: float

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to look for."""
        return any(one.told == _OVER for one in self.news)


class Looks:
    """Looks as often as the settings say."""

    def __init__(self, settings: Settings, people: People, waits: Waits) -> None:
        self._settings = settings
        self._people = people
        self._waits = waits

    async def at(self, conversation_id: str, told: str, wait_at: float) -> Look:
        """One look; a conversation that is not known yet has nothing to tell."""
        every = self._settings.looks_every_s
        if not conversation_id:
            return Look(wire.MessageConversation(), [], every, wait_at)
        there = await self._people.conversation(conversation_id)
        found = news(there, told, self._settings.left_s)
        if found is not None:
            return Look(there, [found], every, wait_at)
        queue_id, asked_every = self._settings.queue_id, self._settings.wait_every_s
        if told or not there.is_waiting() or not queue_id or not asked_every:
            return Look(there, [], every, wait_at)
        due: list[News] = []
        if time.monotonic() >= wait_at:
            wait = e.QueueUpdated(estimated_wait_ms=await self._waits.if_known(queue_id))
            due = [News(told, f"wait:{conversation_id}:{uuid4()}", wait)]
            wait_at = time.monotonic() + asked_every
        wait_in = max(wait_at - time.monotonic(), 0.001)  # 0 would mean: never
        return Look(there, due, min(every or wait_in, wait_in), wait_at)


def news(there: wire.MessageConversation, told: str, left_s: float) -> News | None:
    """What has changed since `told`: who has it (by the id of their part in it), that they left, that it is over."""
    customer, has_it = there.customer(), there.holder()
    if customer is not None and (how := there.ended()) is not None:
        return News(_OVER, f"look:{customer.id}:ended", settled(happenings.closed(how), there))
    if has_it is not None:
        joined = News(has_it.id, f"look:{has_it.id}:joined", e.AgentJoined(has_it.agent))
        return joined if has_it.id != told else None
    if not told:
        return None
    left = e.AgentLeft() if there.is_waiting() else e.AgentLeft(end_after_s=left_s)
    return News("", f"look:{told}:left", left)
