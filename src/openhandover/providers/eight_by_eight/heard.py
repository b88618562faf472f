"""What of the agents' was heard. A webhook names no message and the list of messages names no webhook, so that one that both
tell is recognised by who wrote, what, and how often.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from openhandover.core.events import AgentMessage

from .answers import Listed, mark

KEPT = 200
"""So many of a conversation's messages are remembered; only as many are looked at again."""


class _One(Struct, array_like=True):
    mark: str
    event_id: str
    webhook: str = ""
    """The webhook that told of it; empty while only a look has."""
    taken: bool = True
    """Whether the engine has it; a look's find is not taken before it was given."""


class Heard:
    """One conversation's messages of agents, oldest first."""

    def __init__(self, known: Iterable[_One] = ()) -> None:
        self._known = list(known)

    def told(self, written: str, webhook: str) -> str:
        """The event id of what a webhook tells: that of the look, where it was found by one."""
        for one in self._known:
            if one.webhook == webhook:
                return one.event_id
        for one in self._known:
            if one.mark == written and not one.webhook:
                one.webhook = webhook
                return one.event_id
        self._add(_One(written, webhook, webhook))
        return webhook

    def find(self, listed: Sequence[tuple[str, str, Listed]]) -> list[tuple[str, Listed]]:
        """What is new of the agents' messages, oldest first in and out: mark, event id and message come in. From now on a
        webhook of one of them tells nothing new."""
        left = [one.mark for one in self._known]
        new: list[tuple[str, Listed]] = []
        for written, event_id, one in listed[-KEPT:]:
            if written in left:
                left.remove(written)
            else:
                self._add(_One(written, event_id, taken=False))
                new.append((event_id, one))
        return new

    def take(self, event_id: str) -> None:
        """The engine has what a look found."""
        for one in self._known:
            if one.event_id == event_id:
                one.taken = True

    def drop(self) -> None:
        """What was found and not taken is to be found again."""
        self._known = [one for one in self._known if one.taken or one.webhook]

    @classmethod
    def decoded(cls, text: str | None) -> "Heard":
        """As it was remembered; None: nothing was heard yet."""
        return cls(msgspec.json.decode(text, type=list[_One]) if text else ())

    def encoded(self) -> str:
        """To be remembered."""
        return msgspec.json.encode([one for one in self._known if one.taken or one.webhook]).decode()

    def _add(self, one: _One) -> None:
        self._known = [*self._known, one][-KEPT:]


def mark_of(fact: AgentMessage) -> str:
    """By which what an agent, or the contact centre itself, wrote is recognised."""
    return mark("system" if fact.automatic else "agent", fact.text, len(fact.attachments))
