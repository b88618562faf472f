"""`advance`: one event moves one conversation. What follows from what is in `table`; this file only carries it out."""

from collections.abc import Callable, Sequence
from typing import Any

from . import answers, calls, commands, digest, events as e, inbound, lanes, table, tools
from .lifecycle import signal
from .model import Conversation, Entry
from .turn import Rules, Turn


def advance(
    state: Conversation,
    event: e.Event,
    now: float,
    rules: Rules,
    recent: Sequence[digest.Row] | None = None,
    named: Entry | None = None,
) -> Turn:
    """The turn that the event makes. Raises `Refused` for a command that may not be, and `NeedRecent` when the
    decision needs the last messages; both leave nothing behind. A fact from outside never raises."""
    turn = Turn(state, now, rules, recent, named)
    HANDLERS[type(event)](turn, event)
    inbound.count_held(turn)
    lanes.forget(turn)
    return turn


_LISTENING = frozenset({"gap", "agent_gone"})
"""Timers that wait for the contact centre to say something."""


def wake(turn: Turn, event: e.Wake) -> None:
    """Fire every timer that is due, in order of time; each one re-checks the state."""
    for seq, at in sorted(turn.state.preparing.items()):
        if at <= turn.now:
            preparing = {key: value for key, value in turn.state.preparing.items() if key != seq}
            turn.set(preparing=preparing)
    due = sorted((at, name) for name, at in turn.state.deadlines.items() if at <= turn.now)
    for at, name in due:
        if turn.state.deadlines.get(name) != at:
            continue  # an earlier one has disarmed it, or armed it anew
        turn.disarm(name)
        kind = name.partition(":")[0]
        grace = table.GRACE["gap"].seconds
        if kind in _LISTENING and at - grace < event.ready_at and event.ready_at + grace > turn.now:
            # Nobody listened for a part of the wait: what it waits for may have knocked in vain.
            turn.arm_at(name, event.ready_at + grace)
            continue
        match kind:
            case "gap" | "close":
                inbound.grace_over(turn, kind)
            case "left_notice":
                commands.tell_left(turn)
            case "queue_say":
                inbound.say_queue(turn)
            case "agent_gone":
                signal(turn, kind)
            case _:
                _limit(turn, kind)


def _limit(turn: Turn, name: str) -> None:
    handover = turn.state.open_handover
    limit = table.LIMITS[name]
    if handover is None or handover.status not in limit.status:
        return
    if limit.inactive and "inactive" in handover.settings.events:
        turn.set_handover(inactivity_count=handover.inactivity_count + 1)
        turn.arm_limit(name)
        turn.record_handover("inactive")
        return
    seconds: float = getattr(handover.settings.limits, name)
    signal(turn, name, detail=f"the limit {name} is over, {seconds:g} s")


HANDLERS: dict[type[Any], Callable[[Turn, Any], None]] = {
    e.PatchConversation: commands.patch,
    e.PostMessage: commands.post,
    e.SetPresence: commands.presence,
    e.Trigger: commands.trigger,
    e.RequestHandover: commands.request,
    e.Cancel: commands.cancel,
    e.Leave: commands.leave,
    e.Close: commands.close,
    e.Return: commands.give_back,
    e.Rate: commands.rate,
    e.FlowStep: commands.flow_step,
    tools.ToolStep: tools.step,
    e.FromProvider: inbound.take,
    e.Opening: lanes.opening,
    e.Opened: answers.opened,
    e.QueueEstimated: answers.queue_estimated,
    e.OpenFailed: answers.open_failed,
    e.Sent: lanes.sent,
    e.NotSent: lanes.not_sent,
    e.ReadByUser: lanes.read_by_user,
    e.SessionLost: answers.session_lost,
    e.Spoken: calls.spoken,
    e.CallResult: calls.result,
    e.LaneEnded: lanes.ended,
    e.Prepared: lanes.prepared,
    e.Summarized: lanes.summarized,
    e.Wake: wake,
}
