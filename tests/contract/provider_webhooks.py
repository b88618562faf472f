"""The provider suite: webhooks that are forged, repeated, late or unheard of."""

import asyncio
import re
from collections.abc import Mapping
from typing import get_type_hints

import pytest

from openhandover.emulators.callbacks import Callback
from openhandover.providers import settings_of
from openhandover.web import problems
from tests.contract.provider_base import Logs
from tests.contract.provider_ending import Ending
from tests.contract.vendor_world import OFTEN, Talk, VendorWorld, until


class Webhooks(Ending):
    """What arrives at `/webhooks/vendor`. A vendor that calls nobody has no such address."""

    async def sent(self, world: VendorWorld, text: str, count: int) -> Callback:
        """The webhook that brings the agent's text, among those after the first `count`."""
        return await until(
            lambda: next(
                (one for one in list(world.emulator.callbacks.sent)[count:] if text in one.body.decode()),
                None,
            ),
            "a webhook with the agent's text",
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

    async def settled(self, talk: Talk) -> list[str]:
        """What happened in the talk, once nothing more does."""
        found: list[str] | None = None
        while found != (now := await self.happened(talk)):
            found = now
            await asyncio.sleep(0.3)
        return now

    async def posted(self, world: VendorWorld, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of a webhook posted by hand."""
        assert url.startswith(world.server.url)
        path = url.removeprefix(world.server.url)
        return (await world.call("POST", path, data=body, headers=headers, key=None)).status

    @pytest.mark.parametrize("how", ["unsigned", "wrongly signed", "altered"])
    async def test_a_forged_webhook_changes_nothing(
        self, world: VendorWorld, logged: Logs, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        """401, what it says is not believed, the log names the setting to compare; and the real one still comes through."""
        monkeypatch.setattr(problems, "_told", {})  # it is said once a minute, to whoever forges first
        talk = await self.talk(world).active()
        if not self.webhooks:
            await self.no_webhooks(world)
            return
        callbacks = world.emulator.callbacks
        callbacks.hold()
        try:
            count = len(callbacks.sent)
            await talk.agent_says(text := self.word())
            real = await self.sent(world, text, count)
            before = await self.settled(talk)
            status = await self.forged(world, real, how)
            assert (status == 401) is (how != "altered" or self.signs_body), status
            assert status != 401 or await self.happened(talk) == before
            assert status != 401 or self.named([one for one in logged if one["event"] == "signature_refused"])
        finally:
            callbacks.release()
        await talk.hears(text)
        assert talk.heard().count(text) == 1

    async def forged(self, world: VendorWorld, real: Callback, how: str) -> int:
        """The answer to what the vendor would send, from somebody who does not know the secret."""
        url, headers, body = real.endpoint.url, dict(real.endpoint.headers), real.body
        if how == "unsigned":
            url, headers = url.partition("?")[0], {}
        elif how == "wrongly signed":
            headers = {name: other(value) for name, value in headers.items()}
            url = other(url) if "?" in url else url
        else:
            body += b" "
        return await self.posted(world, url, body, {"content-type": real.content_type, **headers})

    def named(self, refusals: Logs) -> bool:
        """Whether each refusal says which of the provider's settings to look at."""
        settings = get_type_hints(settings_of(self.type))
        return bool(refusals) and all(
            one["provider"] == "vendor" and any(re.search(rf"\b{name}\b", one["remedy"]) for name in settings)
            for one in refusals
        )

    async def test_a_repeated_webhook_has_one_effect(self, world: VendorWorld) -> None:
        """The vendor delivers everything twice: the user hears it once."""
        talk = await self.talk(world).active()
        if not self.webhooks:
            await self.no_webhooks(world)
            return
        callbacks = world.emulator.callbacks
        count = len(callbacks.sent)
        callbacks.repeat_next(OFTEN)
        try:
            for text in (texts := [self.word(), self.word()]):
                await talk.agent_says(text)
            sent = [await self.sent(world, text, count) for text in texts]
            await until(lambda: all(one.repeated for one in sent), "each webhook is delivered twice")
        finally:
            callbacks.clear()
        await talk.agent_says(last := self.word())
        await talk.hears(last)
        assert talk.heard()[1:] == [*texts, last]

    async def test_reordered_webhooks_lose_nothing(self, world: VendorWorld) -> None:
        """A webhook that comes after its successor is not thrown away."""
        talk = await self.talk(world).active()
        if not self.webhooks:
            await self.no_webhooks(world)
            return
        await self.delivered(world)  # what belongs to the joining is none of those
        callbacks = world.emulator.callbacks
        count = len(callbacks.sent)
        callbacks.reorder_next()
        for text in (texts := [self.word() for _ in range(3)]):
            await talk.agent_says(text)
        for text in texts:
            await talk.hears(text)
        assert sorted(talk.heard()[1:]) == sorted(texts)
        assert any(one.swapped and one.delivered for one in list(callbacks.sent)[count:])

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
            await talk.got("handover.completed")
        finally:
            world.emulator.callbacks.late(0)
        got = [e for e in world.channel.events if e["conversation_id"] == talk.id]
        said = [e["data"].get("text") for e in got].index(last)
        assert "handover.completed" in [e["type"] for e in got][said:]

    async def test_an_unknown_kind_of_event_is_passed_over(self, world: VendorWorld) -> None:
        """It is taken, so that the vendor does not repeat it, and changes nothing; the talk goes on."""
        talk = await self.talk(world).active()
        # What belongs to the joining may still be under way.
        await self.delivered(world)
        before, count = await self.happened(talk), len(world.emulator.callbacks.sent)
        await world.emulator.sends_unknown((await talk.chat())["id"])
        assert (len(world.emulator.callbacks.sent) > count) is self.webhooks
        await self.delivered(world)
        assert await self.happened(talk) == before
        await talk.agent_says(text := self.word())
        await talk.hears(text)
        assert (await talk.handover())["status"] == "active"

    async def delivered(self, world: VendorWorld) -> None:
        """Every webhook so far was taken."""
        sent = world.emulator.callbacks.sent
        await until(lambda: all(one.delivered for one in sent), "the webhooks are taken")


def other(value: str) -> str:
    """The same with its last letter changed."""
    return value[:-1] + ("0" if value[-1] != "0" else "1")
