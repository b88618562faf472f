"""The talks of `crash_vendors`: what both sides said, and what is found of it at the emulator and at the user's channel."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crash_cm import World
from providers import letters
from server import Server

from openhandover.emulators.answers import Refused
from tests.contract.vendor_world import strings_of

QUIET_S = 60
LATE_S = 20
DIAGNOSED = 12


@dataclass
class Story:
    """One conversation: what both sides said, numbered so that each text is unlike all others."""

    id: str
    token: str
    to_agent: list[str] = field(default_factory=list[str])
    to_user: list[str] = field(default_factory=list[str])
    before: set[str] = field(default_factory=set[str])
    """Chats at the vendor of earlier handovers."""
    handovers: int = 0

    def text(self, said: list[str], who: str) -> str:
        """The next text; it counts as said once it was taken."""
        return f"{self.token}-{who}-{letters(len(said))}-end"


class Vendor(World):
    """A vendor's emulator and the user's channel."""

    def __init__(self, server: Server, suite: Any, emulator: Any, chance: random.Random) -> None:
        super().__init__(server, emulator, chance)
        self.suite, self.emulator = suite, emulator
        self.withdrawn: list[Story] = []

    def fault(self, kind: str, note: str) -> None:
        """As it is found, for whoever waits."""
        super().fault(kind, note)
        print(f"{time.strftime('%X')} {kind}: {note}", file=sys.stderr)

    def chats(self, story: Story) -> list[dict[str, Any]]:
        """The chats of this handover: there should be one."""
        shown = self.emulator.shown()["chats"]
        return [one for one in shown if one["id"] not in story.before and story.token in strings_of(one)]

    async def holds(self, what: str, look: Callable[[], Any], kind: str = "stuck") -> Any:
        """What `look()` answers once it is true; falsy and a fault where that takes too long."""
        end = time.monotonic() + QUIET_S
        while not (found := look()):
            if time.monotonic() > end:
                self.fault(kind, what)
                return found
            await asyncio.sleep(0.05)
        return found

    # --- one conversation after the other

    async def talks(self, number: int) -> None:
        """Conversations with two handovers each."""
        count = 0
        while not self.stopping:
            count += 1
            name = f"t{letters(number)[-2:]}{letters(count)[-4:]}"
            story = Story(f"c-{name}", name)
            user = {"id": f"u-{name}", "name": f"Ann {name}", "email": f"{name}@example.com"}
            try:
                await self.call("POST", "/v1/conversations", {"id": story.id, "channel": "app", "user": user})
                for _ in range(2):
                    if await self.handed_over(story) == "cancel":
                        self.withdrawn.append(story)  # its chat may come yet, and must be ended then
                        break
            except RuntimeError:
                continue  # refused, and counted as such
            await self.late_words(story)
            self.account(
                "to_user",
                story,
                story.to_user,
                [text for text in self.heard.get(story.id, []) if story.token in text],
            )

    async def late_words(self, story: Story) -> None:
        """What comes after the end still counts as arrived, for a while."""
        end = time.monotonic() + LATE_S
        while set(story.to_user) - set(self.heard.get(story.id, [])) and time.monotonic() < end:
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)

    async def handed_over(self, story: Story) -> str:
        """From the wish for a human to the end; who ended it."""
        story.before |= {
            one["id"] for one in self.emulator.shown()["chats"] if story.token in strings_of(one)
        }
        story.handovers += 1
        handover_id, first = f"{story.id}-h{story.handovers}", len(story.to_agent)
        await self.user_says(story)
        settings = {"transcript": {"send": True}, "route": dict(self.suite.route)}
        wanted = {"id": handover_id, "initiator": "user", "settings": settings}
        await self.call("POST", f"/v1/conversations/{story.id}/handovers", wanted)
        how = self.chance.choice(("agent", "agent", "agent", "close", "cancel"))
        if how == "cancel":
            await asyncio.sleep(self.chance.random() * 0.5)
            await self.call("POST", f"/v1/handovers/{handover_id}/cancel")
        else:
            await self.talked(story, how, handover_id)
        if await self.ended(story, handover_id, how) and how != "cancel":
            self.arrived(story, story.to_agent[first:])
        return how

    async def talked(self, story: Story, how: str, handover_id: str) -> None:
        """Both write at once; then one of them ends it."""
        found = await self.holds(f"{handover_id} chat", lambda: self.chats(story))
        if not found:
            return
        if self.emulator.plays("agent_joins"):
            await self.agent(self.emulator.agent_joins, story)
        await asyncio.gather(self.writes(story), self.answers(story))
        if not await self.holds(
            f"{handover_id} everything at the vendor", lambda: story.to_agent[-1] in self.seen(story)
        ):
            await self.told(handover_id)
        if how == "agent":
            await self.agent(self.emulator.agent_ends, story)
        else:
            await self.holds(
                f"{handover_id} everything at the user",
                lambda: not story.to_user or story.to_user[-1] in self.heard.get(story.id, []),
            )
            await self.call("POST", f"/v1/handovers/{handover_id}/close")

    async def told(self, handover_id: str) -> None:
        """Note what we and the vendor said to each other last, where something went wrong."""
        found = await self.call("GET", f"/v1/handovers/{handover_id}/diagnosis")
        for one in found["calls"][-DIAGNOSED:]:
            told = (one.get(name) for name in ("at", "operation", "target", "status", "detail"))
            self.notes.append("  " + " ".join(str(part)[:160] for part in told))

    async def writes(self, story: Story) -> None:
        """The user."""
        for _ in range(self.chance.randint(2, 6)):
            await self.user_says(story)
            await asyncio.sleep(self.chance.random() * 0.15)

    async def user_says(self, story: Story) -> None:
        """One message, repeated with its id until it was accepted."""
        text = story.text(story.to_agent, "u")
        await self.call(
            "POST",
            f"/v1/conversations/{story.id}/messages",
            {"id": f"m{len(story.to_agent)}", "author": "user", "text": text},
        )
        story.to_agent.append(text)
        self.said["to_agent"] += 1

    async def answers(self, story: Story) -> None:
        """The agent."""
        for _ in range(self.chance.randint(1, 5)):
            text = story.text(story.to_user, "a")
            if await self.agent(lambda chat, text=text: self.emulator.agent_says(chat, text), story):
                story.to_user.append(text)
                self.said["to_user"] += 1
            await asyncio.sleep(self.chance.random() * 0.15)

    async def agent(self, does: Callable[[str], Any], story: Story) -> bool:
        """Something that the agent does in the newest chat; a vendor that does not let them is no fault of ours."""
        try:
            await does(self.chats(story)[-1]["id"])
        except Refused as error:
            self.notes.append(f"{story.id}: the agent cannot: {error}")
            return False
        return True

    async def ended(self, story: Story, handover_id: str, how: str) -> bool:
        """With us as it should be, and at the vendor as well."""
        found = await self.handover(handover_id, "completed", "cancelled", "error", "timeout")
        wanted = "cancelled" if how == "cancel" else "completed"
        if found["status"] != wanted:
            self.fault("stuck", f"{handover_id} ended as {found['status']}, {found['reason']}, by {how}")
            await self.told(handover_id)
        if how == "cancel" or not self.suite.user_end_ends:
            return found["status"] == wanted
        await asyncio.sleep(0.1)
        await self.holds(
            f"{handover_id}: still open at the vendor after {how}",
            lambda: all(one["state"] == "ended" for one in self.chats(story)),
        )
        if len(chats := self.chats(story)) > 1:
            self.fault("second_chat", f"{handover_id}, by {how}: {[one['id'] for one in chats]}")
            await self.told(handover_id)
        return found["status"] == wanted

    def seen(self, story: Story) -> str:
        """All lines that agents see in this handover."""
        return "\n".join(str(line["text"]) for chat in self.chats(story) for line in chat["lines"])

    def arrived(self, story: Story, said: list[str]) -> None:
        """Hold what the user said in this handover against what the agents see."""
        seen = self.seen(story)
        places = sorted((at, text) for text in said for at in found_at(seen, text))
        self.account("to_agent", story, said, [text for _, text in places])

    def account(self, where: str, story: Story, said: list[str], got: list[str]) -> None:
        """Lost, repeated or misordered, by numbers."""
        for kind, found in (
            (f"lost_{where}", Counter(said) - Counter(got)),
            (f"repeated_{where}", Counter(got) - Counter(said)),
        ):
            for text, times in found.items():
                for _ in range(times):
                    tries = [
                        one.attempts for one in self.emulator.callbacks.sent if text.encode() in one.body
                    ]
                    self.fault(kind, f"{story.id} {text}, answers to its webhooks: {tries}")
        once = list(dict.fromkeys(got))
        if once != [text for text in said if text in set(got)]:
            by_vendor = where == "to_user" and self.swapped(story)
            self.fault(
                "misordered_by_the_vendor" if by_vendor else f"misordered_{where}", f"{story.id} {once}"
            )

    def swapped(self, story: Story) -> bool:
        """Whether the vendor sent a webhook of this conversation after its successor, or not again although it was refused,
        so that it had to be looked for."""
        return any(
            one.swapped or one.given_up
            for one in self.emulator.callbacks.sent
            if story.token.encode() in one.body
        )

    # --- trouble

    async def faults(self) -> None:
        """The vendor is not at its best."""
        faults, callbacks = self.emulator.faults, self.emulator.callbacks
        endpoints = [self.suite.open_endpoint, self.suite.send_endpoint, self.suite.token_endpoint, None]
        while not self.stopping:
            await asyncio.sleep(self.chance.random() * 0.5)
            callbacks.let_go()
            faults.clear()  # seldom called endpoints would save them up, until nothing works any more
            endpoint = self.chance.choice(endpoints)
            match self.chance.randrange(8):
                case 0 | 1:
                    faults.lose_next_reply(endpoint=endpoint)
                case 2:
                    faults.fail_next(self.chance.choice((429, 500, 503)), endpoint=endpoint)
                case 3:
                    faults.answer_late(self.chance.random(), endpoint=endpoint)
                case 4:
                    callbacks.repeat_next()
                case 5:
                    callbacks.reorder_next()
                case 6:
                    callbacks.late(self.chance.random() * 0.2)
                case _:
                    if self.emulator.plays("expire_tokens"):
                        self.emulator.expire_tokens()
        faults.clear()
        callbacks.late(0)
        while any(not one.done for one in self.running):
            await asyncio.sleep(0.2)
            callbacks.let_go()

    @dataclass
    class _Run:
        done: bool = False

    async def run(self, kills: int, talks: int) -> None:
        """Talks, kills, and quiet at the end."""
        self.running = [Vendor._Run() for _ in range(talks)]

        async def one(number: int) -> None:
            try:
                await self.talks(number)
            finally:
                self.running[number].done = True

        async with asyncio.TaskGroup() as group:
            group.create_task(self.faults())
            for number in range(talks):
                group.create_task(one(number))
            await self.kills(kills)
            await asyncio.sleep(0.5)
            await self.holds("both write", lambda: min(self.said["to_agent"], self.said["to_user"]) > 1)
            self.stopping = True
        for story in self.withdrawn if self.suite.user_end_ends else ():
            await self.holds(
                f"{story.id}: still open at the vendor after it was withdrawn",
                lambda story=story: all(one["state"] == "ended" for one in self.chats(story)),
                "left_open",
            )
            if len(chats := self.chats(story)) > 1 and story.handovers == 1:
                self.fault("second_chat", f"{story.id}, withdrawn: {[one['id'] for one in chats]}")


def found_at(text: str, part: str) -> list[int]:
    """Every place of a part."""
    places, at = list[int](), text.find(part)
    while at >= 0:
        places.append(at)
        at = text.find(part, at + 1)
    return places
