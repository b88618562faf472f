"""What every provider promises, shown against its vendor's emulator over real HTTP. A vendor's test file subclasses
`ProviderSuite` and sets the attributes of `SuiteBase`; what a capability denies is asserted to be absent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from openhandover.cli import main
from openhandover.core.errors import ProviderUnavailable
from openhandover.engine import sessions
from openhandover.providers import provider_of
from openhandover.providers.base import Session
from tests.contract.provider_base import Logs
from tests.contract.provider_talking import Opening
from tests.contract.provider_trouble import Trouble
from tests.contract.vendor_world import OFTEN, VendorWorld, until


@pytest.mark.asyncio(loop_scope="class")
class ProviderSuite(Opening, Trouble):
    """The promises of `openhandover.providers.base`; here those that hold when something goes wrong."""

    async def test_an_ended_token_is_renewed_once(self, fresh: VendorWorld) -> None:
        """A token that ends in the middle of a talk costs one new one, and no message."""
        talk = await self.talk(fresh).active()
        if self.token_endpoint is None:
            assert not fresh.emulator.plays("expire_tokens"), (
                "name the endpoint of the tokens: token_endpoint"
            )
            return
        before = len(fresh.emulator.requests_to(self.token_endpoint))
        fresh.emulator.expire_tokens()
        for text in (texts := [self.word(), self.word()]):
            await talk.says(text)
        await talk.shown(texts[-1])
        assert len(fresh.emulator.requests_to(self.token_endpoint)) == before + 1
        await talk.agent_says(text := self.word())
        await talk.hears(text)

    async def test_wrong_credentials_name_their_setting(self, tmp_path: Path, logged: Logs) -> None:
        """The handover fails honestly as `auth`, and the log says what to check."""
        setting = self.wrong_setting()
        async with self.living(tmp_path, **{setting: self.wrong_credential}) as world:
            talk = await (await self.talk(world).begin()).asks()
            found = await talk.is_(status="error")
            assert found["reason"] == "auth"
            assert not talk.mine()
        assert [one for one in logged if setting in str(one)], logged
        assert not [one for one in logged if self.wrong_credential in str(one)]

    def wrong_setting(self) -> str:
        """The setting to be wrong."""
        calling = [
            name for name in self.secret_settings() if "webhook" not in name and "signature" not in name
        ]
        return self.credential or calling[0]

    async def test_check_connect_tells(self, fresh: VendorWorld, tmp_path: Path) -> None:
        """`check --connect` reaches the vendor and leaves nothing there; with wrong credentials it says which setting."""
        wrong, block = self.wrong_setting(), {"type": self.type, **fresh.emulator.settings()}
        chats = len(fresh.chats())
        well = await self.checked(tmp_path, block, fresh.server.url)
        assert "providers.vendor: reached" in well
        assert "reached, but" not in well
        said = await self.checked(tmp_path, {**block, wrong: self.wrong_credential})
        assert "providers.vendor: reached, but" in said
        assert wrong in said
        assert self.wrong_credential not in said
        assert len(fresh.chats()) == chats

    async def test_check_connect_tells_where_webhooks_go(self, fresh: VendorWorld, tmp_path: Path) -> None:
        """To another address than ours: that is said before anybody waits for an answer, with the address."""
        said = await self.checked(
            tmp_path, {"type": self.type, **fresh.emulator.settings()}, "http://127.0.0.1:1"
        )
        assert not self.webhooks or "webhooks to http://127.0.0.1:1/webhooks/vendor" in said
        if self.webhooks and self.tells_address:
            why = said.partition("providers.vendor: reached, but ")[2].partition("\n")[0]
            assert "http://127.0.0.1:1/webhooks/vendor" in why, said
        else:
            assert "providers.vendor: reached" in said
            assert "reached, but" not in said

    async def checked(self, folder: Path, block: dict[str, Any], public_url: str | None = None) -> str:
        """What `check --connect` prints; `public_url`: where webhooks should come to."""
        file = folder / "checked.yaml"
        whole = {"server": {"public_url": public_url}, "providers": {"vendor": block}}
        file.write_text(json.dumps(whole).replace("$", "$$"))
        command = ["check", "--connect", "--config", str(file)]
        return (await asyncio.to_thread(CliRunner().invoke, main, command)).output

    async def test_a_restart_in_the_middle_of_a_talk(self, fresh: VendorWorld) -> None:
        """What was said before, while we were down, and after: all of it once, in its order, and the end as well."""
        talk = await self.talk(fresh).active()
        fresh.emulator.faults.fail_next(503, OFTEN, endpoint=self.send_endpoint)
        await talk.says(before := self.word())
        await until(lambda: self.refused(fresh), "it is refused, so that it is due")
        known = (await talk.handover())["agent"]
        await fresh.stop()
        fresh.emulator.faults.clear()
        await talk.agent_says(meanwhile := self.word())
        await fresh.start()
        told = await talk.hears(meanwhile)
        assert (told["data"].get("author_name") == known.get("name")) is self.capabilities.agent_name
        assert (await talk.handover())["agent"] == known
        await talk.shown(before)
        await talk.says(after := self.word())
        await talk.shown(after)
        await talk.agent_says(answer := self.word())
        await talk.hears(answer)
        assert talk.heard() == [f"hello {talk.token}", meanwhile, answer]
        everything = "\n".join(talk.lines())
        assert [everything.count(text) for text in (before, after)] == [1, 1]
        assert everything.index(before) < everything.index(after)

    async def test_a_connection_that_breaks_after_every_word(
        self, fresh: VendorWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever listens to a session goes on where they were: no place is passed before what belongs to it is kept."""
        kind = provider_of(self.type)
        if self.capabilities.inbound != "session":
            assert self.webhooks, "there is a third way to hear of agents: try it here, too"
            return
        whole, known = kind.listen, set[str]()

        async def listen(provider: Any, session: Session, cursor: str | None) -> AsyncIterator[Any]:
            async with aclosing(whole(provider, session, cursor)) as stream:
                async for place, event in stream:
                    yield place, event
                    if event is not None and event.event_id not in known:
                        known.add(event.event_id)
                        raise ProviderUnavailable("the connection broke")

        monkeypatch.setattr(kind, "listen", listen)
        monkeypatch.setattr(sessions, "pause_s", lambda *_: 0.02)
        talk = await self.talk(fresh).active()
        for text in (texts := [self.word() for _ in range(4)]):
            await talk.agent_says(text)
        await talk.hears(texts[-1])
        assert talk.heard() == [f"hello {talk.token}", *texts]
        await talk.agent_ends()
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
        assert len(known) > len(texts)

    async def test_the_agent_ends_it_while_we_are_down(self, fresh: VendorWorld) -> None:
        """After the start we learn of the last words and of the end."""
        talk = await self.talk(fresh).active()
        await fresh.stop()
        await talk.agent_says(last := self.word())
        await talk.agent_ends()
        await fresh.start()
        await talk.hears(last)
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
        await talk.says(text := self.word())
        await talk.bot_got(text)

    async def test_the_log_keeps_silent_about_what_was_said(self, fresh: VendorWorld, logged: Logs) -> None:
        """With trouble on every side there are records, and no text of anybody in them."""
        talk = await self.talk(fresh).queued(first := self.word())
        fresh.emulator.faults.fail_next(503, endpoint=self.send_endpoint)
        fresh.emulator.faults.fail_next(400, endpoint=self.send_endpoint)
        texts = [first, *(self.word() for _ in range(3))]
        for text in texts[1:3]:
            await talk.says(text)
        await until(
            lambda: any("503" in str(one) or "provider_waits" in str(one) for one in logged), "a record"
        )
        await talk.agent_says(texts[3])
        await talk.hears(texts[3])
        await talk.says(last := self.word())
        await talk.shown(last)
        assert not [one for one in logged if any(text in str(one) for text in [*texts, last])]
        assert not [one for one in logged if talk.token in str(one)], "the user's name is in the log"


def suite_of(vendor: str) -> ProviderSuite:
    """What the vendor's tests know of it."""
    module = import_module(f"tests.providers.{vendor}.test_contract")
    kinds = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, ProviderSuite)]
    return next(one for one in kinds if one is not ProviderSuite)()
