"""What became of deliveries: how far each lane is, what its receiver has, which messages failed."""

from . import events as e
from .effects import TellReceipt
from .model import Lane, Message
from .turn import Mark, Turn, encode

LANE_MEMORY_S = 120.0
"""A finished lane is remembered so long, so that late events find it."""


def opening(turn: Turn, event: e.Opening) -> None:
    """The open call may reach the vendor from now on."""
    lane = turn.state.lane(event.lane)
    if lane and lane.ended_at is None:
        turn.set_lane(lane.id, opening=True)


def _passed(turn: Turn, lane: int | str, seq: int) -> bool:
    """Move a lane's cursor; False when it had passed the entry before."""
    state = turn.state
    if lane == "user":
        if seq <= state.user_done:
            return False
        turn.set(user_done=seq)
    elif lane == "bot":
        if seq <= state.bot_done:
            return False
        turn.set(bot_done=seq)
    else:
        known = state.lane(int(lane))
        if known and seq > known.done:
            turn.set_lane(known.id, done=seq)
    return True


def sent(turn: Turn, event: e.Sent) -> None:
    """The receiver has the entry."""
    fresh = _passed(turn, event.lane, event.seq)
    if event.message is None:
        return
    receiver = "agent" if isinstance(event.lane, int) else event.lane
    turn.marks.append(Mark(event.seq, receiver, "delivered", event.attempts))
    if not fresh:
        turn.set(repeated=turn.state.repeated + 1)
        return
    tell(turn, event.message, "delivered", event.handover_id)
    metadata = event.message.metadata or {}
    name = metadata.get("triggerEvent")
    if event.lane == "user" and event.message.author == "bot" and isinstance(name, str) and name:
        row = "event.triggered" if turn.state.floor == "bot" else "event.triggered, floor human"
        turn.record("event.triggered", {"event": name}, row)


def not_sent(turn: Turn, event: e.NotSent) -> None:
    """The receiver refused it for good, or we gave up: it is marked failed and the next goes on."""
    _passed(turn, event.lane, event.seq)
    if event.message is None:
        return
    receiver = "agent" if isinstance(event.lane, int) else event.lane
    turn.marks.append(Mark(event.seq, receiver, "failed", event.attempts))
    tell(turn, event.message, "failed", event.handover_id)


def tell(turn: Turn, message: Message, state: str, handover_id: str | None) -> None:
    """Tell a message's sender, as far as they listen."""
    row = "message.* of others'"
    if message.author == "user":
        row = f"message.{state} of the user's"
    elif message.author == "bot" and state == "failed":
        row = "message.failed of the bot's"
    turn.record(f"message.{state}", {"message_id": message.id}, row, handover_id=handover_id)
    if message.author == "agent":
        _receipt(turn, message, state, handover_id)


def _receipt(turn: Turn, message: Message, state: str, handover_id: str | None) -> None:
    lane = next((lane for lane in reversed(turn.state.lanes) if lane.handover_id == handover_id), None)
    if lane and message.external_id:
        turn.effects.append(TellReceipt(lane.id, message.external_id, state))  # type: ignore[arg-type]


def read_by_user(turn: Turn, event: e.ReadByUser) -> None:
    """The user has seen a message of the agent or the bot."""
    turn.marks.append(Mark(event.seq, "user", "read", 0))
    tell(turn, event.message, "read", event.handover_id)


def ended(turn: Turn, event: e.LaneEnded) -> None:
    """Nothing more goes to this vendor session."""
    lane = turn.state.lane(event.lane)
    if lane and event.kind in (None, lane.ending and lane.ending.kind):
        turn.set_lane(lane.id, ending=None, done=lane.last)


def prepared(turn: Turn, event: e.Prepared) -> None:
    """The message may be shown, as it is now; after its time ran out it was shown as it was."""
    if event.seq in turn.state.preparing:
        turn.set(preparing={seq: at for seq, at in turn.state.preparing.items() if seq != event.seq})
        turn.rewritten.append((event.seq, encode(event.message)))


def summarized(turn: Turn, event: e.Summarized) -> None:
    """The end of a handover may be shown, with a better summary; after its time ran out it was shown without."""
    if event.seq not in turn.state.preparing:
        return
    turn.set(preparing={seq: at for seq, at in turn.state.preparing.items() if seq != event.seq})
    turn.rewritten.append((event.seq, event.data))
    if turn.state.handover is not None and turn.state.handover.id == event.handover_id:
        turn.digest, turn.handover_changed = event.digest, True


def is_finished(lane: Lane) -> bool:
    """Whether nothing more will go to this vendor session."""
    return lane.ended_at is not None and lane.ending is None and lane.done >= lane.last


def forget(turn: Turn) -> None:
    """Drop lanes that were finished long enough ago."""
    oldest, lanes = turn.now - LANE_MEMORY_S, turn.state.lanes
    kept = [lane for lane in lanes if not is_finished(lane) or (lane.ended_at or 0) >= oldest]
    if len(kept) < len(lanes):
        turn.set(lanes=tuple(kept))
