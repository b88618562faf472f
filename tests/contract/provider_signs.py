"""The provider suite: everything besides words. What `Capabilities` denies must not be there."""

import asyncio
from typing import Any

from tests.contract import vendor_world
from tests.contract.provider_talking import Talking
from tests.contract.vendor_world import Talk, VendorWorld, until, uploaded

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc00000030101003fe8a9d50000000049454e44ae426082"
)


class Signs(Talking):
    """Typing, files, receipts, presence, the queue, and whether somebody is there."""

    async def test_the_agent_types(self, world: VendorWorld) -> None:
        """Their typing is shown to the user, and ends."""
        talk = await self.talk(world).active()
        chat = (await talk.chat())["id"]
        if self.capabilities.typing_in:
            await world.emulator.agent_types(chat, on=True)
            assert (await talk.got("typing.started"))["data"] == {"author": "agent"}
            await world.emulator.agent_types(chat, on=False)
            await talk.got("typing.stopped")
        else:
            await self.cannot(world, "agent_types", chat)

    async def test_the_user_types(self, world: VendorWorld) -> None:
        """The vendor is told, if it wants to know."""
        talk = await self.talk(world).active()
        where = f"/v1/conversations/{talk.id}/typing"
        await self.told(talk, self.capabilities.typing_out, "POST", where, {"author": "user", "on": True})

    async def test_the_user_comes_and_goes(self, world: VendorWorld) -> None:
        """The vendor is told that the user left, if it wants to know."""
        talk = await self.talk(world).active()
        where = f"/v1/conversations/{talk.id}/presence"
        before = talk.lines()
        await self.told(talk, self.capabilities.presence, "POST", where, {"state": "disconnected"})
        if self.capabilities.presence:
            await until(lambda: talk.lines() != before, "the agent reads that the user left")
        assert (await talk.handover())["status"] == "active"

    async def told(self, talk: Talk, can: bool, *call: Any) -> None:
        """After this call of ours the vendor gets one of its own, exactly if it can make use of it."""
        quiet = await self.quiet(talk.world)
        answer = await talk.world.call(*call)
        assert answer.status == 202, answer
        if can:
            await until(lambda: len(talk.world.posted()) > quiet, "a call to the vendor")
            return
        await asyncio.sleep(2.3)  # longer than the grace after which a departure is told
        assert [one.endpoint for one in talk.world.posted()[quiet:]] == []

    async def quiet(self, world: VendorWorld) -> int:
        """How many calls there were, once no more come."""
        count = -1
        while count != (count := len(world.posted())):
            await asyncio.sleep(0.3)
        return count

    async def test_a_file_of_the_agent(self, world: VendorWorld) -> None:
        """The user gets it whole, under its name; where the vendor has no files, its agents cannot send any."""
        talk = await self.talk(world).active()
        args = ((await talk.chat())["id"], "picture.png", "image/png", PICTURE)
        if not self.capabilities.attachments_in:
            await self.cannot(world, "agent_sends_file", *args)
            return
        await world.emulator.agent_sends_file(*args)
        (file,) = await until(
            lambda: [
                file
                for event in talk.events("message.created")
                if event["data"]["author"] == "agent"
                for file in event["data"]["attachments"]
            ],
            "the agent's file at the user's channel",
        )
        assert file["name"] == "picture.png"
        async with world.server.http.get(file["url"]) as answer:
            assert await answer.read() == PICTURE, f"another file: {answer.status} at {file}"

    async def test_a_file_of_the_user(self, world: VendorWorld) -> None:
        """The agent gets it whole; where the vendor has no files, the agent gets its name or a link to it."""
        talk = await self.talk(world).active()
        upload = await uploaded(world, "photo.png", PICTURE, "image/png")
        await talk.says(text := self.word(), attachments=[{"upload_id": upload}])
        await talk.shown(text)
        if not self.capabilities.attachments_out:
            await until(
                lambda: any("photo.png" in line for line in talk.lines("user")), "the file's name or link"
            )
            return
        (file,) = await until(
            lambda: [
                file for chat in talk.mine() for line in chat["lines"] for file in line.get("files", ())
            ],
            "the user's file at the vendor",
        )
        async with world.server.http.get(file["url"]) as answer:
            assert (answer.status, await answer.read()) == (200, PICTURE)

    async def test_the_agent_has_read_it(self, world: VendorWorld) -> None:
        """The user's message is marked as read."""
        talk = await self.talk(world).active()
        sent = await talk.says(text := self.word())
        await talk.shown(text)
        chat = (await talk.chat())["id"]
        if world.emulator.plays("agent_reads"):
            await world.emulator.agent_reads(chat)
            assert (await talk.got("message.read"))["data"]["message_id"] == sent["id"]
        else:
            await self.cannot(world, "agent_reads", chat)

    async def test_the_agent_hears_that_it_arrived(self, world: VendorWorld) -> None:
        """Once the user's channel took the agent's message, the vendor is told, exactly if it wants to know."""
        talk = await self.talk(world).active()
        quiet = await self.quiet(world)
        await talk.agent_says(text := self.word())
        await talk.hears(text)
        if self.capabilities.receipts:
            await until(lambda: len(world.posted()) > quiet, "a receipt at the vendor")
        else:
            await self.quiet(world)
            assert [one.endpoint for one in world.posted()[quiet:]] == []

    async def test_the_place_in_the_queue(self, world: VendorWorld) -> None:
        """Position as the vendor tells it, wait in milliseconds; what it does not tell is at most our own estimate."""
        talk = await self.talk(world).queued()
        can, chat = self.capabilities, (await talk.chat())["id"]
        figures = {"position": can.queue_position, "wait_s": can.estimated_wait}
        if world.emulator.plays("queue_is"):
            assert world.emulator.queue_figures == {name for name, told in figures.items() if told}
        if not (can.queue_position or can.estimated_wait):
            await self.cannot(world, "queue_is", chat, 3, 120)
            return
        await world.emulator.queue_is(chat, 3, 120)

        def told(queue: dict[str, Any]) -> bool:
            place = not can.queue_position or queue["position"] == 3
            return place and (not can.estimated_wait or queue["estimated_wait_ms"] == 120_000)

        await world.server.until(
            f"/v1/handovers/{talk.handover_id}",
            lambda found: told(found["queue"] or {}),
            vendor_world.WITHIN_S * vendor_world.patience,
        )

    async def test_whether_somebody_is_there(self, world: VendorWorld) -> None:
        """Yes and no, as the vendor says; who cannot tell says neither."""
        found: list[bool | None] = []
        try:
            for on, language in (
                (True, "en"),
                (False, "nl"),
            ):  # another language: the answer is remembered for a moment
                world.emulator.set_online(on)
                answer = await world.call("GET", f"/v1/availability?provider=vendor&language={language}")
                found.append(answer.body["open"])
        finally:
            world.emulator.set_online(True)
        assert found == ([True, False] if self.capabilities.availability else [None, None])
