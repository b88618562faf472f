"""The provider suite: a vendor that is overloaded, away, or refuses."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.provider_webhooks import Webhooks
from tests.contract.vendor_world import OFTEN, FastHours, Talk, VendorWorld

HOUR_S = 3_600.0
FOR_HOURS = {"limits": {"agent_idle_s": 0, "user_idle_s": 0}}
"""A talk that does not end because nobody hears of the other for an hour."""


class Trouble(Webhooks):
    """What the vendor answers instead of doing what it is asked."""

    @pytest.mark.parametrize("call", ["open", "send", "close"])
    async def test_retry_after_is_honoured(self, world: VendorWorld, call: str) -> None:
        """The vendor says when to come back, whatever it was asked: it is left alone until then, and asked again."""
        endpoint = {"open": self.open_endpoint, "send": self.send_endpoint, "close": self.close_endpoint}[
            call
        ]
        talk = await (self.talk(world).begin() if call == "open" else self.talk(world).active())
        seen = len(world.emulator.requests_to(endpoint))
        world.emulator.faults.fail_next(429, endpoint=endpoint, retry_after="1")
        match call:
            case "open":
                await (await talk.asks()).is_(status="queued")
                assert len(talk.mine()) == 1
            case "send":
                await talk.says(text := self.word())
                await talk.shown(text)
            case _:
                await world.call("POST", f"/v1/handovers/{talk.handover_id}/close")
                await self.ended_there(talk)
        refused, again = world.emulator.requests_to(endpoint)[seen:][:2]
        assert refused.status == 429
        assert again.at - refused.at >= 0.95  # without being told, we come back after half a second

    async def test_a_storm_of_429_loses_nothing(self, world: VendorWorld) -> None:
        """Several talks at once, refused again and again with "at once": everything arrives once, in its order."""
        talks = [await self.talk(world).active() for _ in range(2)]
        world.emulator.faults.fail_next(429, 8, endpoint=self.send_endpoint, retry_after="0")
        said = [[self.word() for _ in range(3)] for _ in talks]
        for number in range(3):
            for talk, texts in zip(talks, said, strict=True):
                await talk.says(texts[number])
        for talk, texts in zip(talks, said, strict=True):
            await talk.shown(texts[-1])
            self.once_and_in_order(talk, texts)
            assert (await talk.handover())["status"] == "active"

    async def test_a_vendor_in_maintenance_loses_nothing(self, world: VendorWorld) -> None:
        """503 twice: what the user says meanwhile stays due, and arrives in its order."""
        talk = await self.talk(world).active()
        world.emulator.faults.fail_next(503, 2, endpoint=self.send_endpoint)
        for text in (texts := [self.word() for _ in range(4)]):
            await talk.says(text)
        await talk.shown(texts[-1])
        self.once_and_in_order(talk, texts)

    async def test_an_hour_of_maintenance_loses_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """503 to everything for an hour: we ask again all the time, not often, and both sides get what is due."""
        hours = FastHours(monkeypatch)
        async with self.living(tmp_path) as world:
            talk = self.talk(world)
            talk.settings = FOR_HOURS
            await talk.active()
            world.emulator.faults.fail_next(503, OFTEN)
            hours.after(HOUR_S, world.emulator.faults.clear)
            for text in (texts := [self.word() for _ in range(3)]):
                await talk.says(text)
            await talk.agent_says(answer := self.word())
            await talk.shown(texts[-1])
            await talk.hears(answer)
            self.once_and_in_order(talk, texts)
            assert talk.heard().count(answer) == 1
            assert max(hours.pauses) == 30, "we come at least every 30 s"
            assert sum(one.status == 503 for one in world.emulator.requests) >= len(hours.pauses)
            assert (await talk.handover())["status"] == "active"
            assert (await world.proof(talk.handover_id))["counts"]["failed"] == 0

    async def test_a_message_that_is_refused_for_good(self, world: VendorWorld) -> None:
        """400: this one has failed, which its sender is told; the next one arrives, and the talk goes on."""
        talk = await self.talk(world).active()
        tried = len(world.emulator.requests_to(self.send_endpoint))
        world.emulator.faults.fail_next(400, endpoint=self.send_endpoint)
        sent = await talk.says(text := self.word())
        assert await talk.settled(text) == "failed"
        assert (await talk.got("message.failed"))["data"] == {"message_id": sent["id"]}
        await talk.says(after := self.word())
        await talk.shown(after)
        assert not any(text in line for line in talk.lines())
        assert len(world.emulator.requests_to(self.send_endpoint)) == tried + 2
        assert (await talk.handover())["status"] == "active"

    async def test_a_chat_that_is_refused_for_good(self, world: VendorWorld) -> None:
        """400 to the open call: asked once, no chat, an honest end, and the user is with the bot."""
        talk = await self.talk(world).begin()
        tried = len(world.emulator.requests_to(self.open_endpoint))
        world.emulator.faults.fail_next(400, endpoint=self.open_endpoint)
        await talk.asks()
        # Some vendors say 400 also to credentials that are none.
        assert (await talk.is_(status="error"))["reason"] in {"rejected", "auth"}
        assert len(world.emulator.requests_to(self.open_endpoint)) == tried + 1
        await talk.says(text := self.word())
        await talk.bot_got(text)

    def once_and_in_order(self, talk: Talk, texts: list[Any]) -> None:
        """The agent sees each of these once, one after the other."""
        everything = "\n".join(talk.lines())
        assert [everything.count(text) for text in texts] == [1] * len(texts)
        assert sorted(texts, key=everything.index) == texts
