"""What went before in a conversation, as far as an event cannot be understood without it, and looking for what webhooks did
not bring. Kept over restarts: who was there, and what agents wrote.

A webhook names no message and the list of messages names no webhook, so that a message that both tell is recognised by who
wrote, what, and how often.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct, structs

from openhandover.core import events as e
from openhandover.core.events import FromProvider, ProviderFact
from openhandover.core.model import Agent, Attachment
from openhandover.core.recent import Recent
from openhandover.providers.base import Host, Session

from .gateway import PAGE, PAGES, Gateway, Listed, mark
from .webhooks import named, readable

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
    """The conversations of one provider, by the name of it."""

    def __init__(self, name: str, gateway: Gateway) -> None:
        self._name = name
        self._gateway = gateway
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

    async def still_holds(self, host: Host, event: FromProvider) -> bool:
        """Whether what a look found is so still: who has left since then has not come."""
        if not isinstance(event.fact, e.AgentJoined):
            return True
        return (await self.place(host, event.external_id or "")).stage == ""

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

    # --- what webhooks did not bring

    async def missed(self, host: Host, session: Session) -> list[FromProvider]:
        """What is new in the conversation, in its order: an agent who has come, messages, the end.

        Raises:
            SessionGone: it is not there any more.
        """
        talk = session.external_id
        now = await self._gateway.conversation(talk)
        listed = await self._listed(talk)
        heard, place = await self.heard(host, talk), await self.place(host, talk)
        found: list[FromProvider] = []
        # After the agent has left, the conversation may still name them: then only a webhook tells of the next one.
        if now.state == "active" and now.assignment.type == "agent" and place.stage == "":
            joined = e.AgentJoined(Agent(now.assignment.id or None))
            found.append(self._event(talk, f"{talk}:agent:{now.assignment.id}", joined))
        marked = [
            (mark("agent", _text(one), len(one.attachments)), f"{talk}:message:{one.id}", one)
            for one in listed
        ]
        for event_id, one in heard.find(marked):
            found.append(self._event(talk, event_id, await self._message(talk, one)))
        if now.state == "idle":
            found.append(self._event(talk, f"{talk}:idle", e.Closed(sequenced=True)))
        return found

    async def _listed(self, talk: str) -> list[Listed]:
        """What agents wrote, oldest first."""
        found: list[Listed] = []
        for page in range(PAGES):
            listed = await self._gateway.messages(talk, page)
            found += [one for one in listed if one.author.type == "agent"]
            if len(listed) < PAGE:
                break
        return found[::-1]

    async def _message(self, talk: str, one: Listed) -> e.AgentMessage:
        files: list[Attachment] = []
        for n, file in enumerate(one.attachments):
            name, url = await self._gateway.file_name(talk, file.id), self._gateway.content_url(talk, file.id)
            files.append(Attachment(f"{one.id}:{n}", name, "", None, url))
        return e.AgentMessage(_text(one), attachments=tuple(files), agent=Agent(one.author.id))

    def _event(self, talk: str, event_id: str, fact: ProviderFact) -> FromProvider:
        return FromProvider(self._name, event_id, fact, external_id=talk)


def _text(one: Listed) -> str:
    return readable(one.text, [card.get("content") for card in one.cards])


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
        case e.AgentLeft() if now.stage == "" and named(event.raw).id not in (None, now.agent) and now.agent:
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
