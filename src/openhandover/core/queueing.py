"""When the user hears of their place in the queue, and what. Pure."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from .facts import Figure
from .model import Handover, Queue, Settings

replace = msgspec.structs.replace


class QueueNews(NamedTuple):
    """The handover with its new queue, the text to say now if any, and when to look again."""

    handover: Handover
    text: str
    again_at: float | None


def is_wanted(settings: Settings) -> bool:
    """Whether a handover asks for its place in the queue, so that it is estimated where the vendor tells nothing."""
    rules = settings.queue
    thresholds = rules.max_position is not None or rules.max_wait_ms is not None
    return rules.position or rules.estimated_wait or thresholds or "queue_updated" in settings.events


def missing(
    settings: Settings, position: int | None, wait_ms: int | None, *, seen: bool
) -> tuple[Figure, ...]:
    """Which figures we estimate beside those that the vendor tells. `seen`: handovers of this provider were seen, so that
    the estimate is more than a guess; a guess only stands beside the vendor's word where the user is to be told it.
    """
    if not is_wanted(settings):
        return ()
    told = position is not None or wait_ms is not None
    adds_wait = not told or seen or settings.queue.estimated_wait
    found: tuple[Figure, ...] = ("position",) if position is None else ()
    return (*found, "wait") if wait_ms is None and adds_wait else found


def alternative(handover: Handover, position: int | None, wait_ms: int | None) -> str | None:
    """The text that replaces the update: position at or above the maximum, or wait above it."""
    rules = handover.settings.queue
    too_far = rules.max_position is not None and position is not None and position >= rules.max_position
    too_long = rules.max_wait_ms is not None and wait_ms is not None and wait_ms > rules.max_wait_ms
    return rules.alternative_text if too_far or too_long else None


def news(handover: Handover, queue: Queue, now: float, in_words: Callable[[int], str]) -> QueueNews:
    """Take in what the contact centre says of the queue. A text is said when its value changed since it was last
    said and its interval has passed; a change inside the interval is said when the interval ends."""
    instead = alternative(handover, queue.position, queue.estimated_wait_ms)
    handover = replace(handover, queue=replace(queue, alternative_text=instead))
    return _values(handover, now, in_words) if instead is None else _instead(handover, now, instead)


def _values(handover: Handover, now: float, in_words: Callable[[int], str]) -> QueueNews:
    rules, queue = handover.settings.queue, handover.queue
    position, wait_ms = queue.position, queue.estimated_wait_ms
    texts: list[str] = []
    waits: list[float] = []
    if rules.position and position is not None and position != handover.position_said:
        due_at = handover.position_said_at + rules.every_s
        if now >= due_at:
            texts.append(rules.position_text.replace("{position}", str(position)))
            handover = replace(handover, position_said=position, position_said_at=now)
        else:
            waits.append(due_at)
    if rules.estimated_wait and wait_ms is not None and wait_ms != handover.wait_said_ms:
        due_at = handover.wait_said_at + rules.wait_every_s
        if now >= due_at:
            texts.append(rules.wait_text.replace("{wait}", in_words(wait_ms)))
            handover = replace(handover, wait_said_ms=wait_ms, wait_said_at=now)
        else:
            waits.append(due_at)
    return QueueNews(handover, " ".join(text for text in texts if text), min(waits, default=None))


def _instead(handover: Handover, now: float, text: str) -> QueueNews:
    """One text for both values: it is due when either changed and both intervals have passed."""
    rules, queue = handover.settings.queue, handover.queue
    if (queue.position, queue.estimated_wait_ms) == (handover.position_said, handover.wait_said_ms):
        return QueueNews(handover, "", None)
    due_at = max(handover.position_said_at + rules.every_s, handover.wait_said_at + rules.wait_every_s)
    if now < due_at:
        return QueueNews(handover, "", due_at)
    said = replace(
        handover,
        position_said=queue.position,
        position_said_at=now,
        wait_said_ms=queue.estimated_wait_ms,
        wait_said_at=now,
    )
    return QueueNews(said, text, None)
