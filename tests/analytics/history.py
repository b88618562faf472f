"""Weeks of an invented contact centre, written through the store port: the same ones for the same seed."""

import asyncio
import math
import random
from collections.abc import Iterator
from typing import Any

import msgspec

from openhandover.core.model import (
    Agent,
    Attempt,
    Conversation,
    Entry,
    Handover,
    Rating,
    Settings,
    Status,
    Target,
    User,
)
from openhandover.store.port import Changes, HandoverRow, Mark, Store, Unit

DAY_S = 86400
AGENTS = (
    "Anna de Vries",
    "Bob Meyer",
    "Chloé Martin",
    "Diego Ruiz",
    "Eva Jansen",
    "Farid Benali",
    "Grace Lee",
)
WHYS = (
    *(["Invoice is wrong"] * 6),
    *(["Parcel has not arrived"] * 9),
    *(["Wants to cancel the contract"] * 4),
    *(["Asked for a human"] * 8),
    *(["Password cannot be reset"] * 3),
    *(["Complaint about a technician"] * 2),
    "Ordered twice by mistake",
    None,
)
PROVIDERS = (*(["support"] * 6), *(["genesys"] * 3), "night-desk")
CHANNELS = (*(["web"] * 6), *(["app"] * 3), "whatsapp")
LANGUAGES = (*(["nl"] * 6), *(["en"] * 3), *(["de"] * 2), "fr")


