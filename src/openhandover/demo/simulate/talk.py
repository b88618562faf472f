"""One conversation of a scripted agent, from accepting it to resolving it."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .cast import answered_before
from .ledger import Account
from .pace import AGENTS_S
from .scripts import stranger
from .stories import Line

if TYPE_CHECKING:
    from .agent import SimulatedAgent

PATIENCE_S = 90.0
"""So long the agent waits for the visitor's next word before going on."""
RETYPES_S = 3.0

Message = dict[str, Any]


class Reader:
    """The messages of a conversation as an agent's page has them: loaded, then followed, loaded again after a gap."""

    def __init__(self, agent: "SimulatedAgent", handover_id: str) -> None:
        self.messages: list[Message] = []
        self.changed = asyncio.Event()
        self._agent = agent
        self._path = f"handovers/{handover_id}/messages"
        self._seq = 0
        self._live: list[Message] = []
        self._behind = True
        self._loading = asyncio.Lock()

    def event(self, event: Message) -> None:
        """A message came over the stream."""
        self._live.append(event["data"])
        if not self._behind:
            self._catch_up()

    def missed(self) -> None:
        """The stream has a gap: what is missing must be loaded."""
        self._behind = True
        self.changed.set()

    async def load(self, *, anyway: bool = False) -> None:
        """Fetch what is missing, if something is."""
        async with self._loading:
            while self._behind or anyway:
                self._behind, anyway = False, False
                full = True
                while full:
                    answer = await self._agent.desk.call("GET", f"{self._path}?after={self._seq}&limit=200")
                    found = answer.body.get("items", [])
                    self._add(found)
                    full = len(found) == 200
            self._catch_up()

    def _catch_up(self) -> None:
        live, self._live = self._live, []
        self._add(live)

    def _add(self, messages: list[Message]) -> None:
        for message in messages:
            if message["seq"] > self._seq:
                self._seq = message["seq"]
                self.messages.append(message)
        self.changed.set()


