"""The provider suite: agents who come, go and end it, and users who do."""

from tests.contract.provider_base import Logs
from tests.contract.provider_signs import Signs
from tests.contract.vendor_world import OFTEN, Talk, VendorWorld, until


class Ending(Signs):
    """Who is in the talk, and how it ends."""

    async def test_an_agent_joins_by_name(self, world: VendorWorld) -> None:
        """The user learns that somebody is there, and who, as far as the vendor tells."""
        talk = await self.talk(world).queued()
        if world.emulator.plays("agent_joins"):
            await world.emulator.agent_joins((await talk.chat())["id"], "Kim")
        if not self.tells_join:
            await talk.agent_says(text := self.word())
            await talk.hears(text)
        found = await talk.is_(status="active")
        await talk.got("handover.agent_joined")
        assert ((found["agent"] or {}).get("name") == "Kim") is self.capabilities.agent_name

    async def test_an_agent_leaves_and_another_one_comes(self, world: VendorWorld) -> None:
        """Leaving is no end: the next one goes on in the same handover."""
        talk = await self.talk(world).active()
        chat = (await talk.chat())["id"]
        if not world.emulator.plays("agent_leaves"):
            await self.cannot(world, "agent_leaves", chat)
            return
        await world.emulator.agent_leaves(chat)
        await talk.got("handover.agent_left")
        assert (await talk.handover())["status"] == "active"
        if world.emulator.plays("agent_joins"):
            await world.emulator.agent_joins(chat, "Lee")
        await world.emulator.agent_says(chat, text := self.word())
        await talk.hears(text)
        await talk.says(answer := self.word())
        await talk.shown(answer)
        assert (await talk.handover())["status"] == "active"

    async def test_a_transfer_is_no_end(self, world: VendorWorld) -> None:
        """The agent gives the chat to another one: the user hears of it, and the talk goes on."""
        talk = await self.talk(world).active()
        chat = (await talk.chat())["id"]
        if not world.emulator.plays("agent_transfers"):
            await self.cannot(world, "agent_transfers", chat)
            return
        await world.emulator.agent_transfers(chat, "Lee")
        await until(
            lambda: talk.events("handover.agent_changed") + talk.events("handover.agent_left"),
            "the transfer is told",
        )
        await talk.agent_says(text := self.word())
        told = await talk.hears(text)
        found = await talk.handover()
        assert found["status"] == "active"
        if self.capabilities.agent_name:
            assert (told["data"]["author_name"], found["agent"]["name"]) == ("Lee", "Lee")

    async def test_the_agent_ends_it(self, world: VendorWorld) -> None:
        """Their last words arrive, the handover is completed, and the user is with the bot again."""
        talk = await self.talk(world).active()
        await talk.agent_says(last := self.word())
        await talk.agent_ends()
        found = await talk.is_(status="completed")
        assert (found["reason"], found["ended_by"]) == ("agent_closed", "agent")
        await talk.hears(last)
        await talk.says(text := self.word())
        await talk.bot_got(text)
        assert not any(text in line for line in talk.lines())

    async def test_the_agent_ends_it_before_answering(self, world: VendorWorld) -> None:
        """A chat that is closed from the queue is an end, too."""
        talk = await self.talk(world).queued()
        await talk.agent_ends()
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"

    async def test_the_user_changes_their_mind(self, world: VendorWorld) -> None:
        """Cancelled while waiting: it ends at once with us, and then at the vendor; twice is fine."""
        talk = await self.talk(world).queued()
        for _ in range(2):
            answer = await world.call("POST", f"/v1/handovers/{talk.handover_id}/cancel")
            assert answer.status == 200, answer
        assert (await talk.is_(status="cancelled"))["reason"] == "user_cancelled"
        await self.ended_there(talk)

    async def test_we_end_it(self, world: VendorWorld) -> None:
        """Closed by API while an agent is there: what was said before arrives first; twice is fine."""
        talk = await self.talk(world).active()
        await talk.says(text := self.word())
        for _ in range(2):
            answer = await world.call("POST", f"/v1/handovers/{talk.handover_id}/close")
            assert answer.status == 200, answer
        assert (await talk.is_(status="completed"))["reason"] == "bot_closed"
        await talk.shown(text)
        await self.ended_there(talk)
        await talk.says(after := self.word())
        await talk.bot_got(after)
        session = (await talk.handover())["attempts"][0]["external_id"]
        posted = world.posted()
        end = max(n for n, one in enumerate(posted) if one.endpoint == self.close_endpoint)
        late = [one for one in posted[end + 1 :] if session in one.path or session.encode() in one.body]
        assert not late, "something is told after the end"

    async def ended_there(self, talk: Talk) -> None:
        """The vendor's chat has ended, and no second one began; or it is open, where only agents end."""
        states = {"ended"} if self.user_end_ends else {"waiting", "active"}
        await until(
            lambda: [chat["state"] in states for chat in talk.mine()] == [True], f"one chat in {states}"
        )

    async def test_both_end_it(self, world: VendorWorld, logged: Logs) -> None:
        """We close what the vendor has closed already, without having heard of it: that is fine, and one end."""
        talk = await self.talk(world).active()
        world.emulator.callbacks.hold()
        try:
            await talk.agent_ends()

            await world.call("POST", f"/v1/handovers/{talk.handover_id}/close")
            found = await talk.is_(status="completed")
            if self.webhooks:
                assert found["reason"] == "bot_closed"
        finally:
            world.emulator.callbacks.release()
        assert found["reason"] in {"bot_closed", "agent_closed"}
        await talk.says(text := self.word())
        await talk.bot_got(text)
        assert not [one for one in logged if one["event"] == "end_refused"]

    async def test_what_was_due_when_the_agent_ended_it(self, world: VendorWorld) -> None:
        """A message that the vendor no longer takes is failed, its sender is told, the bot can find it; nothing vanishes."""
        talk = await self.talk(world).active()
        world.emulator.faults.fail_next(503, OFTEN, endpoint=self.send_endpoint)
        world.emulator.callbacks.hold()
        try:
            sent = await talk.says(text := self.word())
            await until(lambda: self.refused(world), "the refused call")
            await talk.agent_ends()
            world.emulator.faults.clear()
            state = await talk.settled(text)
            if not self.closed_takes_messages:
                await self.ended_by_refusal(talk)
        finally:
            world.emulator.callbacks.release()
        if self.closed_takes_messages:
            assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
            assert state == "delivered"
            await talk.shown(text)
            return
        assert state == "failed"
        assert (await talk.got("message.failed"))["data"] == {"message_id": sent["id"]}
        proof = await world.proof(talk.handover_id)
        assert proof["counts"]["failed"] == 1
        assert [one["text"] for one in (await talk.handover())["digest"]["messages"]].count(text) == 1

    async def ended_by_refusal(self, talk: Talk) -> None:
        """The refusal alone has told that it is over; webhooks about it are held back."""
        if self.tells_closed:
            assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
        else:
            assert (await talk.is_(status="error"))["reason"] == "provider_error"
