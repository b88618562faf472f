"""A Router session of a chat is a conversation: where a new one begins, what its end does, who was erased."""

import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from .cm_router import CHAT, House, house, text

HANDING_OVER = """
    - ask: {text: "What?", into: what}
    - handover: {}
    - say: "Back with {{ handover.event }}."
"""


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncGenerator[House]:
    """A server whose bot hands over at the second message; Anna is at the desk."""
    async with house(tmp_path, flow=HANDING_OVER) as made:
        await made.server.online()
        yield made


def ended(form: str = "flat", **chat: Any) -> dict[str, Any]:
    """The end of a session, in either form that was seen."""
    if form == "flat":
        ids = {"chatId": CHAT["id"], "sessionId": CHAT["sessionId"], **chat}
        return {"eventType": "RouterSessionEnded", **ids}
    return {"chat": {**CHAT, **chat}, "conversationEvents": [{"$type": "RouterSessionEnded", "id": "e"}]}


async def human_has_it(here: House, **chat: Any) -> dict[str, Any]:
    """The user asked for a human and one took the chat; the handover."""
    await here.says("hello", **chat)
    await here.says("a human please", **chat)
    conversation = (await here.conversations())[-1]
    path = f"/v1/conversations/{conversation['id']}"
    found = await here.server.until(path, lambda one: one["handover_id"] is not None)
    desk = f"/v1/desk/handovers/{found['handover_id']}"
    await here.server.until(f"/v1/handovers/{found['handover_id']}", lambda one: one["status"] == "queued")
    assert (await here.server.call("POST", f"{desk}/accept?agent=anna", {})).status == 200
    return (await here.server.call("GET", f"/v1/handovers/{found['handover_id']}")).body


async def test_another_session_of_the_chat_is_another_conversation(here: House) -> None:
    """The bot begins anew; both belong to the same user."""
    await here.says("one")
    await here.says("two", sessionId="session-2")
    await here.says("three", sessionId="session-2")
    first, second = await here.conversations()
    assert [one["text"] for one in await here.messages(first["id"]) if one["author"] == "user"] == ["one"]
    words = [one["text"] for one in await here.messages(second["id"]) if one["author"] == "user"]
    assert words == ["two", "three"]
    assert first["user"]["id"] == second["user"]["id"] == CHAT["conversationClientId"]


async def test_a_chat_without_sessions_is_one_conversation(here: House) -> None:
    """Where the Router tells no session, the chat itself is the conversation."""
    await here.says("one", sessionId=None)
    await here.says("two", sessionId=None)
    assert len(await here.conversations()) == 1


async def test_the_same_chat_id_on_two_channels_is_two_chats(tmp_path: Path) -> None:
    """Each channel has its own conversations."""
    second = """  other:
    type: cm
    technical_link_id: link
    product_token: token
    adapter_id: bbbbbbbb-0000-4000-8000-000000000009
    secret: a-secret-shared-with-cm
"""
    async with house(tmp_path, channel=second) as here:
        await here.says("one")
        await here.call("messages", {"chat": CHAT, "conversationMessages": [text("two")]}, channel="other")
        assert {one["channel"] for one in await here.conversations()} == {"chat", "other"}


async def test_a_session_that_follows_goes_on_with_the_human(here: House) -> None:
    """While Anna has the chat, a new session does not put the bot beside her; it stays so after she is done."""
    handover = await human_has_it(here)
    await here.says("still there?", sessionId="session-2")
    assert len(await here.conversations()) == 1
    done = await here.server.call("POST", f"/v1/desk/handovers/{handover['id']}/close?agent=anna", {})
    assert done.status == 200
    await here.says("thanks", sessionId="session-2")
    (conversation,) = await here.conversations()
    words = [one["text"] for one in await here.messages() if one["author"] == "user"]
    assert words == ["hello", "a human please", "still there?", "thanks"]
    assert conversation["context"]["cm"]["sessionId"] == "session-2"


async def test_the_end_of_the_session_before_ends_nothing(here: House) -> None:
    """The talk with Anna has gone on into the next session; only the end of that one ends it."""
    handover = await human_has_it(here)
    await here.says("still there?", sessionId="session-2")
    path = f"/v1/handovers/{handover['id']}"
    await here.call("events", ended(sessionId="session-1"))
    assert (await here.server.call("GET", path)).body["status"] == "active"
    await here.call("events", ended(sessionId="session-2"))
    assert (await here.server.call("GET", path)).body["status"] == "completed"


async def test_an_erased_user_whose_sessions_were_joined_begins_anew(here: House) -> None:
    """The second session does not lead into the emptied conversation."""
    handover = await human_has_it(here)
    await here.says("still there?", sessionId="session-2")
    await here.server.call("POST", f"/v1/desk/handovers/{handover['id']}/close?agent=anna", {})
    await here.server.engine.erase(CHAT["conversationClientId"])
    await here.says("back", sessionId="session-2")
    erased, fresh = await here.conversations()
    assert (erased["user"]["id"], fresh["user"]["id"]) == ("erased", CHAT["conversationClientId"])
    assert CHAT["conversationClientId"] not in str(erased)


