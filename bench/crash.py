"""kill -9 in the middle of everything, again and again, and then count: lost, repeated, misordered.

    python bench/crash.py --kills 20 [--json] [--conversations 12] [--seed 1]

A real `openhandover serve` on SQLite relays between a channel with a webhook and a desk behind the `http` provider.
Both ends are played here, in another process: they keep an account of what they sent and got, and sometimes take a
call and leave it unanswered. The server is killed at random moments (also while it starts), now and then stays away
for longer than a gap in the desk's numbers is waited for, and is started again. At the end the accounts of both
sides are compared with each other and with the server's own proof. Exit status 1 unless nothing was lost, repeated
(beyond what a receiver recognises by webhook-id) or misordered, in both directions.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from server import KEY, Server
from wire import Caller, is_genuine, receive, signed

QUIET_S = 30
ROUND = 25
"""Agent messages after which the desk closes, so that handovers end and begin among the crashes."""


@dataclass
class Story:
    """One conversation as its two ends saw it."""

    id: str
    user_said: int = 0
    agent_said: int = 0
    handovers: int = 0
    got_by_desk: set[int] = field(default_factory=set)
    relayed: set[int] = field(default_factory=set)
    got_by_user: list[int] = field(default_factory=list)
    last_seq: int = 0


@dataclass
class Talk:
    """One session at the desk."""

    story: Story
    handover_id: str
    external_id: str
    last: int = 0
    seq: int = 0


class Ends:
    """The user's channel and the desk: what they got, and what is wrong with it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.stories: dict[str, Story] = {}
        self.talks: dict[str, Talk] = {}
        self.begun: asyncio.Queue[Talk] = asyncio.Queue()
        self.bodies: dict[str, bytes] = {}
        self.wrong: Counter[str] = Counter()
        self.notes: list[str] = []
        self.recognised = 0
        self.calls = 0

    def fault(self, kind: str, note: str) -> None:
        """Something that must not be."""
        self.wrong[kind] += 1
        if len(self.notes) < 20:
            self.notes.append(f"{kind}: {note}")

    def handle(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """A call of the server."""
        self.calls += 1
        if not is_genuine(headers, body):
            self.fault("unsigned", path)
            return 401, b"{}"
        known = path + headers["webhook-id"]
        if known in self.bodies:
            self.recognised += 1
            if self.bodies[known] != body:
                self.fault("changed", f"{known} has another body on a retry")
            answer = b"{}"
            if path == "/desk/open":
                answer = json.dumps({"external_id": "s-" + headers["webhook-id"]}).encode()
            return 200, answer
        self.bodies[known] = body
        answer = self._take(path, headers["webhook-id"], json.loads(body))
        if self._chance.random() < 0.01:
            return 0, b""  # taken, but the answer is lost
        return 200, json.dumps(answer).encode()

    def _take(self, path: str, webhook_id: str, sent: dict) -> dict:
        match path:
            case "/hook":
                self._hooked(sent)
            case "/desk/open":
                return self._opened(webhook_id, sent)
            case "/desk/messages":
                self._relayed(self.talks[sent["external_id"]], sent["message"])
        return {}

    def _hooked(self, event: dict) -> None:
        if "seq" not in event:
            return
        story = self.stories[event["conversation_id"]]
        if event["seq"] <= story.last_seq:
            self.fault("misordered_to_user", f"{event['id']} after {story.last_seq}")
        story.last_seq = max(story.last_seq, event["seq"])
        if event["type"] == "message.created" and event["data"]["author"] == "agent":
            number = int(event["data"]["text"])
            if number in story.got_by_user:
                self.fault("repeated_to_user", f"{story.id} {number}")
            elif story.got_by_user and number < story.got_by_user[-1]:
                self.fault("misordered_to_user", f"{story.id} {number} after {story.got_by_user[-1]}")
            story.got_by_user.append(number)

    def _opened(self, webhook_id: str, sent: dict) -> dict:
        story = self.stories[sent["conversation"]["id"]]
        talk = Talk(story, sent["handover_id"], "s-" + webhook_id)
        self.talks[talk.external_id] = talk
        for message in sent["transcript"]:
            if message["author"] == "user":
                self._told(talk, message)
        self.begun.put_nowait(talk)
        return {"external_id": talk.external_id}

    def _relayed(self, talk: Talk, message: dict) -> None:
        number = int(message["text"])
        if number in talk.story.relayed and number != talk.last:
            self.fault("repeated_to_desk", f"{talk.external_id} {number}, relayed in an earlier session")
        talk.story.relayed.add(number)
        self._told(talk, message)

    def _told(self, talk: Talk, message: dict) -> None:
        number = int(message["text"])
        if number == talk.last:
            self.fault("repeated_to_desk", f"{talk.external_id} {number}")
        elif number < talk.last:
            self.fault("misordered_to_desk", f"{talk.external_id} {number} after {talk.last}")
        talk.last = max(talk.last, number)
        talk.story.got_by_desk.add(number)


class Crash:
    """The server under load, killed again and again."""

    def __init__(self, server: Server, ends: Ends, chance: random.Random) -> None:
        self._server = server
        self._ends = ends
        self._chance = chance
        self._stopping = False
        self._callers: dict[int, Caller] = {}
        self.by_transcript = 0
        """Messages written between two handovers: the next desk gets them with the transcript, no proof counts them."""

    async def call(self, method: str, path: str, body: dict | None = None, webhook_id: str = "") -> dict:
        """One call, until it is answered 2xx; the id in it stays the same. A 4xx is a fault of the server."""
        content = b"" if body is None else json.dumps(body).encode()
        while True:
            caller = self._callers.setdefault(
                self._server.port, Caller(self._server.port, {"authorization": f"Bearer {KEY}"})
            )
            try:
                headers = signed(webhook_id, content) if webhook_id else {}
                status, answer = await caller.request(method, path, content, headers)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            if status < 300:
                return json.loads(answer)
            if status < 500:
                self._ends.fault("refused", f"{method} {path}: {status} {answer[:200]!r}")
                raise RuntimeError(f"{method} {path}: {status} {answer!r}")
            await asyncio.sleep(0.05)

    async def user(self, story: Story) -> None:
        """The user writes, one message after the other is accepted."""
        while not self._stopping:
            number = story.user_said + 1
            body = {"id": f"u-{number}", "author": "user", "text": str(number)}
            await self.call("POST", f"/v1/conversations/{story.id}/messages", body)
            story.user_said = number
            await asyncio.sleep(self._chance.random() * 0.03)

    async def asks(self, story: Story) -> None:
        """Whenever no human has the conversation, a handover is asked for."""
        body = {"id": story.id, "channel": "app", "user": {"id": f"user of {story.id}"}}
        await self.call("POST", "/v1/conversations", body)
        talking = asyncio.create_task(self.user(story))
        while not self._stopping or not talking.done():
            state = await self.call("GET", f"/v1/conversations/{story.id}")
            if state["floor"] == "bot":
                await self._ask(story)
            await asyncio.sleep(0.1)
        await talking
        if (await self.call("GET", f"/v1/conversations/{story.id}"))["floor"] == "bot":
            await self._ask(story)

    async def _ask(self, story: Story) -> None:
        story.handovers += 1
        body = {"id": f"{story.id}-h{story.handovers}", "initiator": "user"}
        await self.call("POST", f"/v1/conversations/{story.id}/handovers", body)

    async def agents(self) -> None:
        """Somebody at the desk takes every new session."""
        async with asyncio.TaskGroup() as group:
            while not self._stopping:
                try:
                    talk = await asyncio.wait_for(self._ends.begun.get(), 0.2)
                except TimeoutError:
                    continue
                group.create_task(self._agent(talk))

    async def _agent(self, talk: Talk) -> None:
        await self._emit(talk, "agent.joined", agent={"id": "robin", "name": "Robin"})
        for _ in range(ROUND // 2):
            if self._stopping:
                return
            # Two at once: the numbers, not the connections, give the order.
            await asyncio.gather(self._says(talk), self._says(talk))
            await asyncio.sleep(self._chance.random() * 0.05)
        await self._emit(talk, "handover.closed")

    async def _says(self, talk: Talk) -> None:
        talk.story.agent_said += 1
        number = talk.story.agent_said
        await self._emit(talk, "agent.message", message={"id": f"a-{number}", "text": str(number)})

    async def _emit(self, talk: Talk, kind: str, **more: object) -> None:
        talk.seq += 1
        event = {
            "event_id": f"{talk.external_id}-{talk.seq}", "type": kind, "seq": talk.seq,
            "handover_id": talk.handover_id, "external_id": talk.external_id, **more,
        }  # fmt: skip
        answer = await self.call("POST", "/webhooks/desk", event, event["event_id"])
        if not answer["applied"] and answer.get("reason") != "repeated":
            self._ends.fault("not_applied", f"{event['event_id']} {kind}: {answer}")

    async def kills(self, count: int) -> None:
        """Kill and start again, at random moments."""
        for n in range(count):
            if n % 5 == 4:  # while it starts
                await self._server.kill()
                await self._server.spawn()
                await asyncio.sleep(self._chance.random() * 1.2)
            else:
                await asyncio.sleep(0.2 + self._chance.random() * 1.3)
            await self._server.kill()
            await asyncio.sleep(3.5 if n % 7 == 6 else self._chance.random() * 0.2)
            await self._server.spawn()
            await self._server.ready()

    async def run(self, kills: int, conversations: int) -> None:
        """Load, kills, and quiet at the end."""
        stories = [Story(f"c{n}") for n in range(conversations)]
        self._ends.stories = {story.id: story for story in stories}
        async with asyncio.TaskGroup() as group:
            desk = group.create_task(self.agents())
            users = [group.create_task(self.asks(story)) for story in stories]
            await self.kills(kills)
            await asyncio.sleep(0.5)
            self._stopping = True
            await asyncio.gather(desk, *users)
            await self._quiet()

    async def _quiet(self) -> None:
        """Until both ends have everything, and nothing has come for a second; at most half a minute."""
        until = time.monotonic() + QUIET_S
        calls, still = -1, 0
        while time.monotonic() < until and still < 5:
            await asyncio.sleep(0.2)
            done = not any(sum(self.lost(story)) for story in self._ends.stories.values())
            still = still + 1 if done and self._ends.calls == calls else 0
            calls = self._ends.calls

    def lost(self, story: Story) -> tuple[int, int]:
        """(to the desk, to the user): accepted and not seen at the other end."""
        return (
            len(set(range(1, story.user_said + 1)) - story.got_by_desk),
            len(set(range(1, story.agent_said + 1)) - set(story.got_by_user)),
        )

    async def compare_proof(self) -> Counter[str]:
        """What the server's proof says, held against the accounts."""
        total: Counter[str] = Counter()
        for story in self._ends.stories.values():
            to_user: list[int] = []
            proved: set[int] = set()
            for n in range(1, story.handovers + 1):
                proof = await self.call("GET", f"/v1/handovers/{story.id}-h{n}/proof")
                total.update(proof["counts"])
                for item in proof["items"]:
                    if item["delivered_at"] is None:
                        continue
                    if item["direction"] == "to_agent":
                        proved.add(int(item["id"].removeprefix("u-")))
                    else:
                        to_user.append(item["seq"])
            for number in proved ^ story.relayed:
                self._ends.fault("proof", f"{number} of {story.id} is in one account only: proof or desk")
            self.by_transcript += story.user_said - len(proved)
            if len(to_user) != len(story.got_by_user):
                self._ends.fault("proof", f"{story.id}: {len(to_user)}, seen {len(story.got_by_user)}")
        for kind in ("pending", "failed", "repeated", "misordered"):
            if total[kind]:
                self._ends.fault("proof", f"{total[kind]} {kind}")
        return total


async def measure(folder: Path, kills: int, conversations: int, seed: int) -> dict:
    """Run it all; the account."""
    chance = random.Random(seed)
    ends = Ends(chance)
    receiver, port = await receive(ends.handle)
    server = Server(folder, port)
    crash = Crash(server, ends, chance)
    began = time.monotonic()
    try:
        await server.spawn()
        await server.ready()
        await crash.run(kills, conversations)
        proof = await crash.compare_proof()
        status = await server.stop()
    finally:
        await server.kill()
        receiver.close()
    if status != 0:
        ends.fault("stop", f"exit status {status}")
    stories = list(ends.stories.values())
    lost = [sum(each) for each in zip(*map(crash.lost, stories), strict=True)]
    wrong = ends.wrong
    known = ("repeated_to_desk", "repeated_to_user", "misordered_to_desk", "misordered_to_user")
    return {
        "kills": kills,
        "seconds": round(time.monotonic() - began, 1),
        "seed": seed,
        "conversations": conversations,
        "handovers": sum(story.handovers for story in stories),
        "accepted": {
            "to_agent": sum(s.user_said for s in stories), "to_user": sum(s.agent_said for s in stories),
        },
        "lost": {"to_agent": lost[0], "to_user": lost[1]},
        "repeated": {"to_agent": wrong[known[0]], "to_user": wrong[known[1]]},
        "misordered": {"to_agent": wrong[known[2]], "to_user": wrong[known[3]]},
        "recognised_by_id": ends.recognised,
        "other_faults": {kind: n for kind, n in wrong.items() if kind not in known},
        "notes": ends.notes,
        "proof": dict(proof),
        "by_transcript_only": crash.by_transcript,
        "ready_s": {"median": round(statistics.median(server.ready_s), 2), "max": round(max(server.ready_s), 2)},
        "ok": not wrong and not any(lost),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--conversations", type=int, default=12)
    parser.add_argument("--seed", type=int, default=None, help="repeats the random choices of a run")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--keep", type=Path, help="leave database and logs in this folder")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.randrange(10**6)

    def run(folder: Path) -> dict:
        return uvloop.run(
            asyncio.wait_for(measure(folder, asked.kills, asked.conversations, seed), 90 + 8 * asked.kills)
        )

    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
        found = run(asked.keep.absolute())
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = run(Path(folder))
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        print(*(f"{name:18}{value}" for name, value in found.items()), sep="\n")
    sys.exit(0 if found["ok"] else 1)


if __name__ == "__main__":
    main()
