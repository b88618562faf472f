"""The provider's calls, one by one, at the emulator: what they make there, and that a repeated call makes it once."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.errors import (
    NobodyThere,
    ProviderAuthError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
)
from openhandover.core.events import FromProvider
from openhandover.core.model import Agent, Attachment, Delivery, Message, User
from openhandover.emulators.chatwoot import ChatwootEmulator
from openhandover.emulators.chatwoot.installation import Conversation, Inbox
from openhandover.net.client import HttpClient, Reply
from openhandover.providers.base import Alone, Brief, HandoverRequest, Opened, Session
from openhandover.providers.chatwoot import Chatwoot, wire
from openhandover.providers.chatwoot.calls import SENDING, checked, decoded
from openhandover.providers.chatwoot.settings import Settings

HOOK = "https://handover.example.com/webhooks/vendor"
ADA = User("ada/1", "Ada", "ada@example.org", "+31201234567", {"tier": "gold"})


class Here:
    """A provider and the Chatwoot that it speaks with."""

    def __init__(self, chatwoot: ChatwootEmulator, http: HttpClient) -> None:
        self.chatwoot = chatwoot
        self.home = chatwoot.home
        self._http = http
        self.provider = self.anew()

    def anew(self, **settings: Any) -> Chatwoot:
        """A provider that remembers nothing, as after a start with another database."""
        self.provider = Chatwoot("vendor", Settings(**{**self.chatwoot.settings(), **settings}), self._http)
        return self.provider

    async def opened(self, **changes: Any) -> tuple[Conversation, Session]:
        """A conversation of Ada's."""
        asked = request(**changes)
        return self.talk(found := await self.provider.open(asked)), session(asked, found)

    def talk(self, opened: Opened) -> Conversation:
        """The conversation there."""
        return self.home.conversation(opened.external_id)

    def count(self, endpoint: str) -> int:
        """How often an endpoint was called."""
        return len(self.chatwoot.requests_to(endpoint))


@asynccontextmanager
async def living() -> AsyncGenerator[Here]:
    """A fresh Chatwoot and a provider for it."""
    async with ChatwootEmulator() as chatwoot, HttpClient() as http:
        yield Here(chatwoot, http)


@pytest.fixture
async def here() -> AsyncGenerator[Here]:
    """One for a case alone."""
    async with living() as found:
        yield found


def request(**changes: Any) -> HandoverRequest:
    """A handover of Ada's."""
    given: dict[str, Any] = {
        "handover_id": "h1",
        "attempt": 1,
        "reason": "wants a refund",
        "initiator": "bot",
        "conversation": Brief("c1", "web", "nl", "text"),
        "user": ADA,
        "context": {},
        "route": {},
        "transcript": (said("Help!"),),
    }
    return HandoverRequest(**given | changes)


def session(asked: HandoverRequest, opened: Opened) -> Session:
    """The session that the engine makes of an accepted handover."""
    return Session(asked.handover_id, asked.attempt, opened.external_id, opened.vendor_state)


def said(text: str, id_: str = "m1", author: Any = "user", files: tuple[Attachment, ...] = ()) -> Message:
    """A message of ours."""
    return Message(
        id=id_,
        seq=1,
        author=author,
        text=text,
        translation=None,
        attachments=files,
        at="2026-02-01T10:00:00Z",
        delivery=Delivery(),
    )


def texts(talk: Conversation) -> list[str]:
    """What was said there, notes included."""
    return [message.content or "" for message in talk.messages]


# --- open ----------------------------------------------------------------------------------------------------


async def test_a_conversation_of_the_users_contact(here: Here) -> None:
    """Contact, attributes and note are there, and the answer names the conversation."""
    route = {"skills": ["billing"], "languages": ["nl"], "priority": "urgent", "team_id": "9"}
    talk, _ = await here.opened(route=route)
    assert talk.contact.fields == {
        "identifier": "ada/1",
        "name": "Ada",
        "email": "ada@example.org",
        "phone_number": "+31201234567",
        "custom_attributes": {"tier": "gold"},
    }
    assert (talk.status, talk.priority, talk.team_id, talk.labels) == ("open", "urgent", 9, ["billing", "nl"])
    assert talk.custom_attributes == {"handover_id": "h1", "skills": "billing", "languages": "nl"}
    assert texts(talk) == ["Handover h1 from channel web\nReason: wants a refund\n\nUser: Help!"]
    assert talk.messages[0].private


