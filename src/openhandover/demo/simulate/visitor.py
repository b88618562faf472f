"""A scripted visitor: arrives, talks to the bot, then to whoever comes, rates, and goes."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp

from .cast import Cast, Role, answered_before
from .chat import Chat, Event
from .ledger import Book, Ledger
from .pace import Pace
from .stories import Line, Visit

BOT_S = 20.0
"""So long the visitor waits for the bot."""
PATIENCE_S = 240.0
"""So long the visitor waits for the next word of a person."""
HURRY_S = 10.0
LINGERS_S = 12.0
"""So long the page stays open, at any pace, for what a person wrote last."""
FATE_S = 45.0
"""And so long for the end of the talk on the other side, and for word of one's own messages: a server that could not
deliver one tries again after 30 s at the latest."""
LOOKS_EVERY_S = 0.2
ENDS_AGAIN_S = 2.0
RETYPES_S = 3.0
"""`typing` is repeated as often as this while somebody types."""
ENDED = ("completed", "cancelled", "error", "transferred")


class GaveUp(Exception):
    """The visitor waited too long and goes."""


class Visitor:
    """One visit, from the first word to the last."""

    def __init__(self, http: aiohttp.ClientSession, base: str, visit: Visit, pace: Pace) -> None:
        self.chat = Chat(http, base)
        self.visit = visit
        self._pace = pace
        self._base = base
        self._cast: Cast | None = None
        self._role: Role | None = None
        self._places: dict[str, int] = {}
        """Our message's text -> its place in the account, until it has come back as an event."""
        self._ids: dict[str, int] = {}

    async def live(self, cast: Cast) -> None:
        """Live through the visit; returns when the page is closed for good."""
        story = self.visit.story
        await self.chat.begin(story.language, {"url": f"{self._base}/chat/web", "title": "My orders"})
        self._cast = cast
        role = self._role = cast.enter(self.visit, self.chat.conversation_id)
        self.chat.heard = self._heard
        try:
            await self._visit(role)
            await self._linger(cast, role)
        finally:
            await self.chat.close()
            cast.visitor_left(role)

    async def _visit(self, role: Role) -> None:
        talk = self.visit.story.talk
        try:
            await self._talk_to_bot(role)
            if talk:
                await self._talk_to_person(talk)
                await self._afterwards()
        except GaveUp:
            await self._end()

    # --- what the visitor knows

    @property
    def _ledger(self) -> Ledger:
        assert self._cast is not None
        return self._cast.ledger

    @property
    def book(self) -> Book:
        """The accounts of this conversation."""
        return self._ledger.book(self.chat.conversation_id)

    @property
    def said_by_agent(self) -> int:
        """How many messages of people have come."""
        return sum(message["author"] == "agent" for message in self.chat.messages)

    agents = 0
    """How many people joined so far."""

    @property
    def status(self) -> str:
        """Where the handover stands; empty before there is one."""
        return self.chat.handover["status"] if self.chat.handover else ""

    def _heard(self, event: Event) -> None:
        kind, data = event["type"], event["data"]
        assert self._cast is not None
        assert self._role is not None
        if kind == "handover.requested":
            self._cast.met(self._role, event["handover_id"])
        elif kind in ("handover.agent_joined", "handover.agent_changed"):
            self._met(data["agent"])
        elif kind == "message.created" and data["author"] == "agent":
            self.book.to_user.read.append(data["text"])
        elif kind == "message.created" and data["author"] == "user":
            self._own(event, data)
        elif kind == "message.failed" and data["message_id"] in self._ids:
            self.book.to_agent.told.add(self._ids[data["message_id"]])

    def _met(self, agent: dict[str, Any] | None) -> None:
        assert self._cast is not None
        self.agents += 1
        if agent is not None and agent.get("name") not in self._cast.names:
            self.book.foreign = True

    def _own(self, event: Event, data: dict[str, Any]) -> None:
        """Our message has its place now: it is for a person only while a person has the floor."""
        place = self._places.pop(data["text"], None)
        if place is None:
            return
        self._ids[data["id"]] = place
        if event["floor"] == "human" and event.get("handover_id"):
            self.book.to_agent.accepted.add(place)

    # --- the bot

    async def _talk_to_bot(self, role: Role) -> None:
        for words in self.visit.story.bot:
            await self._ask_bot(role, self.visit.words(words))
        if self.visit.story.talk:
            if self.visit.story.topic:
                await self._wait(self._bot_asks, BOT_S)
                await self._press(role, self.visit.story.topic)
            for answer in (self.visit.email, self.visit.name):
                await self._wait(self._bot_asks, BOT_S)
                await self._ask_bot(role, answer)
            await self._wait(lambda: self.status, BOT_S)

    async def _press(self, role: Role, value: str) -> None:
        """Press one of the bot's buttons."""
        buttons: list[dict[str, str]] = self.chat.messages[-1].get("buttons") or []
        label = next((button["text"] for button in buttons if button["value"] == value), value)
        await self._pace.pause(1, 2)
        await self._ask_bot(role, label, value)

    async def _ask_bot(self, role: Role, text: str, button: str = "") -> None:
        """Say something, or press a button, and wait for what the bot says to it."""
        role.to_bot.add(text)
        before = len(self.chat.messages)
        if not button:
            await self._type(text)
        await self.chat.say(text, button=button)
        await self._wait(
            lambda: any(message["author"] != "user" for message in self.chat.messages[before:]), BOT_S
        )

    def _bot_asks(self) -> bool:
        last = self.chat.messages[-1] if self.chat.messages else None
        return last is not None and last["author"] == "bot" and last["text"].rstrip().endswith("?")

    # --- a person

    async def _talk_to_person(self, lines: Sequence[Line]) -> None:
        for place, line in enumerate(lines):
            if line.who == "agent":
                continue
            await self._turn(answered_before(lines, place, "visitor"))
            if self.status in ENDED:
                return
            await self._act(line)
        await self._turn(answered_before(lines, len(lines), "visitor"))
        await self._wait(lambda: self.status in ENDED, PATIENCE_S)

    async def _turn(self, heard: int) -> None:
        """Wait until the other side has said as much as this, or has ended it."""
        await self._wait(lambda: self.said_by_agent >= heard or self.status in ENDED, PATIENCE_S)

    async def _act(self, line: Line) -> None:
        if line.act == "/cancel":
            await self._pace.pause(HURRY_S, HURRY_S + 4)
            await self.chat.send({"type": "cancel"})
        elif line.act == "/end":
            await self._pace.pause(2, 4)
            await self.chat.send({"type": "end"})
        elif line.act == "/away":
            await self.chat.close()
            await self._pace.pause(12, 18)
            self.chat.open()
        else:
            await self._say(line)

    async def _say(self, line: Line) -> None:
        name, _, words = line.text.partition("|") if line.act == "/file" else ("", "", line.text)
        text = self.visit.words(words)
        if line.act == "*":
            await self._type(text)
            await self._pace.pause(2, 4)
        await self._type(text)
        uploads: tuple[str, ...] = ()
        if name:
            name = self.visit.words(name)
            sent = await self.chat.upload(name, file_of(name, text))
            uploads = (sent,) if sent else ()
        place = self._places[text] = self.book.to_agent.write(text)
        if not await self.chat.say(text, uploads):
            self.book.to_agent.told.add(place)

    async def _type(self, text: str) -> None:
        """Read what was said, then type."""
        await self._pace.pause(0.6, 2.0)
        left_s = self._pace.typing(text)
        while left_s > 0:
            await self.chat.send({"type": "typing", "on": True})
            await asyncio.sleep(min(left_s, RETYPES_S))
            left_s -= RETYPES_S
        await self.chat.send({"type": "typing", "on": False})

    # --- the end

    async def _end(self) -> None:
        """End the talk, and say so again until it is heard: a line that is down carries nothing."""
        clock = self._ledger.clock
        until = clock.now() + FATE_S
        while clock.now() < until:
            await self.chat.send({"type": "end"})
            if await self.chat.until(lambda: not self.status or self.status in ENDED, ENDS_AGAIN_S):
                return

    async def _afterwards(self) -> None:
        """Rate, where the visitor was asked to and cares to."""
        handover, story = self.chat.handover, self.visit.story
        if handover is None or handover["status"] != "completed" or not self.visit.rating:
            return
        await self._pace.pause(3, 7)
        frame = {"type": "rating", "handover_id": handover["id"], "score": self.visit.rating}
        if story.comment and self.visit.rating != 3:
            frame["comment"] = story.comment
        await self.chat.send(frame)

    async def _linger(self, cast: Cast, role: Role) -> None:
        """Look at the page for a while: a last word may still be under way, and so may word of what was not read."""
        book = self.book
        await self._pace.pause(4, 8)
        if self.agents == 0 or book.foreign:  # no script will say that it is through
            book.to_agent.told |= book.to_agent.accepted
            cast.agent_left(role)
        await self._stay(lambda: role.agent_done, FATE_S)
        await self._stay(lambda: self._ended_early or not book.to_user.is_missing, LINGERS_S)
        await self._stay(lambda: not book.to_agent.is_missing, FATE_S)
        await self._stay(lambda: self.chat.is_connected, FATE_S)  # or the server cannot know what has arrived
        if self._ended_early:
            # What an agent wrote after such an end is refused by the contract, and its writer can know.
            book.to_user.told |= book.to_user.accepted

    @property
    def _ended_early(self) -> bool:
        return self.status in ENDED and self.status != "completed"

    async def _stay(self, holds: Callable[[], bool], seconds: float) -> None:
        """Leave the page open until this is so, or so many seconds have passed in which it could become so. What the
        other side reads does not show on the page, so look now and then."""
        clock = self._ledger.clock
        until = clock.now() + seconds
        while not holds() and clock.now() < until:
            await self.chat.until(holds, LOOKS_EVERY_S)

    async def _wait(self, holds: Any, seconds: float) -> None:
        if not await self.chat.until(holds, self._pace.patience(seconds)):
            raise GaveUp


def file_of(name: str, text: str) -> bytes:
    """A small file that is what its name says."""
    if name.endswith(".pdf"):
        return b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    return text.encode()
