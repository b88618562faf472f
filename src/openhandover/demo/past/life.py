"""One conversation of the past: events go through the core, and every receiver takes what is for it at once."""

from collections.abc import Sequence

from msgspec.structs import replace

from openhandover.core import commands, events as e
from openhandover.core.digest import NeedRecent
from openhandover.core.machine import advance
from openhandover.core.model import Conversation, Entry, Message
from openhandover.core.state import is_busy, wake_at
from openhandover.core.turn import Rules, Turn
from openhandover.core.view import message_of
from openhandover.store.port import Changes, Delivered, HandoverRow, LogRow, Mark, Unit

DELIVERY_S = 0.2
"""So long a message of the past took to its reader."""


class Life:
    """A conversation from its beginning on; `now` is epoch seconds and only moves forward."""

    def __init__(self, event: e.CreateConversation, now: float, rules: Rules) -> None:
        self.now = now
        self._rules = rules
        turn = commands.create(event, now, rules)
        self.state: Conversation = turn.state
        self._entries: list[Entry] = list(turn.entries)
        self._marks: dict[tuple[int, str], Mark] = {}
        self._delivered_to = 0
        self._sessions: list[tuple[str, str, str]] = []
        self._rows: dict[str, HandoverRow] = {}

    def after(self, seconds: float) -> "Life":
        """Let time pass; timers that come due on the way fire."""
        until = self.now + seconds
        while (at := wake_at(self.state)) is not None and at <= until:
            self.now = max(self.now, at)
            self.do(e.Wake())
        self.now = max(self.now, until)
        return self

    def do(self, event: e.Event) -> "Life":
        """Let something happen now, and what follows from it at once."""
        self._advance(event)
        self._deliver()
        return self

    def finish(self) -> Unit:
        """Everything of this conversation as one unit of work, once nothing is left to wait for. It is done once."""
        while (at := wake_at(self.state)) is not None:
            self.after(max(at - self.now, 0.0))
        assert not is_busy(self.state)
        changes = Changes(
            conversation=self.state,
            entries=self._entries,
            marks=list(self._marks.values()),
            handovers=list(self._rows.values()),
            sessions=self._sessions,
        )
        return Unit(self.state.id, lambda known: Changes() if known.conversation else changes)

    # --- through the core

    def _advance(self, event: e.Event) -> None:
        before = self.state
        try:
            turn = advance(before, event, self.now, self._rules)
        except NeedRecent as need:
            turn = advance(before, event, self.now, self._rules, self._recent(need))
        self._keep(turn)

    def _keep(self, turn: Turn) -> None:
        self.state = turn.state
        self._entries += turn.entries
        self._sessions += turn.sessions
        for mark in turn.marks:
            self._marks[mark.seq, mark.receiver] = Mark(
                mark.seq, mark.receiver, mark.state, max(mark.attempts, 1), turn.now
            )
        if turn.handover_changed:
            handover = turn.handover
            known = self._rows.get(handover.id)
            digest = turn.digest or (known.digest if known else None)
            self._rows[handover.id] = HandoverRow(
                handover, self.state.channel, self.state.language, digest, medium=self.state.medium
            )

    def _recent(self, need: NeedRecent) -> Sequence[LogRow]:
        messages = [
            entry for entry in self._entries if entry.type == "message.created" and entry.seq > need.after_seq
        ]
        return [LogRow(entry, self._delivered(entry)) for entry in messages[-need.limit :]]

    def _delivered(self, entry: Entry) -> Delivered:
        def reached(receiver: str) -> tuple[str, int, float] | None:
            mark = self._marks.get((entry.seq, receiver))
            return (mark.state, mark.attempts, mark.at) if mark else None

        return Delivered(reached("user"), reached("agent"), reached("bot"))

    # --- receivers

    def _deliver(self) -> None:
        """Every receiver takes what is due to it, in order."""
        waiting = any(not lane.opened for lane in self.state.lanes)
        place = self._delivered_to
        while place < len(self._entries):
            entry = self._entries[place]
            place += 1
            message = message_of(entry) if entry.type == "message.created" else None
            if entry.to_user and entry.seq > self.state.user_done:
                self._sent("user", entry, message)
            if entry.to_bot and entry.seq > self.state.bot_done:
                self._sent("bot", entry, message)
            lane = self.state.lane(entry.to_agent) if entry.to_agent else None
            if lane is not None and lane.opened and entry.seq > lane.done:
                self._sent(lane.id, entry, message)
        if not waiting:  # what a lane that is still to be opened must get is looked at again
            self._delivered_to = place
        for lane in self.state.lanes:
            if lane.ending is not None:
                self._advance(e.LaneEnded(lane.id))

    def _sent(self, lane: "int | str", entry: Entry, message: Message | None) -> None:
        self.now += DELIVERY_S if message else 0
        sent = e.Sent("user", entry.seq, 1, message, entry.handover_id)
        self._advance(replace(sent, lane=lane))
