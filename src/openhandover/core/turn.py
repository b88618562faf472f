"""One turn of one conversation: collects its next state, log entries and effects. Mutable, short-lived, pure."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from . import digest, table, view
from .effects import Effect
from .model import (
    BotKind,
    Conversation,
    Delivery,
    EndedBy,
    Ending,
    Entry,
    Handover,
    Lane,
    Message,
    Status,
)

replace = msgspec.structs.replace
encode = msgspec.json.Encoder().encode

VendorEnd = Literal["cancel", "close", "none"]
ChannelKind = Literal["webhook", "socket", "pull"]


class Rules(NamedTuple):
    """What a turn must know of the configuration."""

    channel: Callable[[str], ChannelKind]
    bot: Callable[[str | None], BotKind]
    attachments: Callable[[str], Literal["human", "always", "never"]]
    duration: Callable[[int, str], str]
    """A wait in milliseconds in words of a language."""
    summarizes: bool = False
    """Whether somebody words summaries: then the end of a talk is shown with one."""


class Mark(NamedTuple):
    """What became of an entry on its way to one receiver."""

    seq: int
    receiver: Literal["user", "agent", "bot"]
    state: Literal["delivered", "read", "failed"]
    attempts: int


class Turn:
    """The state so far is `state`; everything else is what the store has to add."""

    def __init__(
        self,
        state: Conversation,
        now: float,
        rules: Rules,
        recent: Sequence[digest.Row] | None = None,
        named: Entry | None = None,
    ) -> None:
        self.state = state
        self.now = now
        self.rules = rules
        self.recent = recent
        self.named = named
        """The log entry that the event names, if it names one."""
        self.entries: list[Entry] = []
        self.marks: list[Mark] = []
        self.effects: list[Effect] = []
        self.rewritten: list[tuple[int, bytes]] = []
        self.sessions: list[tuple[str, str, str]] = []
        self.digest: bytes | None = None
        self.handover_changed = False
        self.earlier: Handover | None = None
        """A handover before the current one that this turn has changed."""
        self.result: Any = None

    # --- state

    def set(self, **changes: Any) -> None:
        """Change the conversation."""
        self.state = replace(self.state, **changes)

    @property
    def handover(self) -> Handover:
        """The handover this turn is about; there must be one."""
        assert self.state.handover is not None
        return self.state.handover

    @property
    def lane(self) -> Lane:
        """The lane of the current attempt; it is there as long as the handover is open."""
        lane = self.state.lane(self.handover.lane)
        assert lane is not None
        return lane

    def set_handover(self, **changes: Any) -> None:
        """Change the handover."""
        self.set(handover=replace(self.handover, **changes))
        self.handover_changed = True

    def spoke(self, author: Literal["user", "agent"]) -> None:
        """Remember who wrote last. No list shows that, so the handover is not listed anew for each message."""
        if self.handover.last_word != author:
            self.set(handover=replace(self.handover, last_word=author))

    def set_lane(self, lane_id: int, **changes: Any) -> None:
        """Change a lane; a lane that is finished and forgotten stays so."""
        self.set(lanes=tuple([replace(x, **changes) if x.id == lane_id else x for x in self.state.lanes]))

    def arm(self, name: str, seconds: float) -> None:
        """Set a timer, unless its limit is switched off."""
        self.arm_at(name, self.now + seconds if seconds > 0 else None)

    def arm_limit(self, name: str, *, after_s: float = 0) -> None:
        """Begin one of the handover's waits `after_s` from now, where the table has it for this medium."""
        seconds: float = getattr(self.handover.settings.limits, name)
        if seconds and (self.state.medium == "text" or not table.LIMITS[name].text_only):
            self.arm(name, seconds + after_s)

    def arm_at(self, name: str, at: float | None) -> None:
        """Set a timer to a time; None removes it."""
        deadlines = dict(self.state.deadlines)
        if at is None:
            if deadlines.pop(name, None) is None:
                return
        else:
            deadlines[name] = at
        self.set(deadlines=deadlines)

    def disarm(self, *names: str) -> None:
        """Remove timers."""
        if any(name in self.state.deadlines for name in names):
            self.set(deadlines={name: at for name, at in self.state.deadlines.items() if name not in names})

    # --- log

    def record(self, type_: str, data: Any, gets: table.Gets | str, **more: Any) -> int:
        """Append a log entry for those who get it (a row of `WHO_GETS`); answers its seq."""
        state = self.state
        seq = state.seq + 1
        if isinstance(gets, str):
            gets = table.WHO_GETS[gets]
        bot = self.rules.bot(state.bot)
        to_bot = (gets.http_bot and bot == "http") or (gets.flow and bot == "flow")
        channel = self.rules.channel(state.channel)
        to_user = gets.channel and (channel == "webhook" or type_ == "message.created")
        lane = self.handover.lane if gets.agent else 0
        handover = state.handover
        changes: dict[str, Any] = {"seq": seq}
        if to_user:
            changes["user_last"] = seq
        if to_bot:
            changes["bot_last"] = seq
        handover_id = (
            handover.id if handover and (handover.is_open or type_.startswith("handover.")) else None
        )
        entry = Entry(
            conversation_id=state.id,
            seq=seq,
            type=type_,
            at=self.now,
            floor=state.floor,
            epoch=state.epoch,
            data=msgspec.Raw(encode(data)),
            handover_id=more.pop("handover_id", handover_id),
            to_user=to_user,
            to_bot=to_bot,
            to_agent=lane,
            **more,
        )
        self.entries.append(entry)
        self.set(**changes)
        if lane:
            self.set_lane(lane, last=seq)
        return seq

    def message(
        self, message_id: str, author: Any, text: str, gets: table.Gets | str, **more: Any
    ) -> Message:
        """Append a message; `more` are fields of `Message`, and `digest` and `source` of the entry."""
        entry_fields: dict[str, Any] = {
            key: more.pop(key) for key in ("digest", "source", "handover_id") if key in more
        }
        at = more.pop("at", None) or self.now
        type_ = more.pop("type_", "message.created")
        message = Message(
            id=message_id,
            seq=self.state.seq + 1,
            author=author,
            text=text,
            translation=None,
            attachments=more.pop("attachments", ()),
            at=view.time(at),
            delivery=Delivery(),
            **more,
        )
        self.record(type_, message, gets, key=f"{author}:{message_id}", **entry_fields)
        return message

    def say(self, text: str, **more: Any) -> int | None:
        """Say a system text to the user, with `more` fields of the message; an empty one is silence."""
        if not text:
            return None
        seq = self.state.seq + 1
        message_id = f"system-{self.state.id}-{seq}"
        self.message(message_id, "system", text, "system message", **more)
        return seq

    def record_handover(self, event: str, gets: str | None = None, **extra: Any) -> None:
        """Append a `handover.*` event with the handover as it is now."""
        self.handover_changed = True
        row = gets or (
            f"handover.{event}" if f"handover.{event}" in table.WHO_GETS else "other handover events"
        )
        who = table.WHO_GETS[row]
        if event in self.handover.settings.events:
            who = who._replace(flow=True)
        self.record(f"handover.{event}", view.handover(self.handover, self.digest) | extra, who)

    def prepare(self) -> None:
        """Hold the last entry back until it is prepared, for so long as the table allows."""
        until = self.now + table.GRACE["prepare"].seconds
        self.set(preparing={**self.state.preparing, self.state.seq: until})

    # --- floor and end

    def move_floor(self, floor: Literal["bot", "human"]) -> None:
        """Change who may speak; the epoch rises, so that output from before is stale."""
        self.set(floor=floor, epoch=self.state.epoch + 1)

    def record_floor(self) -> None:
        """Tell who has the floor now."""
        self.record("floor.changed", {"floor": self.state.floor, "epoch": self.state.epoch}, "floor.changed")

    def finish_lane(self, lane: Lane, vendor: VendorEnd, reason: str, *, late_ok: bool = False) -> None:
        """Let the vendor session end once its last message is out."""
        self.set_lane(lane.id, ending=Ending(vendor, reason), ended_at=self.now, late_ok=late_ok)
        self.disarm(f"gap:{lane.id}", f"close:{lane.id}")

    def sum_up(self, *, never_opened: bool) -> None:
        """Make the digest of the handover as it is now, for the events of this turn and for later readers."""
        if self.recent is None:
            raise digest.NeedRecent(self.handover.requested_seq, digest.LOOKED_AT)
        shown = [row for row in self.recent if row.entry.handover_id == self.handover.id]
        self.digest = encode(digest.build(self.handover, shown, self.now, never_opened=never_opened))

    def end(
        self,
        status: Status,
        reason: str,
        ended_by: EndedBy,
        vendor: VendorEnd,
        error: str | None = None,
    ) -> None:
        """End the handover: settle its lane, tell everybody, give the floor back."""
        handover = self.handover
        lane = self.lane
        completed = handover.status is Status.ACTIVE and status is Status.COMPLETED
        self.finish_lane(lane, vendor, reason, late_ok=completed)
        closed = replace(handover.attempts[-1], reason=reason, ended_at=self.now)
        self.set_handover(
            status=status,
            reason=reason,
            ended_by=ended_by,
            error_message=error,
            ended_at=self.now,
            end_seq=self.state.seq,
            attempts=(*handover.attempts[:-1], closed),
        )
        self.disarm(*table.LIMITS, "queue_say", "agent_gone")
        self.sum_up(never_opened=not lane.opened)
        if status is Status.ERROR:
            self.say(handover.settings.failure, handover_id=handover.id)
        elif status is Status.CANCELLED and ended_by == "user" and reason == "user_cancelled":
            self.say(handover.settings.cancelled_text, handover_id=handover.id)
        if status is not Status.TRANSFERRED:
            self.move_floor("bot")
        self.record_handover(status.value)
        if self.rules.summarizes and handover.active_at is not None:
            self.prepare()
        if status is not Status.TRANSFERRED:
            self.record_floor()
        if status is Status.COMPLETED and handover.settings.rating_text:
            self.say(handover.settings.rating_text, metadata={"rating": handover.id}, handover_id=handover.id)
