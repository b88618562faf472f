"""What a template can see. Built here and nowhere else."""

from collections.abc import Mapping
from typing import Any

import msgspec

from openhandover.core.model import Conversation

from .views import NamedView

RESERVED = frozenset({"_context", "availability", "chatId", "handover", "input", "user"})
"""Names that a flow cannot use for its own variables."""


def chat_id(conversation: Conversation) -> str | None:
    """The channel's own id of the chat where it has one, else the one in the context."""
    found = conversation.chat_id or conversation.context.get("chatId")
    return str(found) if found else None


def scope(
    conversation: Conversation,
    *,
    variables: Mapping[str, Any] | None = None,
    said: Mapping[str, Any] | None = None,
    handover: Mapping[str, Any] | None = None,
    availability: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The scope of a render; `variables` are the flow's on top of the conversation's, `said` is the input."""
    chat = chat_id(conversation) or conversation.id
    return {
        **(variables or {}),
        "_context": {**conversation.context, "chatId": chat},
        "chatId": chat,
        "user": NamedView(msgspec.to_builtins(conversation.user)),
        "input": {"text": "", **(said or {})},
        "handover": dict(handover or {}),
        "availability": dict(availability or {}),
    }
