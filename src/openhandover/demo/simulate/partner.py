"""The scripted agent of the partner, at the desk of `examples/http_desk.py`."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from .cast import Cast, Role, answered_before
from .pace import AGENTS_S, Pace
from .scripts import stranger
from .stories import Line

NAMES = ("Robin", "Sasha", "Kim")
LEAVES_ROOM_S = 12.0
"""So long a person at the partner's page may take it first."""
PATIENCE_S = 90.0
LOOKS_EVERY_S = 0.5


class PartnerTalk(Protocol):
    """One conversation at the partner's desk."""

    handover_id: str
    lines: list[dict[str, Any]]
    state: str


class PartnerDesk(Protocol):
    """What an agent does at the partner's desk."""

    online: bool
    talks: Mapping[str, Any]

    def joins(self, talk: Any, name: str = ...) -> None: ...
    def says(self, talk: Any, text: str, attachments: list[dict[str, Any]] | None = ...) -> str: ...
    def types(self, talk: Any, on: bool = ...) -> None: ...
    def closes(self, talk: Any, reason: str = ...) -> None: ...


class SimulatedPartner:
    """All agents of the partner: one for each conversation."""

    def __init__(self, desk: PartnerDesk, cast: Cast, pace: Pace) -> None:
        self._desk = desk
        self._cast = cast
        self._pace = pace
        self._known: set[str] = set()
        cast.names |= set(NAMES)

    async def work(self) -> None:
        """Take what comes, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                for key, talk in list(self._desk.talks.items()):
                    if key not in self._known:
                        self._known.add(key)
                        group.create_task(self._hold(talk))
                await asyncio.sleep(self._pace.of(LOOKS_EVERY_S))

    async def _hold(self, talk: PartnerTalk) -> None:
        await self._pace.pause(LEAVES_ROOM_S, LEAVES_ROOM_S + 6)
        role = await self._recognized(talk)
        if talk.state == "active":
            return  # a person has it
        if talk.state == "waiting":
            self._desk.joins(talk, self._pace.random.choice(NAMES))
            await self._play(talk, role)
        if talk.state == "active":
            await self._pace.pause(1.5, 3)
        if talk.state == "active":
            self._desk.closes(talk)
        if role is not None:
            self._note(talk, role)
            self._cast.agent_left(role)

    async def _recognized(self, talk: PartnerTalk) -> Role | None:
        """Who in the play this is, as soon as they know it themselves; None for a stranger."""
        said = {line["text"] for line in talk.lines}
        while True:
            role = self._cast.handovers.get(talk.handover_id)
            if role is not None or not self._cast.expects(said):
                return role
            await asyncio.sleep(self._pace.of(LOOKS_EVERY_S))

    async def _play(self, talk: PartnerTalk, role: Role | None) -> None:
        lines = role.visit.story.talk if role else stranger("en").talk
        name: str = getattr(talk, "agent", None) or NAMES[0]
        for place, line in enumerate(lines):
            if line.who == "visitor" or not line.is_said:
                continue
            await self._until_heard(talk, answered_before(lines, place, "agent"), role)
            if talk.state != "active":
                return
            await self._say(talk, line, name, role)
        await self._until_heard(talk, answered_before(lines, len(lines), "agent"), role)

    async def _until_heard(self, talk: PartnerTalk, count: int, role: Role | None) -> None:
        """Wait until the visitor has said as much as this, until it is over, or until the end of patience."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._pace.patience(PATIENCE_S, AGENTS_S)
        while talk.state == "active" and loop.time() < until:
            if role is not None:
                self._note(talk, role)
            if len(_from_visitor(talk, role)) >= count:
                return
            await asyncio.sleep(self._pace.of(LOOKS_EVERY_S))

    async def _say(self, talk: PartnerTalk, line: Line, name: str, role: Role | None) -> None:
        text = role.visit.words(line.text, name) if role else line.text.replace("{agent}", name)
        await self._pace.pause(0.8, 2.5)
        self._desk.types(talk)
        await asyncio.sleep(self._pace.typing(text))
        if talk.state != "active":
            return
        if role is not None:
            account = self._cast.ledger.book(role.conversation_id).to_user
            account.accepted.add(account.write(text))
        self._desk.says(talk, text)

    def _note(self, talk: PartnerTalk, role: Role) -> None:
        """The account of what the visitor wrote, as it stands on the partner's screen."""
        read = self._cast.ledger.book(role.conversation_id).to_agent.read
        texts = _from_visitor(talk, role)
        read.extend(texts[len(read) :])


def _from_visitor(talk: PartnerTalk, role: Role | None) -> list[str]:
    """What the visitor said to people. Of a stranger we know only that the transcript has times and the rest not."""
    return [
        line["text"]
        for line in talk.lines
        if line["author"] == "user" and (line["text"] not in role.to_bot if role else "at" not in line)
    ]