@pytest.mark.parametrize("form", ["flat", "envelope"])
async def test_the_end_of_the_session_ends_a_talk_with_a_human(here: House, form: str) -> None:
    """The user has left: once, however often it is told."""
    handover = await human_has_it(here)
    for _ in range(2):
        assert (await here.call("events", ended(form))).status == 200
    over = (await here.server.call("GET", f"/v1/handovers/{handover['id']}")).body
    assert (over["status"], over["reason"]) == ("completed", "user_left")


async def test_an_end_that_names_no_session_is_of_the_last_one(here: House) -> None:
    """The envelope of the event may have lost the session already."""
    handover = await human_has_it(here)
    await here.call("events", ended("envelope", sessionId=None))
    assert (await here.server.call("GET", f"/v1/handovers/{handover['id']}")).body["status"] == "completed"


async def test_a_chat_without_sessions_that_is_as_old_as_can_be_ends(here: House) -> None:
    """What is kept of chats is forgotten in time; one that never had a session still hears of its end."""
    handover = await human_has_it(here, sessionId=None)
    await here.server.engine.store.purge(
        claims_before=time.time() + 1, parked_before=0, messages_before=None, files_before=None
    )
    await here.call("events", ended("envelope", sessionId=None))
    assert (await here.server.call("GET", f"/v1/handovers/{handover['id']}")).body["status"] == "completed"


async def test_an_end_that_was_overtaken_leaves_the_next_session_alone(here: House) -> None:
    """The event of an old session comes after the first message of the new one: it ends nothing there."""
    await here.says("old", sessionId="session-0")
    handover = await human_has_it(here)
    answer = await here.call("events", ended(sessionId="session-0"))
    assert (answer.status, await here.counted("events", "ended")) == (200, 1)
    assert (await here.server.call("GET", f"/v1/handovers/{handover['id']}")).body["status"] == "active"


async def test_an_end_of_a_session_that_never_spoke_ends_nothing(here: House) -> None:
    """The chat's last conversation is another session's; where it has none, the end is its own."""
    handover = await human_has_it(here)
    await here.call("events", ended(sessionId="never-seen"))
    assert await here.counted("events", "unknown") == 1
    assert (await here.server.call("GET", f"/v1/handovers/{handover['id']}")).body["status"] == "active"
    await here.says("hello", id="chat-2", sessionId=None)
    await here.call("events", ended(chatId="chat-2", sessionId="told-here-only"))
    assert await here.counted("events", "ended") == 1


async def test_another_event_ends_nothing(here: House) -> None:
    """It is counted; the human goes on."""
    handover = await human_has_it(here)
    await here.call("events", {"eventType": "Typing", "chatId": CHAT["id"], "sessionId": CHAT["sessionId"]})
    assert await here.counted("events", "noted") == 1
    assert (await here.server.call("GET", f"/v1/handovers/{handover['id']}")).body["status"] == "active"


async def test_what_the_bot_needs_to_answer_comes_back_after_it_was_lost(here: House) -> None:
    """A context that somebody replaced has its chat again with the user's next message."""
    await here.says("hello")
    (conversation,) = await here.conversations()
    path = f"/v1/conversations/{conversation['id']}"
    assert (await here.server.call("PATCH", path, {"context": {"mine": 1}})).status == 200
    await here.says("again")
    context = (await here.server.call("GET", path)).body["context"]
    assert (context["mine"], context["chatId"], context["cm"]["channel"]) == (1, "chat-1", "WhatsApp")


async def test_a_name_is_learned_once_and_never_overwritten(here: House) -> None:
    """The channel's name fills a gap; what is known stays."""
    await here.says("hello", conversationClientName=None)
    await here.says("again")
    await here.says("and again", conversationClientName="Somebody Else")
    (conversation,) = await here.conversations()
    assert conversation["user"]["name"] == "Ada"


async def test_a_user_who_was_erased_begins_anew(here: House) -> None:
    """Their chat goes on in a new conversation; nothing of theirs comes back into the old one."""
    await here.says("hello")
    await here.server.engine.erase(CHAT["conversationClientId"])
    for words in ("back", "again"):
        assert (await here.says(words)).status == 201
    erased, fresh = await here.conversations()
    assert (erased["user"]["id"], fresh["user"]["id"]) == ("erased", CHAT["conversationClientId"])
    words = [one["text"] for one in await here.messages(fresh["id"]) if one["author"] == "user"]
    assert words == ["back", "again"]
    assert "Ada" not in str(erased)


async def test_the_language_of_the_channel_is_where_detection_begins(tmp_path: Path) -> None:
    """Of a user of whom nothing is known, the channel's language is assumed."""
    async with house(tmp_path, channel="    language: nl") as here:
        await here.says("ok")
        assert (await here.conversations())[0]["language"] == "nl"
