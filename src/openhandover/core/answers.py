"""What comes of our own calls to the contact centre: accepted, refused, or the session is lost there."""

import msgspec

from . import events as e, queueing
from .effects import TellPresence
from .inbound import decode_held, is_current, renew_queue, say_news, take
from .lanes import tell
from .lifecycle import confirm_transfer, is_transfer, signal
from .model import Attempt, Queue, Status
from .turn import Mark, Turn

replace = msgspec.structs.replace


def opened(turn: Turn, event: e.Opened) -> None:
    """The vendor accepted. When the handover has ended meanwhile, its lane still gets the cancel."""
    lane = turn.state.lane(event.lane)
    if lane is None or lane.opened:
        return
    turn.set_lane(
        lane.id,
        external_id=event.external_id,
        vendor_state=event.vendor_state,
        opened=True,
        opening=False,
    )
    if event.order is not None:
        turn.record("call.transfer", event.order, "call.say, call.transfer", handover_id=lane.handover_id)
    turn.sessions.append((lane.provider, event.external_id, f"{turn.state.id}/{lane.id}"))
    if not is_current(turn, lane):
        return
    _note_external_id(turn, event.external_id)
    _taken(turn, event)
    if is_transfer(turn.handover):
        if event.order is None:
            confirm_transfer(turn)
        else:  # whether the call arrives, its gateway will report
            turn.disarm("open_s")
            turn.arm_limit("queue_s")
        return
    if turn.handover.status is not Status.REQUESTED:
        return  # the gateway's report was faster than its answer
    instead = queueing.alternative(turn.handover, event.position, event.estimated_wait_ms)
    queue = Queue(event.position, event.estimated_wait_ms, instead, bool(event.ours), event.ours)
    turn.set_handover(queue=queue)
    signal(turn, "opened")
    if turn.state.told_left and turn.handover.settings.tell_left:
        turn.effects.append(TellPresence(lane.id, "disconnected", turn.handover.settings.tell_left))
    turn.say(say_news(turn))
    turn.set_lane(lane.id, held=())
    for held in sorted(lane.held, key=lambda held: held.seq or 0):
        take(turn, decode_held(held.event))


def queue_estimated(turn: Turn, event: e.QueueEstimated) -> None:
    """Only for who still waits, and only what the vendor does not say better."""
    handover = turn.state.open_handover
    if handover is None or handover.id != event.handover_id or not handover.queue.ours:
        return
    queue = handover.queue
    position = event.position if "position" in queue.ours else queue.position
    wait_ms = event.estimated_wait_ms if "wait" in queue.ours else queue.estimated_wait_ms
    renew_queue(turn, replace(queue, position=position, estimated_wait_ms=wait_ms))


def _note_external_id(turn: Turn, external_id: str) -> None:
    attempts: tuple[Attempt, ...] = turn.handover.attempts
    turn.set_handover(attempts=(*attempts[:-1], replace(attempts[-1], external_id=external_id)))


def _taken(turn: Turn, event: e.Opened) -> None:
    """The transcript is the delivery of what no session got; that of an earlier handover gets its own and tells so."""
    earlier = [lane for lane in turn.state.lanes if lane.opened and lane.handover_id != turn.handover.id]
    for seq, message in event.taken:
        if any(lane.from_seq < seq <= lane.last for lane in earlier):
            continue
        turn.marks.append(Mark(seq, "agent", "delivered", 1))
        tell(turn, message, "delivered", turn.handover.id)


def open_failed(turn: Turn, event: e.OpenFailed) -> None:
    """The vendor refused, or could not be reached in time."""
    lane = turn.state.lane(event.lane)
    if lane is None or lane.opened:
        return
    if is_current(turn, lane):
        signal(turn, "open_failed", event.reason, event.message)
    # Nothing was opened there: nothing to cancel.
    turn.set_lane(lane.id, ending=None, ended_at=lane.ended_at or turn.now, opening=False)


def session_lost(turn: Turn, event: e.SessionLost) -> None:
    """The vendor no longer knows the session, or an agent had ended it before we heard of it."""
    lane = turn.state.lane(event.lane)
    if lane is None or not is_current(turn, lane):
        return
    if event.closed:
        signal(turn, "closed", "agent_closed")
    else:
        signal(turn, "session_lost", detail=event.detail)