class Talk:
    """An agent and one handover; it can be taken up in the middle, by another agent or after a break."""

    def __init__(self, agent: "SimulatedAgent", entry: Message) -> None:
        self.reader = Reader(agent, entry["id"])
        self._agent = agent
        self._id: str = entry["id"]
        self._path = f"handovers/{self._id}"
        self._requested_at: str = entry["requested_at"]
        self._role = agent.cast.roles.get(entry["conversation_id"])
        self._lines = self._role.visit.story.talk if self._role else stranger(entry["language"]).talk
        self._noted = 0
        """How many messages of the visitor are in the account already."""

    # --- the account

    @property
    def _account(self) -> Account | None:
        if self._role is None:
            return None
        return self._agent.cast.ledger.book(self._role.conversation_id).to_user

    def _from_visitor(self) -> list[Message]:
        before: set[str] = self._role.to_bot if self._role else set()
        return [
            message
            for message in self.reader.messages
            if message["author"] == "user"
            and message["at"] >= self._requested_at
            and message["text"] not in before
        ]

    def _from_agents(self) -> list[Message]:
        return [
            message
            for message in self.reader.messages
            if message["author"] == "agent"
            and message.get("to") != "agent"
            and message["at"] >= self._requested_at
        ]

    def _note_what_was_read(self) -> None:
        """The account of what the visitor wrote: one agent after the other reads it, each text is noted once."""
        if self._role is None:
            return
        read = self._agent.cast.ledger.book(self._role.conversation_id).to_agent.read
        texts = [message["text"] for message in self._from_visitor()]
        read.extend(texts[len(read) :])

    # --- the talk

    async def hold(self) -> None:
        """Talk until it is resolved, transferred or taken away."""
        await self.reader.load()
        await self._agent.pace.pause(1.5, 3.5)
        if await self._play():
            await self._agent.desk.call("POST", f"{self._path}/close", {})
        else:
            await self._until(lambda: False, self._agent.pace.of(0.5))  # what was under way may still come
        await self._say_when_over()

    async def _say_when_over(self) -> None:
        """The last agent of a talk is the one who saw it end, and then reads what there is: nothing more comes."""
        detail = await self._agent.desk.call("GET", self._path)
        handover = detail.body.get("handover")
        await self.reader.load(anyway=True)
        self._note_what_was_read()
        if self._role is not None and handover is not None and handover["ended_at"] is not None:
            self._agent.cast.agent_left(self._role)

    async def _play(self) -> bool:
        """Say every line in its turn; True when nothing is left to say, False when the talk is no longer ours."""
        while self._agent.holds(self._id):
            place = self._next()
            if place is None:
                await self._hear_out()
                return self._agent.holds(self._id)
            heard = answered_before(self._lines, place, "agent")
            await self._until(lambda heard=heard: len(self._from_visitor()) >= heard, self._patience_s)
            if not self._agent.holds(self._id):
                break
            if not await self._act(self._lines[place]):
                return False
        return False

    async def _hear_out(self) -> None:
        """Everything is said; let the visitor have the last word before it is resolved."""
        last = answered_before(self._lines, len(self._lines), "agent")
        await self._until(lambda: len(self._from_visitor()) >= last, self._patience_s)
        visitor_ends = any(line.act == "/end" for line in self._lines)
        await self._until(lambda: False, self._patience_s if visitor_ends else self._agent.pace.of(2.5))

    def _next(self) -> int | None:
        """The first line of an agent that nobody has acted out; the transcript tells which those are."""
        said = len(self._from_agents())
        notes = sum(message.get("to") == "agent" for message in self.reader.messages)
        for place, line in enumerate(self._lines):
            if line.who != "agent":
                continue
            if line.is_said:
                said -= 1
                left = said < 0
            else:
                notes -= 1
                left = notes < 0
            if left:
                return place
        return None

    @property
    def _patience_s(self) -> float:
        return self._agent.pace.patience(PATIENCE_S, AGENTS_S)

    async def _until(self, holds: Any, within_s: float) -> None:
        """Wait for this, for so long by the clock, or until the talk is no longer ours; keeps reading meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    await self.reader.load()
                    self._note_what_was_read()
                    if holds() or not self._agent.holds(self._id):
                        return
                    self.reader.changed.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.reader.changed.wait(), self._agent.pace.of(2))

    # --- the acts

    async def _act(self, line: Line) -> bool:
        """Act a line out; False when the talk has gone to somebody else or is over."""
        text = line.text
        if self._role:
            text = self._role.visit.words(text, self._agent.name.split()[0])
        else:
            text = text.replace("{agent}", self._agent.name.split()[0])
        await self._agent.pace.pause(0.8, 2.5)
        match line.act:
            case "/note":
                return await self._note(text)
            case "/transfer":
                return await self._transfer(text)
            case _:
                await self._type(text)
                return await self._say(text)

    async def _say(self, text: str) -> bool:
        account = self._account
        place = account.write(text) if account else 0
        answer = await self._agent.desk.call(
            "POST", f"{self._path}/messages", {"id": uuid4().hex, "text": text}
        )
        if answer.status in (200, 201):
            if account:
                account.accepted.add(place)
            await self.reader.load(anyway=True)
        return answer.status in (200, 201)

    async def _note(self, text: str) -> bool:
        answer = await self._agent.desk.call("POST", f"{self._path}/notes", {"id": uuid4().hex, "text": text})
        await self.reader.load(anyway=True)
        return answer.status in (200, 201)

    async def _transfer(self, text: str) -> bool:
        colleague = await self._agent.colleague()
        if colleague is None:
            return await self._note(text)
        await self._agent.desk.call("POST", f"{self._path}/transfer", {"agent": colleague, "note": text})
        return False

    async def _type(self, text: str) -> None:
        left_s = self._agent.pace.typing(text)
        while left_s > 0 and self._agent.holds(self._id):
            await self._agent.desk.call("POST", f"{self._path}/typing", {"on": True})
            await self._until(lambda: False, min(left_s, RETYPES_S))
            left_s -= RETYPES_S
