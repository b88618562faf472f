"""A scripted agent at the built-in desk: takes what no person takes, reads, types, notes, transfers, resolves."""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import aiohttp

from .cast import Cast
from .desk import DeskClient
from .pace import Pace
from .talk import Talk

LEAVES_ROOM_S = 15.0
"""While a person is at the desk, a waiting handover is theirs for so long."""
READY_S = (3.0, 7.0)
"""Otherwise it is taken after so long."""
LOOKS_EVERY_S = 1.0
GOES_HOME_S = 2.0
AT_ONCE = 2
"""So many conversations a scripted agent holds."""

Entry = dict[str, Any]


class SimulatedAgent:
    """One agent of the team. `team` are all who are played by scripts, so that a person is known as one."""

    def __init__(self, desk: DeskClient, team: Collection[str], cast: Cast, pace: Pace) -> None:
        self.desk = desk
        self.cast = cast
        self.pace = pace
        self.team = team
        self.name = desk.agent_id
        self._languages: list[str] = []
        self._entries: dict[str, Entry] = {}
        self._since: dict[str, float] = {}
        self._talks: dict[str, Talk] = {}
        self._people: set[str] = set()
        """Agents who are online and no script."""
        self.is_there = asyncio.Event()
        """Set once the desk knows that this agent is online."""

    async def work(self) -> None:
        """Be at the desk until cancelled."""
        await self.desk.log_in()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._take_what_waits(group))
        finally:
            await self._go_home()

    async def _go_home(self) -> None:
        """Leave nobody waiting for a script that has stopped; a server that is down learns it from our silence."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GOES_HOME_S):
                await self.desk.call("PUT", "presence", {"presence": "offline"})

    # --- what is going on

    async def _listen(self) -> None:
        while True:
            last_id = await self._look()
            with suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
                async for kind, data in self.desk.events(last_id):
                    if kind == "desk.resync":
                        await self._look()
                    else:
                        self._take(kind, data)
            for talk in self._talks.values():
                talk.reader.missed()

    async def _look(self) -> str:
        """Load what the desk shows now; answers the place in the stream that it belongs to."""
        mine = (await self.desk.call("GET", "me")).body["agent"]
        self.name, self._languages = mine["name"], mine["languages"]
        self.cast.names.add(self.name)
        if mine["presence"] != "online":
            await self.desk.call("PUT", "presence", {"presence": "online"})
        agents = (await self.desk.call("GET", "agents")).body["items"]
        for agent in agents:
            self._note_presence(agent)
        shown = (await self.desk.call("GET", "handovers?view=open")).body
        self._entries = {entry["id"]: entry for entry in shown["items"]}
        self.is_there.set()
        for talk in self._talks.values():
            talk.reader.missed()
        return shown["event_id"]

    def _take(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "desk.entry":
            entry = data["entry"]
            self._entries[entry["id"]] = entry
            if entry["ended_at"] is not None:
                self._gone(entry["id"])
        elif kind == "desk.gone":
            self._gone(data["handover_id"])
        elif kind == "desk.presence":
            self._note_presence(data["agent"])
        elif kind == "message.created" and data.get("handover_id") in self._talks:
            self._talks[data["handover_id"]].reader.event(data)

    def _gone(self, handover_id: str) -> None:
        self._entries.pop(handover_id, None)
        self._since.pop(handover_id, None)

    def _note_presence(self, agent: dict[str, Any]) -> None:
        if agent["id"] not in self.team:
            (self._people.add if agent["presence"] == "online" else self._people.discard)(agent["id"])

    # --- taking conversations

    async def _take_what_waits(self, group: asyncio.TaskGroup) -> None:
        while True:
            await asyncio.sleep(self.pace.of(LOOKS_EVERY_S))
            for entry in list(self._entries.values()):
                waits = entry["agent"] is None
                if self.holds(entry["id"]) or (
                    waits and self._is_mine_to_take(entry) and await self._accepted(entry)
                ):
                    self._begin(entry, group)

    def _is_mine_to_take(self, entry: Entry) -> bool:
        if len(self._talks) >= AT_ONCE:
            return False
        now = time.monotonic()
        first = self._since.setdefault(entry["id"], now + self.pace.between(*READY_S))
        waits_s = now - first
        if self._people:
            waits_s -= LEAVES_ROOM_S  # a person is no faster at a higher pace
        if entry["language"] not in self._languages:
            waits_s -= self.pace.of(2 * LEAVES_ROOM_S)
        role = self.cast.roles.get(entry["conversation_id"])
        if role is not None and role.visit.story.hurried:
            waits_s -= self.pace.patience(2 * LEAVES_ROOM_S)  # or nobody would ever withdraw
        return waits_s >= 0

    async def _accepted(self, entry: Entry) -> bool:
        answer = await self.desk.call("POST", f"handovers/{entry['id']}/accept", {})
        if answer.status != 200:
            self._gone(entry["id"])  # somebody was faster, or it is over; the stream says more
            return False
        self._entries[entry["id"]] = {**entry, "agent": {"id": self.desk.agent_id}}
        return True

    def _begin(self, entry: Entry, group: asyncio.TaskGroup) -> None:
        handover_id = entry["id"]
        if handover_id in self._talks:
            return
        talk = self._talks[handover_id] = Talk(self, entry)
        task = group.create_task(talk.hold())
        task.add_done_callback(lambda _: self._talks.pop(handover_id, None))

    def holds(self, handover_id: str) -> bool:
        """Whether this agent has the handover now, as far as the desk has told."""
        entry = self._entries.get(handover_id)
        return bool(entry and entry["agent"] and entry["agent"]["id"] == self.desk.agent_id)

    async def colleague(self) -> str | None:
        """Another scripted agent who is online and has room."""
        agents = (await self.desk.call("GET", "agents")).body["items"]
        free = [
            one["id"]
            for one in agents
            if one["id"] in self.team and one["id"] != self.desk.agent_id and one["presence"] == "online"
        ]
        return self.pace.random.choice(free) if free else None