class Past:
    """What happened before `until` (epoch seconds, best a midnight) in so many days."""

    def __init__(self, until: float, days: int, seed: int = 7) -> None:
        self.until = until
        self.days = days
        self.chance = random.Random(seed)

    def moment(self) -> float:
        """Some time, more often on a working day in the middle of the day."""
        while True:
            at = self.until - self.chance.uniform(0, self.days * DAY_S)
            hour = at / 3600 % 24
            weekday = int(at // DAY_S + 3) % 7
            busy = math.exp(-(((hour - 12.5) / 4.2) ** 2)) * (0.35 if weekday > 4 else 1) + 0.03
            if self.chance.random() < busy:
                return at

    def wait_s(self, at: float) -> float:
        """How long somebody has to wait: longest at noon and on Mondays."""
        hour, weekday = at / 3600 % 24, int(at // DAY_S + 3) % 7
        crowd = math.exp(-(((hour - 12) / 3) ** 2)) * (2.0 if weekday == 0 else 1.0)
        return self.chance.lognormvariate(3.6, 0.7) * (1 + 2.5 * crowd)

    def units(self, handovers: int) -> Iterator[Unit]:
        """One unit per conversation; about as many again never needed a human."""
        for number in range(handovers):
            at = self.moment()
            story = _Story(f"{number:06}", at, self)
            story.tell()
            yield story.unit()
            for more in range(self.chance.choice((0, 1, 1, 2))):
                state = self.conversation(f"b{number:06}{more}", self.moment())
                yield Unit(state.id, lambda _loaded, state=state: Changes(conversation=state))

    def conversation(self, name: str, at: float, channel: str | None = None) -> Conversation:
        """A conversation that is over."""
        pick = self.chance.choice
        user = User(id=f"u_{name}", name=pick(("Kim", "Robin", "Sascha", "Noor")))
        return Conversation(
            id=f"c_{name}",
            channel=channel or pick(CHANNELS),
            user=user,
            created_at=at,
            language=pick(LANGUAGES),
        )


class _Story:
    """One handover from the request to its end."""

    def __init__(self, name: str, at: float, past: Past) -> None:
        self.past = past
        self.chance = past.chance
        self.name = name
        self.at = at
        self.state = past.conversation(name, at)
        self.provider = self.chance.choice(PROVIDERS)
        self.entries: list[Entry] = []
        self.marks: list[Mark] = []
        self.handover = Handover(
            id=f"ho_{name}",
            conversation_id=self.state.id,
            chain=(Target(self.provider),),
            settings=Settings(),
            initiator=self.chance.choice(("bot", "bot", "user")),
            requested_at=at + 5,
            requested_seq=2,
            lane=1,
            why=self.chance.choice(WHYS),
            attempts=(Attempt(self.provider, at + 5),),
        )

    def tell(self) -> None:
        """Decide how it went and write the log."""
        self.message("user", self.at, "hello")
        self.fact("handover.requested", self.at + 5, attempts=[{"provider": self.provider}])
        fate = self.chance.random()
        if fate < 0.03:
            self.end(
                Status.ERROR, self.chance.choice(("provider_error", "unavailable")), "system", self.at + 35
            )
            return
        self.fact("handover.queued", self.at + 6, queue={"position": 2})
        self.handover = msgspec.structs.replace(self.handover, queued_at=self.at + 6)
        wait = self.past.wait_s(self.at)
        patience = self.chance.lognormvariate(5.6, 0.6)
        if wait > 600:
            self.end(Status.ERROR, "queue_timeout", "system", self.at + 605)
        elif wait > patience:
            self.end(
                Status.CANCELLED,
                self.chance.choice(("user_cancelled", "user_left")),
                "user",
                self.at + patience,
            )
        elif fate > 0.95:
            self.end(Status.TRANSFERRED, "transferred", "provider", self.at + wait)
        else:
            self.talk(self.at + 5 + wait)

    def talk(self, at: float) -> None:
        """An agent joins, both write, one of them ends it."""
        name = self.chance.choice(AGENTS)
        agent = Agent(id=name.partition(" ")[0].lower(), name=name)
        self.fact("handover.agent_joined", at, agent={"name": name})
        reply_at = at + self.chance.lognormvariate(2.2, 0.6)
        self.handover = msgspec.structs.replace(
            self.handover, agent=agent, agents=(agent,), active_at=at, first_reply_at=reply_at
        )
        self.message("agent", reply_at, "Good day, I am looking into it")
        moment = reply_at
        for turn in range(self.chance.randrange(1, 5)):
            moment += self.chance.lognormvariate(3.4, 0.7)
            self.message("user" if turn % 2 == 0 else "agent", moment, "and then")
        moment += self.chance.lognormvariate(4.2, 0.8)
        reason = self.chance.choice(
            ("agent_closed", "agent_closed", "agent_closed", "user_idle", "user_left")
        )
        self.end(Status.COMPLETED, reason, "agent", moment)
        if self.chance.random() < 0.4:
            score = self.chance.choice((5, 5, 5, 4, 4, 3, 2, 1))
            self.handover = msgspec.structs.replace(self.handover, rating=Rating(score))

    def end(self, status: Status, reason: str, by: Any, at: float) -> None:
        """The last line of the log."""
        self.fact(f"handover.{status}", at, reason=reason, ended_by=by)
        self.handover = msgspec.structs.replace(
            self.handover, status=status, reason=reason, ended_by=by, ended_at=at, end_seq=len(self.entries)
        )

    def fact(self, kind: str, at: float, **data: Any) -> None:
        """A line about the handover."""
        self._line(kind, at, {"provider": self.provider, **data}, handover_id=self.handover.id)

    def message(self, author: str, at: float, text: str) -> None:
        """A message and its delivery; a few need a second call, fewer are given up."""
        seq = len(self.entries) + 1
        calls = self.chance.choice((2, 2, 3, 5)) if self.chance.random() < 0.002 else 1
        state: Any = "failed" if calls == 5 else "delivered"
        to_human = seq > 1
        receiver: Any = "user" if author == "agent" else "agent" if to_human else "bot"
        data = {"id": f"m{seq}", "seq": seq, "author": author, "text": text, "at": "2026-01-01T00:00:00.000Z"}
        rest = {"translation": None, "attachments": [], "delivery": {"state": "pending", "attempts": 0}}
        self._line(
            "message.created",
            at,
            data | rest,
            handover_id=self.handover.id if to_human else None,
            key=f"{author}:m{seq}",
            to_user=receiver == "user",
            to_bot=receiver == "bot",
            to_agent=1 if receiver == "agent" else 0,
        )
        self.marks.append(Mark(seq, receiver, state, calls, at + 0.05 * calls))

    def _line(self, kind: str, at: float, data: Any, **more: Any) -> None:
        seq, floor = len(self.entries) + 1, "human" if len(self.entries) > 1 else "bot"
        raw = msgspec.Raw(msgspec.json.encode(data))
        self.entries.append(Entry(self.state.id, seq, kind, at, floor, 1, raw, **more))  # type: ignore[arg-type]

    def unit(self) -> Unit:
        """All of it in one transaction."""
        state = msgspec.structs.replace(
            self.state,
            seq=len(self.entries),
            handover=self.handover,
            late=1 if self.chance.random() < 0.004 else 0,
            repeated=1 if self.chance.random() < 0.008 else 0,
        )
        row = HandoverRow(self.handover, state.channel, state.language)
        changes = Changes(state, tuple(self.entries), tuple(self.marks), handovers=(row,))
        return Unit(state.id, lambda _loaded: changes)


async def fill(store: Store, handovers: int, until: float, days: int = 28) -> None:
    """Write so many handovers."""
    await asyncio.gather(*(store.transact(unit) for unit in Past(until, days).units(handovers)))
