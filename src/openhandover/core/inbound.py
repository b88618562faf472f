"""What comes from the contact centre: restored order, the facts, and what is too late."""

from collections.abc import Callable
from typing import Any

import msgspec

from . import events as e, queueing, table
from .commands import give_back
from .effects import TellTyping
from .lifecycle import signal
from .model import Agent, Handover, Held, Lane, Queue, Status
from .turn import Mark, Turn
from .view import message_of, shown_agent

replace = msgspec.structs.replace

_encode_held = msgspec.json.Encoder().encode
decode_held = msgspec.json.Decoder(e.FromProvider).decode

FAILURES = frozenset(table.REASONS[Status.ERROR])
CLOSINGS = frozenset(table.REASONS[Status.COMPLETED])
"""The reasons that a contact centre may give; another word of its own counts as `unknown`, or `agent_closed`."""


_UNKNOWN = {"applied": False, "reason": "unknown"}


def lane_of(turn: Turn, event: e.FromProvider) -> Lane | None:
    """The vendor session an event belongs to: the one it names, else this provider's latest attempt."""
    mine = [
        lane
        for lane in turn.state.lanes
        if lane.provider == event.provider and event.handover_id in (None, lane.handover_id)
    ]
    if event.external_id is not None:
        named = next((lane for lane in reversed(mine) if lane.external_id == event.external_id), None)
        opening = next((lane for lane in reversed(mine) if not lane.opened and lane.ended_at is None), None)
        return named or opening
    return mine[-1] if mine else None


def take(turn: Turn, event: e.FromProvider) -> None:
    """Take an event in: apply it now, hold it for the ones before it, or count it late."""
    turn.result = {"applied": True}
    if isinstance(event.fact, e.Unknown) and event.seq is None:
        turn.result = _UNKNOWN
        return
    lane = lane_of(turn, event)
    if isinstance(event.fact, e.Returned):
        _returned(turn, event)
        return
    if lane is None or not is_current(turn, lane):
        _late(turn, lane, event)
        return
    if not lane.opened:
        _hold(turn, lane, event)
        return
    _in_order(turn, lane, event)


def is_current(turn: Turn, lane: Lane) -> bool:
    """Whether this session has the conversation now."""
    handover = turn.state.open_handover
    return handover is not None and handover.lane == lane.id


def _hold(turn: Turn, lane: Lane, event: e.FromProvider) -> None:
    held = Held(msgspec.Raw(_encode_held(replace(event, raw=b""))), turn.now, event.seq)
    turn.set_lane(lane.id, held=(*lane.held, held))


def _is_end(fact: e.ProviderFact) -> bool:
    return isinstance(fact, e.Closed | e.Failed)


def _in_order(turn: Turn, lane: Lane, event: e.FromProvider) -> None:
    if event.seq is None:
        unsequenced_end = _is_end(event.fact) and not getattr(event.fact, "sequenced", False)
        if unsequenced_end:
            _hold(turn, lane, event)
            name = f"close:{lane.id}"
            if name not in turn.state.deadlines:
                turn.arm(name, table.GRACE["close"].seconds)
        else:
            apply(turn, lane, event)
        return
    if event.seq > lane.next_seq:
        _hold(turn, lane, event)
        name = f"gap:{lane.id}"
        if name not in turn.state.deadlines:
            turn.arm(name, table.GRACE["gap"].seconds)
        return
    if event.seq == lane.next_seq:
        turn.set_lane(lane.id, next_seq=lane.next_seq + 1)
    apply(turn, lane, event)
    result = turn.result
    _drain(turn, lane.id)
    turn.result = result  # of this event, not of one that waited for it


def _drain(turn: Turn, lane_id: int) -> None:
    """Apply the held events whose turn has come."""
    while True:
        lane = turn.state.lane(lane_id)
        if lane is None or lane.ended_at is not None:
            return
        ready = next((held for held in lane.held if held.seq is not None and held.seq <= lane.next_seq), None)
        if ready is None:
            if not any(held.seq is not None for held in lane.held):
                turn.disarm(f"gap:{lane_id}")
            return
        rest = tuple(held for held in lane.held if held is not ready)
        turn.set_lane(lane_id, held=rest, next_seq=max(lane.next_seq, (ready.seq or 0) + 1))
        apply(turn, lane, decode_held(ready.event))


def grace_over(turn: Turn, kind: str) -> None:
    """Waiting is over: go on past the gap, or apply the end that waited for an overtaken message."""
    lane = turn.lane
    if kind == "gap":
        turn.set_lane(lane.id, next_seq=min(held.seq for held in lane.held if held.seq is not None))
        _drain(turn, lane.id)
        if is_current(turn, lane) and any(held.seq is not None for held in turn.lane.held):
            turn.arm(f"gap:{lane.id}", table.GRACE["gap"].seconds)
        return
    end = next(held for held in lane.held if held.seq is None)
    turn.set_lane(lane.id, held=tuple(held for held in lane.held if held is not end))
    apply(turn, lane, decode_held(end.event))


