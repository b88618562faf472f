"""The provider suite: webhooks that are forged, repeated, late or unheard of."""

import asyncio
from collections.abc import Mapping

import pytest

from openhandover.emulators.callbacks import Callback
from tests.contract.provider_ending import Ending
from tests.contract.vendor_world import Talk, VendorWorld, until


class Webhooks(Ending):
    """What arrives at `/webhooks/vendor`. A vendor that calls nobody has no such address."""

    async def spoken(self, talk: Talk, text: str) -> Callback:
        """The webhook by which the agent's text reached us."""
        sent = talk.world.emulator.callbacks.sent
        count = len(sent)
        await talk.agent_says(text)
        await talk.hears(text)
        return next(
            one for one in list(sent)[count:] if text.encode() in one.body or text in one.body.decode()
        )

    async def no_webhooks(self, world: VendorWorld) -> None:
        """There is nothing that could be forged or repeated."""
        answer = await world.call("POST", "/webhooks/vendor", {}, key=None)
        assert answer.status == 404
        assert not world.emulator.callbacks.sent

    async def happened(self, talk: Talk) -> list[str]:
        """What happened in the talk; that something of it was delivered may come in at any time."""
        events = [event["type"] for event in await talk.world.events(talk.id)]
        return [type_ for type_ in events if type_ not in {"message.delivered", "message.read"}]

    async def posted(self, world: VendorWorld, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of a webhook posted by hand."""
        assert url.startswith(world.server.url)
        path = url.removeprefix(world.server.url)
        return (await world.call("POST", path, data=body, headers=headers, key=None)).status

    @pytest.mark.parametrize("how", ["unsigned", "wrongly signed", "altered"])
    async def test_a_forged_webhook_changes_nothing(self, world: VendorWorld, how: str) -> None:
        """401, and what it says is not believed."""
        talk = await self.talk(world).active()
        if not self.webhooks:
            await self.no_webhooks(world)
            return
        real = await self.spoken(talk, self.word())
        url, headers, body = real.endpoint.url, dict(real.endpoint.headers), real.body
        before = await self.happened(talk)
        if how == "unsigned":
            url, headers = url.partition("?")[0], {}
        elif how == "wrongly signed":
            headers = {name: other(value) for name, value in headers.items()}
            url = other(url) if "?" in url else url
        else:
            body += b" "
        status = await self.posted(world, url, body, {"content-type": real.content_type, **headers})
        assert (status == 401) is (how != "altered" or self.signs_body), status
        assert await self.happened(talk) == before

    async def test_a_repeated_webhook_has_one_effect(self, world: VendorWorld) -> None:
        """The vendor delivers everything twice: the user hears it once."""
        talk = await self.talk(world).active()
        if not self.webhooks:
            await self.no_webhooks(world)
            return
        world.emulator.callbacks.repeat_next(2)
        texts = [self.word(), self.word()]
        for text in texts:
            await talk.agent_says(text)
        for text in texts:
            await talk.hears(text)
        await until(lambda: self.twice(world, texts[-1]), "the webhook is delivered twice")
        await talk.agent_says(last := self.word())
        await talk.hears(last)
        assert [talk.heard().count(text) for text in texts] == [1, 1]

    def twice(self, world: VendorWorld, text: str) -> bool:
        """Whether the emulator has posted a webhook with this text twice, or has nothing left to post twice."""
        return any(
            text in one.body.decode() and len(one.attempts) > 1 for one in world.emulator.callbacks.sent
        ) or all(one.attempts for one in world.emulator.callbacks.sent)

    async def test_reordered_webhooks_lose_nothing(self, world: VendorWorld) -> None:
        """A webhook that comes after its successor is not thrown away."""
        talk = await self.talk(world).active()
        if not self.webhooks:
            await self.no_webhooks(world)
            return
        world.emulator.callbacks.reorder_next()
        texts = [self.word() for _ in range(3)]
        for text in texts:
            await talk.agent_says(text)
        for text in texts:
            await talk.hears(text)
        assert sorted(talk.heard()[1:]) == sorted(texts)

    async def test_late_webhooks_lose_nothing(self, world: VendorWorld) -> None:
        """A slow vendor: the agent's last words and the end arrive all the same, in this order."""
        talk = await self.talk(world).active()
        if not self.webhooks:
            await self.no_webhooks(world)
            return
        world.emulator.callbacks.late(0.4)
        try:
            await talk.agent_says(last := self.word())
            await talk.agent_ends()
            await talk.is_(status="completed")
            await talk.hears(last)
        finally:
            world.emulator.callbacks.late(0)

    async def test_an_unknown_kind_of_event_is_passed_over(self, world: VendorWorld) -> None:
        """It is taken, so that the vendor does not repeat it, and changes nothing; the talk goes on."""
        talk = await self.talk(world).active()
        # What belongs to the joining may still be under way.
        await asyncio.wait_for(self.delivered(world), 10)
        before = await self.happened(talk)
        await world.emulator.sends_unknown((await talk.chat())["id"])
        await asyncio.wait_for(self.delivered(world), 10)
        assert await self.happened(talk) == before
        await talk.agent_says(text := self.word())
        await talk.hears(text)
        assert (await talk.handover())["status"] == "active"

    async def delivered(self, world: VendorWorld) -> None:
        """Every webhook so far was taken."""
        await world.emulator.wait_until(lambda: all(one.delivered for one in world.emulator.callbacks.sent))


def other(value: str) -> str:
    """The same with its last letter changed."""
    return value[:-1] + ("0" if value[-1] != "0" else "1")
