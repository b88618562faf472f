"""The life of a handover: begin, next attempt, and what each signal of the transition table does."""

import msgspec

from . import table
from .model import Attempt, Button, Handover, Lane, Queue, Status, Style
from .turn import Turn

replace = msgspec.structs.replace


def begin(turn: Turn, handover: Handover) -> None:
    """Take a new handover in: say its message, record it, take the floor, open the first lane."""
    turn.set(handover=handover)
    first = handover.chain[0]
    # nothing is said at acceptance: then the button belongs to what is said now
    buttons = None if handover.settings.accepted else cancel_buttons(handover)
    silent = first.refuse or handover.settings.spoken
    gate = 0 if silent else turn.say(handover.settings.message, buttons=buttons) or 0
    turn.move_floor("human")
    turn.set_handover(requested_seq=turn.state.seq + 1)
    _attempt(turn, gate, say=handover.settings.spoken and not first.refuse)
    turn.record_floor()
    turn.arm_limit("total_s")
    if not turn.state.connected:
        turn.arm_limit("user_gone_s")
    if first.refuse:
        signal(turn, "refused", detail=first.refuse)


def _attempt(turn: Turn, gate: int = 0, *, say: bool = False) -> None:
    """Start the attempt after those made so far."""
    handover = turn.handover
    target = handover.chain[len(handover.attempts)]
    attempt = Attempt(provider=target.provider, started_at=turn.now)
    lane_id = turn.state.lane_count + 1
    turn.set_handover(
        attempts=(*handover.attempts, attempt),
        status=Status.REQUESTED,
        lane=lane_id,
        queue=Queue(),
        noticed=False,
        queued_at=None,
        position_said=None,
        wait_said_ms=None,
    )
    seq = turn.state.seq + 1
    lane = Lane(
        id=lane_id,
        handover_id=handover.id,
        attempt=len(handover.attempts) + 1,
        provider=target.provider,
        from_seq=seq,
        gate=gate,
        say=say,
        done=seq,
        last=seq,
    )
    turn.set(lanes=(*turn.state.lanes, lane), lane_count=lane_id)
    turn.record_handover("requested")
    turn.arm_limit("open_s", after_s=table.GRACE["say"].seconds if say else 0)


def signal(turn: Turn, name: str, reason: str | None = None, detail: str | None = None) -> bool:
    """Carry out the table's row for a signal that may change the status; False when it means nothing now."""
    handover = turn.state.open_handover
    row = table.TRANSITIONS.get((handover.status, name)) if handover else None
    if handover is None or row is None:
        turn.set(late=turn.state.late + 1)
        return False
    if row.to is None:
        return True
    why = row.reason or reason or "unknown"
    if row.to is Status.QUEUED:
        _queued(turn)
    elif row.to is Status.ACTIVE:
        _active(turn)
    elif row.next_attempt and _may_fall_back(handover, why):
        _next_attempt(turn, why)
    else:
        assert row.ended_by is not None  # the table names who ends it in every row that ends
        turn.end(row.to, why, row.ended_by, row.vendor, detail)
    return True


def _queued(turn: Turn) -> None:
    turn.set_handover(status=Status.QUEUED, queued_at=turn.now)
    turn.disarm("open_s")
    turn.arm_limit("queue_s")
    say_accepted(turn)
    turn.record_handover("queued")


def say_accepted(turn: Turn) -> None:
    """The one acknowledgement of a handover, after the provider has accepted."""
    settings = turn.handover.settings
    if not turn.handover.accepted_said:
        turn.set_handover(accepted_said=True)
        turn.say(settings.accepted, buttons=cancel_buttons(turn.handover))


def cancel_buttons(handover: Handover) -> tuple[Button, ...] | None:
    """The cancel button, where the step offers one."""
    label = handover.settings.cancel_button
    return (Button(label, table.CANCEL_VALUE),) if label else None


def _active(turn: Turn) -> None:
    turn.set_handover(status=Status.ACTIVE, active_at=turn.now)
    turn.disarm("queue_s", "queue_say")
    if turn.handover.last_word == "user":
        turn.arm_limit("agent_idle_s")


def _may_fall_back(handover: Handover, reason: str) -> bool:
    if len(handover.attempts) >= len(handover.chain) or reason in table.NO_FALLBACK:
        return False
    return handover.status is Status.REQUESTED or reason in table.FALLBACK_AFTER_QUEUEING


def _next_attempt(turn: Turn, reason: str) -> None:
    handover = turn.handover
    lane = turn.lane
    turn.finish_lane(lane, "cancel", reason)
    turn.set_lane(lane.id, done=lane.last)  # what it did not get goes to the next one as transcript
    closed = replace(handover.attempts[-1], reason=reason, ended_at=turn.now)
    turn.set_handover(attempts=(*handover.attempts[:-1], closed))
    turn.disarm("open_s", "queue_s", "queue_say")
    refuse = handover.chain[len(handover.attempts)].refuse
    _attempt(turn)
    if refuse:
        signal(turn, "refused", detail=refuse)


def confirm_transfer(turn: Turn) -> None:
    """Control has left us: the handover is over, the floor stays with the human."""
    say_accepted(turn)
    signal(turn, "transfer_confirmed", turn.handover.target.transferred)


def is_transfer(handover: Handover) -> bool:
    """Whether the current attempt gives control away."""
    return handover.target.style is Style.TRANSFER