async def test_the_contact_is_used_again(here: Here) -> None:
    """The next handover has the same contact, unchanged, and a conversation of its own; no search was needed."""
    first, _ = await here.opened()
    second, _ = await here.opened(handover_id="h2", user=User("ada/1", "Ada Lovelace"))
    assert first is not second
    assert first.contact is second.contact
    assert second.contact.get("name") == "Ada"
    assert (here.count("contact.create"), here.count("contact.search")) == (1, 0)


async def test_a_contact_that_was_deleted(here: Here) -> None:
    """What we remember may be gone: then there is a new one."""
    first, _ = await here.opened()
    here.home.contacts.remove(first.contact)
    second, _ = await here.opened(handover_id="h2")
    assert second.contact is not first.contact
    assert second.contact.get("identifier") == "ada/1"


async def test_a_contact_that_somebody_else_made(here: Here) -> None:
    """A contact with our user's identifier is theirs, however many others contain it."""
    for n in range(20):
        here.home.add_contact({"identifier": f"ada/1{n}", "name": "Adam"})
    mine = here.home.add_contact({"identifier": "ada/1", "name": "Ada L."})
    talk, _ = await here.opened()
    assert talk.contact is mine
    assert here.count("contact.search") == 2


async def test_an_address_that_another_contact_has(here: Here) -> None:
    """To name somebody's address makes nobody that contact; the handover works without it."""
    other = here.home.add_contact({"identifier": "bob", "email": "ada@example.org"})
    talk, _ = await here.opened(user=User("ada/1", "Ada", "ada@example.org", "020-1234567"))
    assert talk.contact is not other
    assert talk.contact.fields == {"identifier": "ada/1", "name": "Ada"}


@pytest.mark.parametrize(
    "endpoint",
    ["contact.create", "conversation.create", "message.create", "conversation.priority", "label.set"],
)
@pytest.mark.parametrize("forgets", [False, True])
async def test_an_open_whose_reply_was_lost(here: Here, endpoint: str, forgets: bool) -> None:
    """The same call again finds what the first one made, also when we remember nothing: one of each."""
    asked = request(route={"priority": "low", "labels": ["a"]})
    here.chatwoot.faults.lose_next_reply(endpoint=endpoint)
    with pytest.raises(ProviderUnavailable):
        await here.provider.open(asked)
    if forgets:
        here.anew()
    talk = here.talk(await here.provider.open(asked))
    assert [len(here.home.contacts), len(here.home.conversations), len(talk.messages)] == [1, 1, 1]
    assert (talk.priority, talk.labels) == ("low", ["a"])


async def test_labels_of_the_accounts_automation_stay(here: Here) -> None:
    """Ours are put beside those that are there already."""
    asked = request(route={"labels": ["ours"]})
    here.chatwoot.faults.fail_next(503, endpoint="label.list")
    with pytest.raises(ProviderUnavailable):
        await here.provider.open(asked)
    (talk,) = here.home.conversations.values()
    here.chatwoot.desk.set(talk, "labels", ["theirs"])
    await here.provider.open(asked)
    assert talk.labels == ["theirs", "ours"]


async def test_an_inbox_with_an_agent_bot(here: Here) -> None:
    """A conversation that begins as pending is opened, or no human would see it."""
    here.chatwoot.inbox.agent_bot = True
    talk, _ = await here.opened()
    assert talk.status == "open"


async def test_a_blocked_contact(here: Here) -> None:
    """Agents do not want to hear from them: refused for good, with the reason."""
    first, _ = await here.opened()
    first.contact.blocked = True
    with pytest.raises(ProviderRejected, match="blocked"):
        await here.opened(handover_id="h2")


async def test_an_inbox_that_does_not_exist(here: Here) -> None:
    """The text names the settings to look at."""
    with pytest.raises(ProviderRejected, match="`account_id` and `inbox_id`"):
        await here.opened(route={"inbox_id": "77"})
    here.anew(account_id=2)
    with pytest.raises(ProviderRejected, match="`account_id` and `inbox_id`"):
        await here.opened()


async def test_only_when_somebody_is_online(here: Here) -> None:
    """By default the conversation waits for the next morning; with the setting the next provider is tried."""
    here.chatwoot.set_online(False)
    await here.opened()
    here.anew(only_when_online=True)
    with pytest.raises(NobodyThere):
        await here.opened(handover_id="h2")
    assert len(here.home.conversations) == 1


# --- messages ------------------------------------------------------------------------------------------------


