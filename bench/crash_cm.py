"""kill -9 between CM.com's Router and us, again and again, and then count: lost, repeated, misordered.

    python bench/crash_cm.py --kills 30 [--json] [--talks 4] [--seed 1]

A real `openhandover serve` on SQLite, and three kinds of talks at once:
- inside: visitors of Web Conversations whose bot is our channel of type `cm`; a handover rewires the chat (`cm_msc`).
- outside: conversations of an own channel that `cm_msc` relays by TwoWay.
- calls: phone calls that the webhook gateway forwards, and whose caller comes back.
CM.com is played by the emulator, the user's channel and the gateway here. Answers get lost, calls are refused, callbacks
come twice. Ids are kept on both sides, so that a repeated message is one that was delivered under another id. Exit
status 1 unless everybody got everything once, in order.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from server import KEY, Server
from wire import SECRET, Caller, is_genuine, receive

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from openhandover.emulators.cm import CmEmulator, ids
from openhandover.emulators.cm.chat import Chat
from tests.ports import free_port

QUIET_S = 60
CM_SECRET = "a-secret-shared-with-cm"
ROUTE = {"user_name": "Ada", "user_email": "ada@example.org"}


def config(folder: Path, ends: int, cm: CmEmulator) -> str:
    """Everything that talks here."""
    account = (
        f"technical_link_id: {cm.account.technical_link_id}, product_token: {cm.account.product_token}, "
        f"base_url: '{cm.url}'"
    )
    webhook = f"url: 'http://127.0.0.1:{ends}/hook', secret: '{SECRET}'"
    route = f"{{messaging_adapter: {ids.WEB}, user_name: Ada, user_email: ada@example.org}}"
    return f"""
store: 'sqlite:{folder}/bench.db'
api: {{keys: [{{name: bench, key: {KEY}, scopes: [conversations, handovers, admin]}}]}}
languages: {{default: en, supported: [en]}}
outbound: {{allow: ['127.0.0.1']}}
defaults: {{handover: {{limits: {{open_s: 300}}}}}}  # each start may take seconds
channels:
  app: {{type: api, provider: outside, webhook: {{{webhook}}}}}
  cm: {{type: cm, bot: main, provider: inside, secret: {CM_SECRET}, adapter_id: {ids.BOT}, {account}}}
gateways: {{pbx: {{type: webhook, url: 'http://127.0.0.1:{ends}/calls', secret: '{SECRET}'}}}}
providers:
  inside: {{type: cm_msc, bot_adapter: {ids.BOT}, {account}}}
  outside:
    type: cm_msc
    {account.replace(", ", chr(10) + "    ")}
    twoway: {{adapter_id: {ids.OUTSIDE}, host_id: shop, secret: {CM_SECRET}}}
  front: {{type: forward, to: 'sip:front@pbx.example', mode: dial}}
bots: {{main: {{flow: main}}}}
flows:
  main:
    - if: "input.text == 'human'"
      then: [{{handover: {{message: "A person comes.", accepted_message: "", route: {route}}}}}]
      else: [say: "You said {{{{ input.text }}}}"]
