"""The flow bot: takes the log entries that are for it, one after the other, and runs a turn for each."""

from typing import Any, cast

import msgspec

from openhandover.core import view
from openhandover.core.model import Conversation, Entry, Handover, Status
from openhandover.texts.catalogue import Catalogue

from .definition import Program
from .run import run_turn
from .state import END_EVENTS, OPEN_EVENTS, Cause, HandoverHappened, Host, Triggered, Turn, UserSaid

_HANDOVER_EVENTS = frozenset(f"handover.{event}" for event in OPEN_EVENTS | END_EVENTS)


class FlowBot:
    """One configured bot with `flow:`. `program` holds all flows, `root` is the one that user messages start."""

    def __init__(self, root: str, program: Program, texts: Catalogue, default_language: str) -> None:
        self._root = root
        self._program = program
        self._texts = texts
        self._default_language = default_language

    async def deliver(self, entry: Entry, conversation: Conversation, host: Host) -> bool:
        """Run the turn of one entry; False when it came too late or is none that runs a flow. `conversation` is the
        state at this moment. The same entry again goes on where it broke off."""
        if entry.epoch != conversation.epoch:
            return False
        cause = cause_of(entry, conversation)
        if cause is None:
            return False
        turn = Turn(
            seq=entry.seq,
            cause=cause,
            conversation=conversation,
            root=self._root,
            handover=_seen(entry, conversation),
        )
        await run_turn(self._program, turn, host, self._texts, self._default_language)
        return True


def cause_of(entry: Entry, conversation: Conversation) -> Cause | None:
    """What the entry means for a flow; None when it means nothing."""
    if entry.type == "message.created":
        message = view.message_of(entry)
        if message.author != "user":
            return None
        return UserSaid(
            text=message.text if message.button is None else message.button,
            button=message.button,
            intent=message.intent,
            attachments=tuple(cast("list[dict[str, Any]]", msgspec.to_builtins(message.attachments))),
        )
    if entry.type == "event.triggered":
        return Triggered(_data(entry)["event"])
    if entry.type not in _HANDOVER_EVENTS or entry.handover_id is None:
        return None
    event = cast("Any", entry.type.removeprefix("handover."))
    handover = conversation.handover
    if handover is None or handover.id != entry.handover_id:
        return None
    go_on = event != "completed" or handover.settings.send_event
    return HandoverHappened(event, handover.id, handover.settings.resume_at, go_on)


def _seen(entry: Entry, conversation: Conversation) -> dict[str, Any] | None:
    """What the flow sees as `handover`."""
    if entry.type in _HANDOVER_EVENTS:
        return {**_data(entry), "event": entry.type.removeprefix("handover.")}
    return seen_handover(conversation)


def seen_handover(conversation: Conversation) -> dict[str, Any] | None:
    """The open handover, else the last one, as steps see it."""
    handover = conversation.handover
    if handover is None:
        return None
    shown = msgspec.json.decode(msgspec.json.encode(view.handover(handover)))
    return {**shown, "event": _event(handover)}


def _event(handover: Handover) -> str | None:
    """The event that a handover's state amounts to."""
    if handover.returned:
        return "returned"
    return None if handover.status is Status.REQUESTED else handover.status.value


def _data(entry: Entry) -> dict[str, Any]:
    return msgspec.json.decode(entry.data, type=dict[str, Any])
