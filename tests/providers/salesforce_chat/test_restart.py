"""After a start the poll and the next message ask at the same time what was kept of a chat."""

import asyncio
import json

from openhandover.config.load import load_text
from openhandover.core.facts import AgentJoined, AgentMessage
from openhandover.core.model import Delivery, Message, User
from openhandover.emulators.salesforce_chat import SalesforceChatEmulator
from openhandover.net.client import HttpClient
from openhandover.providers.base import Alone, Brief, HandoverRequest, Opened, Session
from openhandover.providers.salesforce_chat import SalesforceChat

AT = "2026-01-01T12:00:00.000Z"
ASKED = HandoverRequest(
    "h1", 1, None, "user", Brief("c1", "app", "en", "text"), User("u1", "Ann"), {}, {}, []
)


class SlowOnce(Alone):
    """Reads what was kept at once, and answers the first who asks only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.go = asyncio.Event()
        self.is_slow = False

    async def recall(self, key: str) -> str | None:
        """As a store with several readers does."""
        found = await super().recall(key)
        if self.is_slow:
            self.is_slow = False
            self.asked.set()
            await self.go.wait()
        return found


async def test_a_late_look_at_what_was_kept_does_not_undo_what_was_said() -> None:
    """A number would be given twice, and Salesforce would take the second message for a repeat: it would be lost."""
    host = SlowOnce()
    async with SalesforceChatEmulator() as org, HttpClient() as http:
        org.set_online()
        session = await _established(_provider(org, http, host), org)
        provider = _provider(org, http, host)
        host.is_slow = True
        polling = asyncio.ensure_future(anext(provider.listen(session, None)))
        await host.asked.wait()
        await provider.send(session, _said(1, "one"), "c1:1")
        host.go.set()
        await polling
        await provider.send(session, _said(2, "two"), "c1:2")
        texts = [line["text"] for line in org.shown()["chats"][0]["lines"]]
        assert texts[-2:] == ["one", "two"]


async def test_what_is_told_again_together_with_more_is_the_same() -> None:
    """Whoever listened broke off in the middle of an answer, and more was said since: no word is heard twice."""
    host = Alone()
    async with SalesforceChatEmulator() as org, HttpClient() as http:
        org.set_online()
        provider = _provider(org, http, host)
        session = await _established(provider, org)
        (chat,) = org.shown()["chats"]
        await org.agent_says(chat["id"], "one")
        await org.agent_says(chat["id"], "two")
        before = await _heard(provider, session, "one")
        await org.agent_says(chat["id"], "three")
        after = await _heard(_provider(org, http, host), session, "three")
    assert [after[text] for text in before] == list(before.values())
    assert len(set(after.values())) == len(after) == 3


def _provider(org: SalesforceChatEmulator, http: HttpClient, host: Alone) -> SalesforceChat:
    block = json.dumps({"vendor": {"type": "salesforce_chat", **org.settings()}})
    settings = load_text(f"providers: {block}\n").providers["vendor"].settings
    provider = SalesforceChat("vendor", settings, http)
    provider.host = host
    return provider


async def _heard(provider: SalesforceChat, session: Session, last: str) -> dict[str, str]:
    """Each text of the agent with the name of its event, up to this one."""
    found: dict[str, str] = {}
    async for _, event in provider.listen(session, None):
        if event is not None and isinstance(event.fact, AgentMessage):
            found[event.fact.text] = event.event_id
            if event.fact.text == last:
                break
    return found


async def _established(provider: SalesforceChat, org: SalesforceChatEmulator) -> Session:
    opened: Opened = await provider.open(ASKED)
    session = Session("h1", 1, opened.external_id)
    await org.agent_joins(org.shown()["chats"][0]["id"])
    async for _, event in provider.listen(session, None):
        if event is not None and isinstance(event.fact, AgentJoined):
            break
    return session


def _said(seq: int, text: str) -> Message:
    return Message(f"m{seq}", seq, "user", text, None, (), AT, Delivery())
