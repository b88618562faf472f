"""What went before in a conversation, as far as an event cannot be understood without it; kept over restarts.

Who was there, and what agents wrote: a webhook names no message and the list of messages names no webhook, so that one that
both tell is recognised by who wrote, what, and how often.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct, structs

from openhandover.core import events as e
from openhandover.core.events import FromProvider
from openhandover.core.recent import Recent
from openhandover.providers.base import Host

from .answers import Listed, mark
from .webhooks import member_id

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


def mark_of(fact: e.AgentMessage) -> str:
    """By which what an agent, or the contact centre itself, wrote is recognised."""
    return mark("system" if fact.automatic else "agent", fact.text, len(fact.attachments))


# --- who was there ---------------------------------------------------------------------------------------------


class Place(Struct, frozen=True):
    """Where a conversation is. Webhooks may overtake each other: the times, in epoch seconds, tell which are old."""

    stage: Literal["", "left", "transfer"] = ""
    """Whether the last agent left, and if so whether for another one; empty while one is there, or none was."""
    agent: str | None = None
    """Who came last."""
    joined_at: float = 0.0
    left_at: float = 0.0


class Talks:
    """The conversations of one provider."""

    def __init__(self) -> None:
        self._places: Recent[str, Place] = Recent()
        self._heard: Recent[str, Heard] = Recent()

    async def placed(self, host: Host, event: FromProvider) -> FromProvider:
        """The event as it is to be understood after those before it."""
        talk = event.external_id or ""
        if isinstance(event.fact, e.AgentMessage):
            heard = await self.heard(host, talk)
            event_id = heard.told(mark_of(event.fact), event.event_id)
            await self._keep(host, talk, heard)
            return structs.replace(event, event_id=event_id)
        now = await self.place(host, talk)
        fact, after = _understood(event, now)
        if after != now:
            self._places[talk] = after
            await host.remember(f"place:{talk}", msgspec.json.encode(after).decode())
        return structs.replace(event, fact=fact)

    async def place(self, host: Host, talk: str) -> Place:
        """Where the conversation is."""
        if talk not in self._places:
            text = await host.recall(f"place:{talk}")
            found = msgspec.json.decode(text, type=Place) if text else Place()
            self._places.setdefault(talk, found)  # another look may have been quicker
        return self._places[talk]

    async def heard(self, host: Host, talk: str) -> Heard:
        """What agents have written there."""
        if talk not in self._heard:
            found = Heard.decoded(await host.recall(f"heard:{talk}"))
            self._heard.setdefault(talk, found)  # another event may have been quicker
        return self._heard[talk]

    async def taken(self, host: Host, talk: str, event_id: str) -> None:
        """The engine has what a look found."""
        heard = await self.heard(host, talk)
        heard.take(event_id)
        await self._keep(host, talk, heard)

    async def dropped(self, host: Host, talk: str) -> None:
        """A look was broken off: what nobody has taken of it is to be found again."""
        (await self.heard(host, talk)).drop()

    async def _keep(self, host: Host, talk: str, heard: Heard) -> None:
        await host.remember(f"heard:{talk}", heard.encoded())


def _understood(event: FromProvider, now: Place) -> tuple[e.ProviderFact, Place]:
    """What an event means where the conversation is, and where it is then."""
    at = event.at if event.at is not None else max(now.joined_at, now.left_at)
    match event.fact:
        case e.AgentJoined() if at < now.left_at:
            return e.Unknown("an agent's coming, told after they left"), now
        case e.AgentJoined(agent=agent):
            return event.fact, structs.replace(
                now, stage="", agent=agent.id, joined_at=max(at, now.joined_at)
            )
        case e.AgentTransferred() | e.AgentLeft() if at < now.joined_at:
            return e.Unknown("an agent's going, told after another one came"), now
        case e.AgentTransferred():
            return event.fact, structs.replace(now, stage="transfer")
        case e.AgentLeft() if now.stage == "" and member_id(event.raw) not in (None, now.agent) and now.agent:
            return e.Unknown("the going of an agent who was not the one"), now
        case e.AgentLeft() if now.stage == "transfer":  # somebody else will come
            return e.AgentLeft(), structs.replace(now, left_at=at)
        case e.AgentLeft():
            return event.fact, structs.replace(now, stage="left", left_at=at)
        case e.QueueUpdated() if (
            now.stage == "left" and at >= now.left_at
        ):  # it waits again, so it has not ended
            return e.AgentTransferred(), structs.replace(now, stage="transfer")
        case fact:
            return fact, now
