"""The provider's calls, one by one, at the emulator: what they make there, and that a repeated call makes it once."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from openhandover.core import events as e
from openhandover.core.errors import (
    ProviderAuthError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
)
from openhandover.core.events import FromProvider
from openhandover.core.model import Agent, Attachment
from openhandover.emulators.chatwoot.installation import Inbox
from openhandover.net.client import Reply
from openhandover.providers.base import Alone, Session, WebhookRequest
from openhandover.providers.chatwoot import wire
from openhandover.providers.chatwoot.calls import SENDING, checked, decoded
from tests.providers.chatwoot.here import Here, living, said, texts

HOOK = "https://handover.example.com/webhooks/vendor"


@pytest.fixture
async def here() -> AsyncGenerator[Here]:
    """One for a case alone."""
    async with living() as found:
        yield found


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
    """Once a webhook has told of the end, nothing is said that would open it again; nothing need be asked for that."""
    talk, where = await here.opened()
    here.chatwoot.webhook_to(here.chatwoot.url)
    here.chatwoot.desk.set_status(talk, "resolved")
    told = here.chatwoot.callbacks.sent[0].body
    (ended,) = here.provider.parse(WebhookRequest("POST", {}, {}, told, 0.0))
    assert ended.fact == e.Closed("agent_closed")
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


async def heard(
    here: Here, where: Session, cursor: str | None = None, **settings: Any
) -> tuple[str, list[e.ProviderFact]]:
    """One look: the last place, and the facts."""
    here.anew(gap_check_s=0, **settings)
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


async def test_who_has_taken_it_meanwhile(here: Here) -> None:
    """An assignment that no webhook told of counts, unless somebody has it already; with `replied` only after a word."""
    talk, where = await here.opened()
    here.chatwoot.desk.assign(talk, here.home.agent("Lee"))
    lee = e.AgentJoined(Agent("6", "Lee", "https://chat.example.org/avatars/6.png"), only_if_free=True)
    assert (await heard(here, where))[1] == [lee]
    assert (await heard(here, where, joined_when="replied"))[1] == []
    here.chatwoot.desk.say(talk, here.home.agent("Lee"), "Hi")
    assert (await heard(here, where, joined_when="replied"))[1][0] == lee


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
    here.anew(webhook_secret=here.home.webhook_secret).host = host
    await here.provider.connect()
    assert not here.home.conversations


@pytest.mark.parametrize("of", ["the inbox", "the account"])
async def test_connect_with_another_webhook_secret(here: Here, of: str) -> None:
    """An administrator is told what signs the webhooks to us: another secret than ours is found before the first of them."""
    if of == "the inbox":
        here.chatwoot.webhook_to(HOOK)
    else:
        here.home.webhooks.append(HOOK)
    right = here.chatwoot.inbox.secret if of == "the inbox" else here.home.webhook_secret
    for settings in (
        {"webhook_secret": right, "old_webhook_secret": None},
        {"webhook_secret": "new", "old_webhook_secret": right},
    ):
        here.anew(**settings).host = Alone(HOOK)
        assert await here.provider.connect() is None
    here.anew(webhook_secret="another", old_webhook_secret=None).host = Alone(HOOK)
    with pytest.raises(ProviderRejected, match="`webhook_secret`") as refused:
        await here.provider.connect()
    assert right not in str(refused.value)


async def test_connect_with_another_webhook_token(here: Here) -> None:
    """Without a secret the token in the address is all that proves a webhook, and everybody is told the address."""
    here.home.administrator = here.chatwoot.desk.signs = False
    only = {"webhook_secret": None, "old_webhook_secret": None, "webhook_token": "token-of-sixteen"}
    here.anew(**only).host = Alone(HOOK)
    here.chatwoot.webhook_to(f"{HOOK}?token=token-of-sixteen")
    assert await here.provider.connect() is None
    for query in ("", "?token=another"):
        here.chatwoot.webhook_to(HOOK + query)
        with pytest.raises(ProviderRejected, match="`webhook_token`") as refused:
            await here.provider.connect()
        assert "token-of-sixteen" not in str(refused.value)


async def test_what_connect_cannot_prove(here: Here) -> None:
    """Where Chatwoot tells no secret, or nobody knows which webhook is ours, it is said that the first webhook will show it."""
    here.chatwoot.webhook_to(HOOK)
    assert "server.public_url" in (await here.provider.connect() or "")
    here.provider.host = Alone(HOOK)
    here.chatwoot.desk.signs = False
    assert "first webhook" in (await here.provider.connect() or "")
    here.chatwoot.desk.signs, here.home.administrator = True, False
    assert "an administrator's `api_token`" in (await here.provider.connect() or "")


async def test_connect_as_an_agent(here: Here) -> None:
    """Agents may not read the account's webhooks: what cannot be seen is not held against anybody."""
    here.home.administrator = False
    host = here.provider.host = Alone()
    host.webhook_url = HOOK
    await here.provider.connect()
    here.chatwoot.webhook_to("https://elsewhere.example/hook")
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
