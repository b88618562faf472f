"""Volatile effects of a turn: best effort, never stored."""

from typing import Literal

from msgspec import Struct


class TellTyping(Struct, frozen=True):
    """Typing of one side for the other."""

    author: Literal["user", "bot", "agent"]
    on: bool
    lane: int = 0


class TellPresence(Struct, frozen=True):
    """The user joined or left, for the agent; `text` is the sentence."""

    lane: int
    user: Literal["connected", "disconnected"]
    text: str


class TellReceipt(Struct, frozen=True):
    """What became of an agent's message, for the desk that sent it under `message_id`."""

    lane: int
    message_id: str
    state: Literal["delivered", "read", "failed"]


Effect = TellTyping | TellPresence | TellReceipt
