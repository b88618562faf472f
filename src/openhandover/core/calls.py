"""Phone calls that a handover gives away: the message is said, the gateway takes the order and reports what came of it."""

from . import events as e, table, view
from .answers import opened
from .lifecycle import is_transfer, signal
from .model import Status
from .turn import Turn


def spoken(turn: Turn, event: e.Spoken) -> None:
    """The message was said, or could not be: either way the call is given away now."""
    lane = turn.state.lane(event.lane)
    if lane is None or not lane.say or turn.state.call is None:
        return
    turn.set_lane(lane.id, say=False)
    said = {
        "text": event.text,
        "language": event.language,
        "call": view.call(turn.state.call),
        "spoken": event.failed is None,
    }
    turn.record("call.say", said, "call.say, call.transfer", handover_id=lane.handover_id)
    if lane.ended_at is None:
        turn.arm_limit("open_s")


def result(turn: Turn, event: e.CallResult) -> None:
    """What became of the call. One that repeats, comes too late or is of an earlier attempt is counted."""
    handover = turn.state.open_handover
    row = table.CALL_RESULTS[event.outcome]
    if handover is None or handover.id != event.handover_id or not _is_due(turn, event):
        turn.set(late=turn.state.late + 1)
        return
    if event.order is not None and turn.lane.opening:  # the order is told before what came of it
        key = f"{handover.id}:{len(handover.attempts)}"
        opened(turn, e.Opened(turn.lane.id, key, order=event.order))
        handover = turn.handover
    if event.outcome == "connected" and handover.status is Status.REQUESTED and not is_transfer(handover):
        signal(turn, "opened")  # nobody is connected before the gateway has taken the order
    sip = "" if event.sip_status is None else f", SIP status {event.sip_status}"
    changed = signal(turn, row.signal, row.reason, f"the gateway reports {event.outcome}{sip}")
    if changed and turn.handover.status is Status.ACTIVE:
        turn.record_handover("active")


def _is_due(turn: Turn, event: e.CallResult) -> bool:
    """Whether the outcome is of the current attempt: the caller may leave at any time, the rest follows an order."""
    if event.attempt not in (None, len(turn.handover.attempts)):
        return False
    return event.outcome == "caller_hung_up" or turn.lane.opening or turn.lane.opened