async def test_a_message_whose_reply_was_lost(here: Here) -> None:
    """It is found there and not sent again, also by a server that has just started."""
    talk, where = await here.opened()
    here.chatwoot.faults.lose_next_reply(endpoint="message.create")
    with pytest.raises(ProviderUnavailable):
        await here.provider.send(where, said("Hello"), "c1:2")
    await here.provider.send(where, said("Hello"), "c1:2")
    here.anew()
    await here.provider.send(where, said("Hello"), "c1:2")
    assert texts(talk)[1:] == ["Hello"]


async def test_messages_in_a_row_cost_one_call_each(here: Here) -> None:
    """Where nothing is uncertain, nothing is looked up."""
    _, where = await here.opened()
    here.chatwoot.requests.clear()
    for n in range(3):
        await here.provider.send(where, said(f"Line {n}", f"m{n}"), f"c1:{n}")
    assert [one.endpoint for one in here.chatwoot.requests] == ["message.create"] * 3


async def test_a_conversation_that_was_closed(here: Here) -> None:
    """Once the end is known, nothing is said that would open it again."""
    talk, where = await here.opened()
    here.chatwoot.desk.set_status(talk, "resolved")
    ended = FromProvider("vendor", "x", e.Closed(), external_id=where.external_id)
    assert await here.provider.complete(ended) is ended
    with pytest.raises(SessionEnded):
        await here.provider.send(where, said("Still there?"), "c1:2")
    assert (talk.status, len(talk.messages)) == ("resolved", 1)


async def test_a_conversation_that_was_deleted(here: Here) -> None:
    """It is gone for messages, and done for the end."""
    talk, where = await here.opened()
    del here.home.conversations[talk.id]
    with pytest.raises(SessionGone):
        await here.provider.send(where, said("Hello"), "c1:2")
    await here.provider.close(where, "bot_closed")
    await here.provider.cancel(where, "user_left")


async def test_what_the_bot_says_to_the_agent(here: Here) -> None:
    """It is a private note, so that it is neither the user's word nor an agent's answer."""
    talk, where = await here.opened()
    await here.provider.send(where, said("Order 7 is late", author="bot"), "c1:2")
    assert [talk.messages[1].private, texts(talk)[1]] == [True, "Bot: Order 7 is late"]
    assert talk.first_reply_at is None


async def test_a_file_that_is_not_ours(here: Here) -> None:
    """Its address is all we have, so the agent gets that."""
    talk, where = await here.opened()
    file = Attachment("f", "proof.txt", "text/plain", None, "https://elsewhere.example/proof.txt")
    await here.provider.send(where, said("", files=(file,)), "c1:2")
    assert texts(talk)[1] == "proof.txt: https://elsewhere.example/proof.txt"


async def test_a_file_of_ours_that_is_sent_twice(here: Here) -> None:
    """It arrives whole, once, although the first answer was lost."""

    class Files(Alone):
        async def content(self, file: Attachment) -> bytes:
            return b"\r\n--\x00 bytes \r\n"

    talk, where = await here.opened()
    here.provider.host = Files()
    file = Attachment("f", 'my "plan".txt', "text/plain", 13, "https://ours.example/f")
    here.chatwoot.faults.lose_next_reply(endpoint="message.create")
    with pytest.raises(ProviderUnavailable):
        await here.provider.send(where, said("Look", files=(file,)), "c1:2")
    await here.provider.send(where, said("Look", files=(file,)), "c1:2")
    (message,) = talk.messages[1:]
    (attachment,) = message.attachments
    assert here.chatwoot.api.files[str(attachment["id"])] == (
        "my _plan_.txt",
        "text/plain",
        b"\r\n--\x00 bytes \r\n",
    )


async def test_a_text_that_is_too_long(here: Here) -> None:
    """Refused for good, by the name of the field and without the text."""
    _, where = await here.opened()
    with pytest.raises(ProviderRejected, match="does not take: content"):
        await here.provider.send(where, said("x" * 150_001), "c1:2")


async def test_too_many_messages_in_a_minute(here: Here) -> None:
    """The limit is over in a minute, so the message waits."""
    talk, where = await here.opened()
    for n in range(199):
        here.chatwoot.desk.say(talk, here.home.agents[0], f"{n}")
    with pytest.raises(ProviderUnavailable):
        await here.provider.send(where, said("Stop"), "c1:2")


# --- signs ---------------------------------------------------------------------------------------------------


async def test_typing(here: Here) -> None:
    """Agents see the contact type; our token is not shown to the Client API."""
    talk, where = await here.opened()
    await here.provider.typing(where, on=True)
    assert talk.contact_types
    await here.provider.typing(where, on=False)
    assert not talk.contact_types
    assert here.count("inbox.show") == 1


