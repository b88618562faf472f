"""What the store keeps beside a conversation's state, so that a start finds the work that was left."""

from .model import Conversation, Lane


def _has_work(lane: Lane) -> bool:
    return lane.done < lane.last or lane.ending is not None or (not lane.opened and lane.ended_at is None)


def is_busy(conversation: Conversation) -> bool:
    """Whether something is due to a receiver, or still being prepared."""
    return (
        conversation.user_done < conversation.user_last
        or conversation.bot_done < conversation.bot_last
        or bool(conversation.preparing)
        or any(map(_has_work, conversation.lanes))
    )


def wake_at(conversation: Conversation) -> float | None:
    """Epoch seconds of the earliest timer, None without one."""
    if not conversation.deadlines and not conversation.preparing:
        return None
    return min((*conversation.deadlines.values(), *conversation.preparing.values()))
