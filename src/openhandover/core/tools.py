"""A tool that an LLM called: what its steps do, and how far the call is. Pure.

A call with an id has one line in the log, under that id: first the position of its run, then the answer. So a call that
comes again, also after a crash, finds what it did, and a text that is forgotten is forgotten there too.
"""

from typing import Any

import msgspec
from msgspec import Struct

from . import commands
from .events import FlowStep
from .model import Entry
from .table import Gets
from .turn import Turn

CALLED = "tool.called"
"""The type of the log entry of a call; no event for anybody."""


class ToolStep(FlowStep, frozen=True, kw_only=True):
    """One step of a tool, saved together with its position; `answer` is set by the last one."""

    tool: str
    call_id: str | None = None
    digest: str | None = None
    """Fingerprint of the call."""
    begins: bool = False
    """The first step, which only takes the call in."""
    answer: dict[str, Any] | None = None


class Call(Struct, frozen=True, omit_defaults=True):
    """What the log holds of a call: `run` while it is at work, `answer` once it is done, neither once forgotten."""

    tool: str = ""
    run: str | None = None
    answer: dict[str, Any] | None = None


def key_of(call_id: str) -> str:
    """The key of a call's log entry."""
    return f"tool:{call_id}"


def call_of(entry: Entry) -> Call:
    """The call that a log entry holds."""
    return msgspec.json.decode(entry.data, type=Call)


def step(turn: Turn, event: ToolStep) -> None:
    """Do what the step does and keep the position. Raises Refused when the floor is no longer what the call began with."""
    commands.check_epoch(turn, event.epoch)
    if event.say:
        commands.post(turn, event.say)
    if event.handover:
        commands.request(turn, event.handover, {"tool": event.tool, "tool_call_id": event.call_id})
    if event.call_id is None:
        return
    call = Call(event.tool, None if event.answer else event.run, event.answer)
    if turn.named is None:
        turn.record(CALLED, call, Gets(), key=key_of(event.call_id), digest=event.digest)
    else:
        turn.rewritten.append((turn.named.seq, msgspec.json.encode(call)))