async def test_presence(here: Here) -> None:
    """Notes; the same twice is fine."""
    talk, where = await here.opened()
    for _ in range(2):
        await here.provider.presence(where, "disconnected", "User left the conversation")
    assert [(m.content, m.private) for m in talk.messages[1:]] == [("User left the conversation", True)] * 2


async def test_receipts(here: Here) -> None:
    """The agent sees what became of a message."""
    talk, where = await here.opened()
    message = here.chatwoot.desk.say(talk, here.home.agents[0], "Hello")
    for state in ("delivered", "read", "failed"):
        await here.provider.receipt(where, str(message.id), state)
        assert message.status == state
    assert here.chatwoot.requests_to("message.status")[-1].json["external_error"]


async def test_the_name_of_an_agent(here: Here) -> None:
    """Where a webhook has only the id, the account knows the name; asked once."""
    for _ in range(2):
        joined = FromProvider("vendor", "x", e.AgentJoined(Agent("6")), external_id="1")
        found = await here.provider.complete(joined)
        agent = Agent("6", "Lee", "https://chat.example.org/avatars/6.png")
        assert found.fact == e.AgentJoined(agent)
    assert here.count("agent.list") == 1
    nobody = FromProvider("vendor", "x", e.AgentJoined(Agent("77")), external_id="1")
    assert await here.provider.complete(nobody) == nobody


# --- the end -------------------------------------------------------------------------------------------------


async def test_a_cancel_that_is_repeated(here: Here) -> None:
    """One note that says why, then the end; Live Agent may have a status of its own."""
    talk, where = await here.opened()
    here.chatwoot.faults.lose_next_reply(endpoint="message.create")
    with pytest.raises(ProviderUnavailable):
        await here.provider.cancel(where, "user_cancelled")
    for _ in range(2):
        await here.provider.cancel(where, "user_cancelled")
    assert (talk.status, texts(talk)[1:]) == ("resolved", ["The user cancelled the handover."])
    here.anew(cancel_status="snoozed")
    await here.provider.cancel(where, "user_cancelled")
    assert (talk.status, len(talk.messages)) == ("snoozed", 2)


# --- who is there --------------------------------------------------------------------------------------------


async def test_who_is_online(here: Here) -> None:
    """Online counts, busy does not; with a team only its members."""
    found = await here.provider.availability({}, None)
    assert (found.open, found.agents) == (True, 2)
    here.home.agent("Lee").availability = "busy"
    assert (await here.provider.availability({}, None)).agents == 1
    here.chatwoot.set_online(True)
    assert (await here.provider.availability({"team_id": "9"}, None)).agents == 1
    here.chatwoot.set_online(False, agent="Kim")
    assert (await here.provider.availability({"team_id": "9"}, None)).open is False


async def test_working_hours(here: Here) -> None:
    """Outside them nobody is there, whoever is online; they may be disregarded."""
    here.chatwoot.inbox.working_hours_enabled = True
    here.chatwoot.inbox.working_hours = [{"day_of_week": day, "closed_all_day": True} for day in range(7)]
    assert (await here.provider.availability({}, None)).open is False
    assert (await here.anew(working_hours=False).availability({}, None)).open is True


# --- looks ---------------------------------------------------------------------------------------------------


async def heard(here: Here, where: Session, cursor: str | None = None) -> tuple[str, list[e.ProviderFact]]:
    """One look: the last place, and the facts."""
    here.anew(gap_check_s=0)
    found = [one async for one in here.provider.listen(where, cursor)]
    return found[-1][0] if found else cursor or "", [event.fact for _, event in found if event is not None]


async def test_what_no_webhook_brought(here: Here) -> None:
    """Words, files of them, and the end are found by looking, once each; notes and echoes are not."""
    talk, where = await here.opened()
    await here.provider.send(where, said("Hello"), "c1:2")
    here.chatwoot.desk.say(talk, here.home.agents[0], "secret", private=True)
    first = here.chatwoot.desk.say(talk, here.home.agents[0], "Hi Ada")
    kim = Agent("5", "Kim", "https://chat.example.org/avatars/5.png")
    cursor, facts = await heard(here, where)
    assert facts == [e.AgentMessage("Hi Ada", str(first.id), (), kim)]
    last = here.chatwoot.desk.say(talk, here.home.agents[0], "Bye")
    here.chatwoot.desk.set_status(talk, "resolved")
    _, facts = await heard(here, where, cursor)
    assert facts == [e.AgentMessage("Bye", str(last.id), (), kim), e.Closed("agent_closed")]


