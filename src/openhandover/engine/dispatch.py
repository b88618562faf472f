"""After a commit: who hears of it. Listeners, delivery lanes, best-effort calls, timers."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping

from openhandover.core import view
from openhandover.core.effects import TellTyping
from openhandover.core.model import Conversation, Entry
from openhandover.core.state import is_busy, wake_at
from openhandover.core.turn import Rules, Turn
from openhandover.store.port import Store

from .agents import AgentLanes
from .delivery import Delivery, Lane, LaneName, Receiver, Worker
from .feed import Feed
from .metrics import Metrics
from .queues import Queues
from .sessions import Sessions
from .summaries import Summaries
from .timers import Timers
from .work import Done

TYPING_S = 6.0
"""Typing that nobody renews ends by itself."""


class Dispatch:
    """Routes what a turn has left to do to those who do it."""

    def __init__(self, store: Store, rules: Rules, feed: Feed, metrics: Metrics) -> None:
        self._store = store
        self._rules = rules
        self._feed = feed
        self._metrics = metrics
        self.delivery: Delivery
        self.agents: AgentLanes
        self.queues: Queues
        self.timers: Timers
        self.channels: Mapping[str, Receiver] = {}
        self.bots: Mapping[str, Receiver] = {}
        self.summaries: Summaries | None = None
        self.typing_webhook: Callable[[str, dict[str, object]], None] | None = None
        self.session_known: Callable[[str, str], None]
        self.sessions: Sessions
        self._typing: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._rereads: set[asyncio.Task[None]] = set()

    def committed(self, done: Done) -> None:
        """One turn was committed."""
        turn, before = done.turn, done.before
        assert turn is not None
        self._metrics.count(done)
        self.queues.note(done)
        state = turn.state
        shown_before = before.shown if before else 0
        self._show(turn, state, shown_before)
        self.timers.note(wake_at(state))
        for entry in turn.entries:
            if entry.type == "message.created" and entry.key:
                self._wrote(state.id, entry.key.partition(":")[0])
        for effect in turn.effects:
            if isinstance(effect, TellTyping):
                self.typing(state, effect.author, effect.on)
            else:
                self.agents.tell(state, effect)
        if self.summaries and turn.digest:
            self.summaries.begin(turn)
        for provider, external_id, _place in turn.sessions:
            self.session_known(provider, external_id)
        self.sessions.note(turn)
        self._deliver(turn, before, shown_before)

    def _show(self, turn: Turn, state: Conversation, shown_before: int) -> None:
        was_held = turn.rewritten or (turn.entries and turn.entries[0].seq > shown_before + 1)
        if (was_held or not turn.entries) and state.shown > shown_before and self._feed.is_followed(state):
            task = asyncio.create_task(self._show_stored(state, shown_before), name="show")
            self._rereads.add(task)
            task.add_done_callback(self._rereads.discard)
            return
        self._feed.publish(state, [entry for entry in turn.entries if entry.seq <= state.shown])

    async def _show_stored(self, state: Conversation, after: int) -> None:
        """Entries that waited for a preparation, as they are in the store now."""
        rows = await self._store.log(state.id, after, 1000, until=state.shown)
        self._feed.publish(state, [row.entry for row in rows])

    def _deliver(self, turn: Turn, before: Conversation | None, shown_before: int) -> None:
        state = turn.state
        if not is_busy(state):
            self._ring(state)
            return
        held = (
            bool(turn.rewritten) or state.shown != state.seq or shown_before != (before.seq if before else 0)
        )
        if state.user_done < state.user_last and state.channel in self.channels:
            fresh = not held and (before is None or before.user_done == before.user_last)
            entries = [entry for entry in turn.entries if entry.to_user]
            self._kick(state, "user", entries, fresh=fresh, reread=held)
        if state.bot_done < state.bot_last and state.bot in self.bots:
            fresh = not held and (before is None or before.bot_done == before.bot_last)
            entries = [entry for entry in turn.entries if entry.to_bot]
            self._kick(state, "bot", entries, fresh=fresh, reread=held)
        for lane in state.lanes:
            if lane.done < lane.last or lane.ending or (not lane.opened and lane.ended_at is None):
                earlier = before.lane(lane.id) if before else None
                fresh = not held and (earlier is None or earlier.done == earlier.last)
                entries = [entry for entry in turn.entries if entry.to_agent == lane.id]
                self._kick(state, lane.id, entries, fresh=fresh, reread=held)

    def _kick(
        self, state: Conversation, name: LaneName, entries: list[Entry], *, fresh: bool, reread: bool
    ) -> None:
        if reread:
            self.delivery.reread(state.id, name)
        worker = self.agents.worker
        if name == "user":
            worker = _worker(self.delivery, self.channels[state.channel])
        elif name == "bot" and state.bot is not None:
            worker = _worker(self.delivery, self.bots[state.bot])
        self.delivery.kick((state.id, name), worker, entries, fresh=fresh)

    def _ring(self, state: Conversation) -> None:
        """Workers that wait (a gate, a pause) look again."""
        for lane in state.lanes:
            self.delivery.ring(state.id, lane.id)

    async def resume(self) -> None:
        """After a start: everything that was left to do."""
        after: str | None = None
        while ids := await self._store.busy(after, 500):
            for conversation_id in ids:
                after = conversation_id
                state = await self._store.conversation(conversation_id)
                if state is None:
                    continue
                self.timers.note(wake_at(state))
                turn = Turn(state, 0.0, self._rules)
                self._deliver(turn, state, state.shown)

    # --- typing --------------------------------------------------------------------------------------------

    def typing(self, state: Conversation, author: str, on: bool) -> None:
        """Show typing to who listens; it ends by itself."""
        key = (state.id, author)
        timer = self._typing.pop(key, None)
        if timer:
            timer.cancel()
        elif not on:
            return
        if on:
            loop = asyncio.get_running_loop()
            self._typing[key] = loop.call_later(TYPING_S, self.typing, state, author, False)
        if on and timer:
            return  # still typing: no news
        self._publish_typing(state, author, on=on)

    def _wrote(self, conversation_id: str, author: str) -> None:
        """A message ends its author's typing; who sees the message needs no word of it."""
        timer = self._typing.pop((conversation_id, author), None)
        if timer:
            timer.cancel()

    def _publish_typing(self, state: Conversation, author: str, *, on: bool) -> None:
        event: dict[str, object] = {
            "id": f"typing_{secrets.token_urlsafe(8)}",
            "type": "typing.started" if on else "typing.stopped",
            "conversation_id": state.id,
            "floor": state.floor,
            "epoch": state.epoch,
            "at": view.time(time.time()),
            "data": {"author": author},
        }
        handover = state.open_handover
        if handover:
            event["handover_id"] = handover.id
        self._feed.publish_typing(state, event)
        if handover and author == "user":
            self.agents.tell(state, TellTyping("user", on, handover.lane))
        elif author != "user" and self.typing_webhook:
            self.typing_webhook(state.channel, event)

    async def stop(self) -> None:
        """Forget what was only in the air."""
        if self.summaries:
            await self.summaries.stop()
        for timer in self._typing.values():
            timer.cancel()
        self._typing.clear()
        await asyncio.gather(*self._rereads, return_exceptions=True)


def _worker(delivery: Delivery, receiver: Receiver) -> Worker:
    async def work(lane: Lane) -> None:
        await delivery.receiver_worker(lane, receiver)

    return work