"""


class World:
    """The other ends, and what is wrong with what they got."""

    def __init__(self, server: Server, cm: CmEmulator, chance: random.Random) -> None:
        self.server = server
        self.cm = cm
        self.chance = chance
        self.wrong: Counter[str] = Counter()
        self.notes: list[str] = []
        self.said: Counter[str] = Counter()
        self.heard: defaultdict[str, list[str]] = defaultdict(list)
        """Conversation -> what agents said to its user."""
        self.orders: dict[str, list[str]] = {}
        """Handover -> what the gateway was asked to do."""
        self.known: dict[str, bytes] = {}
        self.recognised = 0
        self.rounds = dict.fromkeys(("inside", "outside", "calls"), 0)
        """Kind of talk -> handovers that came to their end: a busy machine makes a run longer, not empty."""
        self.stopping = False
        self._callers: dict[int, Caller] = {}

    def fault(self, kind: str, note: str) -> None:
        """Something that must not be."""
        self.wrong[kind] += 1
        if len(self.notes) < 20:
            self.notes.append(f"{kind}: {note}")

    def handle(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """A call of the server: to the user's webhook, or to the gateway."""
        if not is_genuine(headers, body):
            self.fault("unsigned", path)
            return 401, b"{}"
        key = f"{path} {headers['webhook-id']}"
        if key in self.known:
            self.recognised += 1
            if self.known[key] != body:
                self.fault("changed", f"{key} has another body on a retry")
            return 200, b"{}"
        if self.chance.random() < 0.03:
            return 503, b"{}"
        self.known[key] = body
        event = json.loads(body)
        if path == "/calls":
            self.orders.setdefault(event["handover_id"], []).append(event["type"])
        elif event["type"] == "message.created" and event["data"]["author"] == "agent":
            self.heard[event["conversation_id"]].append(event["data"]["text"])
        return (0, b"") if self.chance.random() < 0.02 else (200, b"{}")

    async def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One call, until it is answered 2xx."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {KEY}"}
        caller = self._callers.setdefault(self.server.port, Caller(self.server.port, headers))
        while True:
            try:
                status, answer = await caller.request(method, path, content)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            if status < 300:
                return json.loads(answer)
            if status < 500:
                self.fault("refused", f"{method} {path}: {status} {answer[:200]!r}")
                raise RuntimeError(f"{method} {path}: {status} {answer!r}")
            await asyncio.sleep(0.05)

    async def until(self, what: str, holds: Callable[[], bool], within_s: float = QUIET_S) -> bool:
        """Whether it holds in time; a fault where it does not."""
        end = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > end:
                self.fault("lost", what)
                return False
            await asyncio.sleep(0.02)
        return True

    async def handover(self, handover_id: str, *statuses: str) -> dict[str, Any]:
        """The handover, once it has one of these statuses; after a minute as it is, which is a fault."""
        end = time.monotonic() + QUIET_S
        while (found := await self.call("GET", f"/v1/handovers/{handover_id}"))["status"] not in statuses:
            if time.monotonic() > end:
                self.fault("stuck", f"{handover_id} is {found['status']}, not {statuses}")
                return found
            await asyncio.sleep(0.05)
        return found

    def compare(self, who: str, wanted: list[str], got: list[str]) -> None:
        """Hold two accounts against each other."""
        missing, more = Counter(wanted) - Counter(got), Counter(got) - Counter(wanted)
        for kind, found in (("lost", missing), ("repeated", more)):
            if found:
                self.fault(kind, f"{who}: {dict(found)}")
        if not missing and not more and wanted != got:
            self.fault("misordered", f"{who}: {got} instead of {wanted}")
        self.said[who.partition(" ")[0]] += len(wanted)

    # --- the talks

    async def inside(self, number: int) -> None:
        """A visitor and the bot, a visitor and an agent, and again."""
        visitor = self.cm.visitor(f"visitor-{number}", "Ada")
        wanted: list[str] = []
        while not self.stopping:
            for n in range(self.chance.randint(1, 4)):
                text = f"{len(wanted)}-{n}"
                visitor.says(text)
                wanted.append(f"You said {text}")
                await asyncio.sleep(self.chance.random() * 0.1)
            if not await self.until(
                f"inside {number} bot {wanted[-1]}", lambda: len(visitor.answers) >= len(wanted)
            ):
                break
            chat = visitor.says("human")
            wanted.append("A person comes.")
            if not await self.until(f"inside {number} handover", partial(is_waiting, chat)):
                break
            for n in range(3):
                await self.cm.agent_says(chat.id, f"agent {len(wanted)}")
                wanted.append(f"agent {len(wanted)}")
                visitor.says(f"to the agent {n}")
            await self.until(f"inside {number} agent", lambda: len(visitor.answers) >= len(wanted))
            await self._known(f"visitor-{number}")
            await self.cm.agent_ends(chat.id)
            self.rounds["inside"] += 1
        await asyncio.sleep(1)
        self.compare(f"inside {number}", wanted, visitor.answers)

    async def _known(self, user_id: str) -> None:
        """Wait until we have heard that the chat was given away: a mutation names a chat and no session, so that one
        repeated after the next session has begun would take that one away."""
        page = await self.call("GET", f"/v1/conversations?user_id={user_id}&limit=1")
        page = await self.call("GET", f"/v1/handovers?conversation_id={page['items'][0]['id']}&limit=1")
        await self.handover(page["items"][0]["id"], "transferred")

    async def outside(self, number: int) -> None:
        """A conversation that is relayed, closed, and relayed again."""
        conversation_id, times = f"outside-{number}", 0
        await self.call(
            "POST",
            "/v1/conversations",
            {"id": conversation_id, "channel": "app", "user": {"id": f"u{number}"}},
        )
        to_user: list[str] = []
        while not self.stopping:
            times += 1
            handover_id = f"{conversation_id}-h{times}"
            settings = {"route": ROUTE, "message": "", "accepted_message": ""}
            body = {"id": handover_id, "initiator": "user", "settings": settings}
            await self.call("POST", f"/v1/conversations/{conversation_id}/handovers", body)
            await self._relayed(conversation_id, handover_id, to_user)
            self.rounds["outside"] += 1
        heard = self.heard[conversation_id]
        await self.until(f"to_user {conversation_id}", lambda: set(to_user) <= set(heard))
        await asyncio.sleep(1)
        self.compare(f"to_user {conversation_id}", to_user, heard)

    async def _relayed(self, conversation_id: str, handover_id: str, to_user: list[str]) -> None:
        chats = self.cm.chats
        if not await self.until(
            f"{handover_id} chat",
            lambda: any(c.client_id == handover_id and c.side == "waiting" for c in chats.values()),
        ):
            return
        chat = next(one for one in chats.values() if one.client_id == handover_id)
        to_agent: list[str] = []
        for _ in range(self.chance.randint(2, 6)):
            text = f"{handover_id} {len(to_agent)}"
            body = {"id": text.replace(" ", "-"), "author": "user", "text": text}
            await self.call("POST", f"/v1/conversations/{conversation_id}/messages", body)
            to_agent.append(text)
            said = f"{handover_id} agent {len(to_agent)}"
            await self.cm.agent_says(chat.id, said)
            to_user.append(said)
            await asyncio.sleep(self.chance.random() * 0.1)

        def relayed() -> list[str]:
            lines = [line.text for line in chat.lines if line.author == "user"]
            return [text for text in lines[1:] if text.startswith(handover_id)]

        await self.until(f"{handover_id} relayed", lambda: len(relayed()) >= len(to_agent))
        await self.cm.agent_ends(chat.id)
        ended = await self.handover(handover_id, "completed", "cancelled", "error", "timeout")
        if ended["status"] != "completed":
            self.fault("stuck", f"{handover_id} ended as {ended['status']}, {ended['reason']}")
        self.compare(f"to_agent {handover_id}", to_agent, relayed())

    async def calls(self, number: int) -> None:
        """A phone call that is forwarded and comes back, again and again."""
        conversation_id, times = f"call-{number}", 0
        call = {"gateway": "pbx", "id": f"c{number}", "from": "+31612345678", "to": "+31201234567"}
        body = {
            "id": conversation_id,
            "channel": "app",
            "user": {"id": f"c{number}"},
            "medium": "voice",
            "call": call,
        }
        await self.call("POST", "/v1/conversations", body)
        while not self.stopping:
            times += 1
            handover_id = f"{conversation_id}-h{times}"
            settings = {"voice": {"provider": "front", "message": "One moment."}, "accepted_message": ""}
            await self.call(
                "POST", f"/v1/conversations/{conversation_id}/handovers",
                {"id": handover_id, "initiator": "user", "settings": settings},
            )  # fmt: skip
            if not await self.until(f"{handover_id} order", partial(self._is_ordered, handover_id)):
                break
            await self.handover(handover_id, "queued", "active")
            for outcome in ("connected", "ended"):
                for _ in range(self.chance.randint(1, 2)):
                    await self.call("POST", f"/v1/handovers/{handover_id}/call-result", {"outcome": outcome})
            await self.handover(handover_id, "completed")
            self.compare(f"calls {handover_id}", ["call.say", "call.transfer"], self.orders[handover_id])
            self.rounds["calls"] += 1

    def _is_ordered(self, handover_id: str) -> bool:
        return len(self.orders.get(handover_id, ())) == 2

    async def faults(self) -> None:
        """CM is not at its best."""
        while not self.stopping:
            await asyncio.sleep(self.chance.random() * 0.4)
            self.cm.faults.clear()  # a busy machine calls less often than faults come: saved up, they would never end
            endpoint = self.chance.choice(("twoway", "mutation"))
            match self.chance.randrange(4):
                case 0:
                    self.cm.faults.lose_next_reply(endpoint=endpoint)
                case 1:
                    self.cm.faults.fail_next(self.chance.choice((429, 500, 503)), endpoint=endpoint)
                case 2:
                    self.cm.callbacks.repeat_next()
                case _:
                    self.cm.faults.slow(self.chance.random() * 0.05, endpoint=endpoint)
        self.cm.faults.clear()

    async def kills(self, count: int) -> None:
        """Kill and start again, at random moments."""
        for n in range(count):
            await asyncio.sleep(0.1 + self.chance.random() * (0.3 if n % 5 == 4 else 1.2))
            await self.server.kill()
            await asyncio.sleep(self.chance.random() * (2.0 if n % 7 == 6 else 0.2))
            await self.server.spawn()
            await self.server.ready()

    async def run(self, kills: int, talks: int) -> None:
        """Talks, kills, and quiet at the end."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.faults())
            for number in range(talks):
                for kind in (self.inside, self.outside, self.calls):
                    group.create_task(kind(number))
            await self.kills(kills)
            await self.until("three handovers of each kind", lambda: min(self.rounds.values()) >= 3)
            self.stopping = True


def is_waiting(chat: Chat) -> bool:
    """Whether nobody at the desk has written yet."""
    return chat.side == "waiting"


async def measure(folder: Path, kills: int, talks: int, seed: int) -> dict[str, Any]:
    """Run it all; the account."""
    worlds: list[World] = []
    receiver, ends = await receive(lambda *call: worlds[0].handle(*call))  # noqa: PLW0108  (it is not there yet)
    began = time.monotonic()
    async with CmEmulator() as cm:
        cm.account.keeps_ids = True
        cm.callbacks.redelivery_s = (0.1, 0.2, 0.5, *(1.0,) * 60)
        server = Server(folder, ends)
        server.listens = free_port()
        (folder / "openhandover.yaml").write_text(config(folder, ends, cm))
        for adapter, path in (("bot", "channels/cm"), ("outside", "webhooks/outside")):
            headers = {"X-Openhandover-Secret": CM_SECRET}
            cm.call_back(adapter, f"http://127.0.0.1:{server.listens}/{path}", headers)
        world = World(server, cm, random.Random(seed))
        worlds.append(world)
        try:
            await server.spawn()
            await server.ready()
            await world.run(kills, talks)
            status = await server.stop()
        finally:
            await server.kill()
            receiver.close()
    if status != 0:
        world.fault("stop", f"exit status {status}")
    counted = ("lost", "repeated", "misordered", "stuck")
    return {
        "kills": kills,
        "seconds": round(time.monotonic() - began, 1),
        "seed": seed,
        "talks": talks,
        "said": dict(world.said),
        **{kind: world.wrong[kind] for kind in counted},
        "recognised_by_id": world.recognised,
        "other_faults": {kind: n for kind, n in world.wrong.items() if kind not in counted},
        "notes": world.notes,
        "ok": not world.wrong,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--talks", type=int, default=4, help="of each kind")
    parser.add_argument("--seed", type=int, default=None, help="repeats the random choices of a run")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.randrange(10**6)
    with tempfile.TemporaryDirectory() as folder:
        work = measure(Path(folder), asked.kills, asked.talks, seed)
        found = asyncio.run(asyncio.wait_for(work, 120 + 8 * asked.kills))
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        print(*(f"{name:18}{value}" for name, value in found.items()), sep="\n")
    sys.exit(0 if found["ok"] else 1)


if __name__ == "__main__":
    main()
