"""The people's count is fair: who can know that a message was not read is not told of a loss, and a loss stays one."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from openhandover.demo.simulate.cast import Cast, Role
from openhandover.demo.simulate.ledger import Counts, Ledger
from openhandover.demo.simulate.pace import Pace
from openhandover.demo.simulate.partner import SimulatedPartner
from openhandover.demo.simulate.scripts import STORIES
from openhandover.demo.simulate.stories import visit_of
from openhandover.demo.simulate.visitor import Visitor
from tests.demo.test_simulation import BY_NAME

KEY = "talk"
WORDS = "Thanks for the quick help."
SOON_S = 0.5
PACE = Pace(Random(1), 1000)


class Scene:
    """A visitor of the partner who wrote something after which the agent closed, and whose page is still open."""

    def __init__(self) -> None:
        self.cast = Cast(Ledger())
        self.visitor = Visitor(None, "", visit_of(BY_NAME["parcel_damaged"], 1, Random(1)), PACE)  # type: ignore[arg-type]
        self.visitor.chat.conversation_id = KEY
        self.visitor.chat._socket = object()  # type: ignore[assignment]  (the line is up)
        self.role = self.cast.enter(self.visitor.visit, KEY)
        self.visitor._cast, self.visitor._role = self.cast, self.role
        self.visitor.agents = 1
        self.visitor._places[WORDS] = self.visitor.book.to_agent.write(WORDS)
        self.hears("message.created", id="m1", author="user", text=WORDS)
        self.visitor.chat.handover = {"status": "completed"}

    def hears(self, kind: str, **data: Any) -> None:
        """An event comes to the visitor's page."""
        event = {"type": kind, "floor": "human", "handover_id": "ho_1", "data": data}
        self.visitor._heard(event)

    def counts(self) -> Counts:
        """As if everything had settled."""
        self.cast.ledger.over(KEY, settles_s=0)
        return self.cast.ledger.counts()


async def stays(scene: Scene, then: Callable[[], Any]) -> bool:
    """Whether the visitor stays until this has happened, and goes soon after it."""
    goes = asyncio.create_task(scene.visitor._linger(scene.cast, scene.role))
    await asyncio.wait({goes}, timeout=SOON_S)
    stayed = not goes.done()
    then()
    await asyncio.wait_for(goes, 10)
    return stayed


async def test_a_visitor_stays_for_word_of_what_was_written() -> None:
    """A desk that closes while a message is on its way to it refuses that message. The visitor hears it: no loss."""
    scene = Scene()
    scene.cast.agent_left(scene.role)
    assert await stays(scene, lambda: scene.hears("message.failed", message_id="m1"))
    counts = scene.counts()
    assert (counts.told, counts.lost) == (1, 0)


async def test_a_visitor_stays_until_the_agent_has_read() -> None:
    """On a slow machine the agent may still read what the visitor thinks is over."""
    scene = Scene()

    def reads() -> None:
        scene.visitor.book.to_agent.read.append(WORDS)
        scene.cast.agent_left(scene.role)

    assert await stays(scene, reads)
    assert scene.counts() == Counts(accepted=1, delivered=1)


async def test_no_word_at_all_is_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that was accepted, never read, and of which nothing was ever said."""
    monkeypatch.setattr("openhandover.demo.simulate.visitor.FATE_S", 0.1)
    scene = Scene()
    scene.cast.agent_left(scene.role)
    await asyncio.wait_for(scene.visitor._linger(scene.cast, scene.role), 10)
    assert scene.counts().lost == 1


async def test_nothing_is_lost_while_the_way_is_broken() -> None:
    """While the desk or the server is down nothing can arrive, so nothing is given up; afterwards it is."""
    scene = Scene()
    ledger = scene.cast.ledger
    broken = True
    ledger.clock.is_broken = lambda: broken
    ledger.over(KEY, settles_s=0.05)
    await asyncio.sleep(0.2)
    counts = ledger.counts()
    assert (counts.pending, counts.lost) == (1, 0)
    broken = False
    await asyncio.sleep(0.1)
    counts = ledger.counts()
    assert (counts.pending, counts.lost) == (0, 1)


class Talk:
    """A conversation as the partner's desk has it."""

    def __init__(self, *said: str) -> None:
        self.handover_id = "ho_1"
        self.lines = [{"author": "user", "text": text, "at": "now"} for text in said]
        self.state = "waiting"
        self.agent: str | None = None


class Desk:
    """The partner's desk, as far as its agents need it."""

    def __init__(self, talk: Talk) -> None:
        self.online = True
        self.talks = {"one": talk}
        self.said: list[str] = []

    def joins(self, talk: Talk, name: str = "") -> None:
        """The agent is there."""
        talk.state, talk.agent = "active", name

    def says(self, _talk: Talk, text: str, _attachments: Any = None) -> str:
        """The agent says something."""
        self.said.append(text)
        return ""

    def types(self, _talk: Talk, _on: bool = True) -> None:
        """The agent types."""

    def closes(self, talk: Talk, _reason: str = "") -> None:
        """The agent is through."""
        talk.state = "closed"


def visitor_of(cast: Cast) -> Role:
    """A visitor who has told the bot everything, and whose page has not heard of a handover yet."""
    story = next(story for story in STORIES if story.name == "parcel_missing")
    role = cast.enter(visit_of(story, 1, Random(2)), KEY)
    role.to_bot |= {*story.bot, role.visit.email, role.visit.name}
    return role


async def first_words(desk: Any, cast: Cast, meets: Callable[[], None]) -> str:
    """What the partner's agent says first; soon after the desk has the talk, the visitor's page hears of it."""
    play = asyncio.create_task(SimulatedPartner(desk, cast, PACE).work())
    await asyncio.sleep(SOON_S)
    meets()
    async with asyncio.timeout(10):
        while not desk.said:
            await asyncio.sleep(0.01)
    play.cancel()
    return desk.said[0]


async def test_the_partner_knows_a_visitor_whose_page_is_late() -> None:
    """The desk may have the handover before the visitor's page, which was cut off, hears of it."""
    cast = Cast(Ledger())
    role = visitor_of(cast)
    desk = Desk(Talk(*role.to_bot))
    assert "pakketdienst" in await first_words(desk, cast, lambda: cast.met(role, "ho_1"))


async def test_the_partner_takes_a_stranger_for_one() -> None:
    """Somebody who is not in the play is not waited for."""
    cast = Cast(Ledger())
    visitor_of(cast)
    desk = Desk(Talk("Where is my parcel?", "me@example.net", "Me"))
    assert "simulated colleague" in await first_words(desk, cast, lambda: None)