def count_held(turn: Turn) -> None:
    """What an ended session still held comes too late: an agent's message may be shown, the rest is counted."""
    result = turn.result
    for lane in turn.state.lanes:
        if lane.held and lane.ended_at is not None:
            turn.set_lane(lane.id, held=())
            for held in sorted(lane.held, key=lambda held: held.seq or 0):
                _late(turn, lane, decode_held(held.event))
    turn.result = result


def _late(turn: Turn, lane: Lane | None, event: e.FromProvider) -> None:
    """After the end: an agent's last message may still be shown, everything else is counted."""
    fact = event.fact
    grace = table.GRACE["late_message"].seconds
    in_time = lane is not None and lane.late_ok and turn.now - (lane.ended_at or 0) <= grace
    if lane is not None and in_time and isinstance(fact, e.AgentMessage) and not fact.note:
        _agent_message(turn, lane, event, fact, late=True)
        return
    turn.set(late=turn.state.late + 1)
    turn.result = {"applied": False, "reason": "ended"}


# --- the facts ---------------------------------------------------------------------------------------------


def apply(turn: Turn, lane: Lane, event: e.FromProvider) -> None:
    """Let a fact happen that is in time and in order."""
    FACTS[type(event.fact)](turn, lane, event, event.fact)


def _joined(turn: Turn, lane: Lane, _event: e.FromProvider, fact: e.AgentJoined) -> None:
    if fact.only_if_free and _is_taken(turn, fact.agent):
        turn.result = {"applied": False, "reason": "taken"}
        return
    turn.disarm("agent_gone")
    _meet(turn, fact.agent)
    if turn.handover.status is Status.QUEUED:
        signal(turn, "agent_joined")
        turn.record_handover("agent_joined")
        turn.record_handover("active")
        turn.arm_limit("first_reply_s")
    elif turn.handover.agent is None:
        turn.set_handover(agent=fact.agent)
        turn.record_handover("agent_joined")
        turn.arm_limit("first_reply_s")
    elif _differs(turn.handover.agent, fact.agent):
        turn.set_handover(agent=fact.agent)
        turn.record_handover("agent_changed")


def _is_taken(turn: Turn, agent: Agent | None) -> bool:
    """Whether somebody else has the conversation."""
    holder = turn.handover.agent
    return holder is not None and agent is not None and _differs(holder, agent)


def _meet(turn: Turn, agent: Agent) -> None:
    """Remember who took part."""
    handover = turn.handover
    if all(_differs(known, agent) for known in handover.agents):
        turn.set_handover(agents=(*handover.agents, agent))
    if handover.status is Status.QUEUED:
        turn.set_handover(agent=agent)


def _differs(one: Agent, other: Agent) -> bool:
    """Whether two descriptions cannot be of the same human; the id decides where both have one."""
    if one.id is not None and other.id is not None:
        return one.id != other.id
    return one.name != other.name


def _message(turn: Turn, lane: Lane, event: e.FromProvider, fact: e.AgentMessage) -> None:
    if fact.note or fact.automatic:
        _agent_message(turn, lane, event, fact)
        return
    if fact.only_if_free and _is_taken(turn, fact.agent):
        turn.result = {"applied": False, "reason": "taken"}
        return
    if turn.handover.status is Status.QUEUED:
        _joined(turn, lane, event, e.AgentJoined(fact.agent or Agent()))
    elif fact.agent and (turn.handover.agent is None or _differs(turn.handover.agent, fact.agent)):
        _joined(turn, lane, event, e.AgentJoined(fact.agent))
    if turn.handover.first_reply_at is None:
        turn.set_handover(first_reply_at=turn.now)
    turn.disarm("first_reply_s", "agent_idle_s", "agent_gone")
    turn.spoke("agent")
    turn.arm_limit("user_idle_s")
    _agent_message(turn, lane, event, fact)


def _agent_message(
    turn: Turn, lane: Lane, event: e.FromProvider, fact: e.AgentMessage, *, late: bool = False
) -> None:
    message_id = f"{turn.state.id}-{turn.state.seq + 1}"
    shown = _shown_author(turn.handover, lane, fact)
    turn.message(
        message_id,
        "agent",
        fact.text,
        "agent note" if fact.note else "agent message",
        attachments=fact.attachments,
        author_name=shown.get("name"),
        author_avatar_url=shown.get("avatar_url"),
        to="agent" if fact.note else None,
        language=fact.language,
        late=late,
        external_id=fact.id,
        handover_id=lane.handover_id,
        source=f"{event.provider}:{event.event_id}",
    )
    if fact.prepare:
        turn.prepare()


def _shown_author(handover: Handover, lane: Lane, fact: e.AgentMessage) -> dict[str, Any]:
    """Who wrote, as far as the step lets the user know; of an earlier handover's step nothing is known any more."""
    if lane.handover_id != handover.id:
        return {}
    known = handover.agent if fact.agent is None and not fact.automatic else fact.agent
    if known and known.name is None and handover.agent and not _differs(handover.agent, known):
        known = handover.agent  # the message names the agent by id only
    return shown_agent(handover, known or Agent()) or {}