async def test_what_the_agent_has_read(here: Here) -> None:
    """Our messages from before the agent last looked are read, by the ids that we know."""
    talk, where = await here.opened()
    await here.provider.send(where, said("Hello", "m-7"), "c1:2")
    assert (await heard(here, where))[1] == []
    talk.agent_last_seen_at = time.time() + 1
    assert (await heard(here, where))[1] == [e.MessageRead("m-7")]


async def test_more_than_one_page_was_missed(here: Here) -> None:
    """A list has a hundred messages at most: the next one is asked for at once."""
    talk, where = await here.opened()
    for n in range(150):
        here.chatwoot.desk.say(talk, here.home.agents[0], f"{n}")
    _, facts = await heard(here, where)
    assert [fact.text for fact in facts if isinstance(fact, e.AgentMessage)] == [str(n) for n in range(150)]


async def test_a_deleted_conversation_is_not_looked_at(here: Here) -> None:
    """There is nothing to come back to."""
    talk, where = await here.opened()
    del here.home.conversations[talk.id]
    with pytest.raises(SessionGone):
        await heard(here, where)


# --- credentials ---------------------------------------------------------------------------------------------


async def test_connect(here: Here) -> None:
    """The inbox's webhook has to come to us, or one of the account; the token in its address does not matter."""
    await here.provider.connect()
    host = here.provider.host = Alone()
    host.webhook_url = HOOK
    with pytest.raises(ProviderRejected, match="webhook URL"):
        await here.provider.connect()
    here.chatwoot.webhook_to(f"{HOOK}?token=secret")
    await here.provider.connect()
    here.chatwoot.webhook_to("https://elsewhere.example/hook")
    with pytest.raises(ProviderRejected, match=HOOK) as refused:
        await here.provider.connect()
    assert "elsewhere" not in str(refused.value)
    here.home.webhooks.append(HOOK)
    await here.provider.connect()
    assert not here.home.conversations


async def test_connect_as_an_agent(here: Here) -> None:
    """Agents may not read the account's webhooks: what cannot be seen is not held against anybody."""
    host = here.provider.host = Alone()
    host.webhook_url = HOOK
    here.chatwoot.faults.fail_next(401, endpoint="webhook.list")
    await here.provider.connect()
    here.chatwoot.webhook_to("https://elsewhere.example/hook")
    here.chatwoot.faults.fail_next(401, endpoint="webhook.list")
    with pytest.raises(ProviderRejected, match="webhook URL"):
        await here.provider.connect()


async def test_connect_to_the_wrong_inbox(here: Here) -> None:
    """Only inboxes of type API take what we send; the token must be right."""
    here.home.inboxes[4] = Inbox(4, "Website", channel_type="Channel::WebWidget")
    with pytest.raises(ProviderRejected, match="`inbox_id`"):
        await here.anew(inbox_id=4).connect()
    with pytest.raises(ProviderAuthError, match="`api_token`"):
        await here.anew(api_token="wrong").connect()


@pytest.mark.parametrize(
    ("reply", "kind", "said_"),
    [
        (
            Reply(401, {}, b'{"error":"Access to this endpoint is not authorized for bots"}'),
            ProviderAuthError,
            "agent bot",
        ),
        (Reply(402, {}, b'{"error":"Upgrade"}'), ProviderRejected, "plan"),
        (Reply(301, {}, b""), ProviderUnavailable, "`base_url`"),
        (Reply(413, {}, b"<html>"), ProviderRejected, "large"),
        (
            Reply(422, {}, b'{"message":"Content ...","attributes":["content","<b>"]}'),
            ProviderRejected,
            "take: content$",
        ),
        (Reply(422, {}, b"<html>"), ProviderRejected, "422"),
    ],
)
def test_refusals_say_what_to_look_at(reply: Reply, kind: type[Exception], said_: str) -> None:
    """Each in the class that the engine acts upon; of the server's own words only names of fields."""
    with pytest.raises(kind, match=said_):
        checked(reply, SENDING)


def test_a_server_that_is_not_chatwoot() -> None:
    """A page of a proxy with status 200 is no answer, and worth another try."""
    with pytest.raises(ProviderUnavailable, match="`base_url`"):
        decoded(Reply(200, {}, b"<html>Welcome</html>"), wire.Inbox, "GET inbox")