def _typing(turn: Turn, lane: Lane, _event: e.FromProvider, fact: e.AgentTyping) -> None:
    turn.effects.append(TellTyping("agent", fact.on, lane.id))


def _left(turn: Turn, _lane: Lane, _event: e.FromProvider, fact: e.AgentLeft) -> None:
    if fact.end_after_s is None:  # it is known to wait for another one
        turn.disarm("agent_gone")
    elif turn.handover.status is Status.ACTIVE:
        end_at = turn.now + max(fact.end_after_s, 0)
        turn.arm_at("agent_gone", min(end_at, turn.state.deadlines.get("agent_gone", end_at)))
    if turn.handover.agent is None:
        return
    turn.record_handover("agent_left")
    turn.set_handover(agent=None)
    if turn.handover.status is Status.ACTIVE:
        turn.arm_limit("first_reply_s")


def _transferred(turn: Turn, _lane: Lane, _event: e.FromProvider, fact: e.AgentTransferred) -> None:
    turn.disarm("agent_gone")
    if fact.agent:
        _meet(turn, fact.agent)
    turn.set_handover(agent=fact.agent)
    turn.record_handover("agent_changed")


def _queue(turn: Turn, _lane: Lane, _event: e.FromProvider, fact: e.QueueUpdated) -> None:
    if fact.position is not None or fact.estimated_wait_ms is not None:  # an empty word is no news
        turn.disarm("agent_gone")
        estimated = fact.estimated or bool(fact.ours)
        renew_queue(turn, Queue(fact.position, fact.estimated_wait_ms, None, estimated, fact.ours))


def _noticed(turn: Turn, _lane: Lane, _event: e.FromProvider, _fact: e.Noticed) -> None:
    if not turn.handover.noticed:
        turn.set_handover(noticed=True)
        turn.record_handover("queue_updated", noticed=True)


def renew_queue(turn: Turn, queue: Queue) -> None:
    """What is known of the queue has changed; it matters only to who waits in it."""
    if turn.handover.status is not Status.QUEUED:
        return
    changed = (queue.position, queue.estimated_wait_ms) != (
        turn.handover.queue.position,
        turn.handover.queue.estimated_wait_ms,
    )
    turn.set_handover(queue=queue)
    said = say_news(turn)
    if changed:
        turn.record_handover("queue_updated")
    if said:
        turn.say(said)


def say_news(turn: Turn) -> str:
    """What is to be said of the queue now; what is not due yet is looked at again."""
    language = turn.state.language
    news = queueing.news(
        turn.handover, turn.handover.queue, turn.now, lambda wait_ms: turn.rules.duration(wait_ms, language)
    )
    turn.set(handover=news.handover)
    turn.arm_at("queue_say", news.again_at)
    return news.text


def say_queue(turn: Turn) -> None:
    """An interval is over: say what changed meanwhile."""
    turn.say(say_news(turn))


def _read(turn: Turn, lane: Lane, event: e.FromProvider, fact: e.MessageRead) -> None:
    """The desk names the message by our id; the unit has looked it up as `turn.named`."""
    entry = turn.named
    if entry is None:
        turn.result = _UNKNOWN
        return
    message = message_of(entry)
    turn.marks.append(Mark(entry.seq, "agent", "read", 0))
    row = "message.read of the user's" if message.author == "user" else "message.* of others'"
    turn.record("message.read", {"message_id": message.id}, row)


def _closed(turn: Turn, _lane: Lane, _event: e.FromProvider, fact: e.Closed) -> None:
    signal(turn, "closed", fact.reason if fact.reason in CLOSINGS else "agent_closed")


def _failed(turn: Turn, _lane: Lane, _event: e.FromProvider, fact: e.Failed) -> None:
    signal(turn, "failed", fact.reason if fact.reason in FAILURES else "unknown", fact.detail)


def _returned(turn: Turn, event: e.FromProvider) -> None:
    handover = turn.state.handover
    if handover and handover.target.provider == event.provider:
        give_back(turn, e.Return(event.handover_id or handover.id))
    if not turn.handover_changed:
        _late(turn, None, event)


def _unknown(turn: Turn, _lane: Lane, _event: e.FromProvider, _fact: e.Unknown) -> None:
    """It means nothing to us, but its number has its place in the order."""
    turn.result = _UNKNOWN


FACTS: dict[type[Any], Callable[[Turn, Lane, e.FromProvider, Any], None]] = {
    e.AgentJoined: _joined,
    e.AgentMessage: _message,
    e.AgentTyping: _typing,
    e.AgentLeft: _left,
    e.AgentTransferred: _transferred,
    e.QueueUpdated: _queue,
    e.Noticed: _noticed,
    e.MessageRead: _read,
    e.Closed: _closed,
    e.Failed: _failed,
    e.Unknown: _unknown,
}
