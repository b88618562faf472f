"""The emulated Router: who has a chat, and what a mutation makes of it."""

import json

import pytest

from openhandover.emulators.cm import CmEmulator, Refused
from openhandover.emulators.cm.account import BOT, OUTSIDE, WEB
from tests.emulators.cm import CUT, SECRET, TO_MARKETPLACE, WITHOUT_BOT, calling, endpoints


async def test_the_chat_id_is_derived_and_the_given_one_does_not_count():
    """The 201 names a chat id of the Router's own, the same for the same parties; the first has no session yet."""
    async with CmEmulator() as cm, calling(cm) as caller:
        status, first = await caller.post("one")
        _, second = await caller.post("two", version="v1")
    assert status == 201
    one, two = json.loads(first)["chat"], json.loads(second)["chat"]
    assert one["id"] == two["id"] != "anything"
    assert one["sessionId"] is None
    assert two["sessionId"]


async def test_a_visitor_talks_to_the_bot_and_after_the_mutation_to_the_agent():
    """Web -> bot until the rule is disabled; then the desk has the chat, with its context, and the bot hears nothing."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as bot:
        cm.call_back("bot", bot.url, SECRET)
        visitor = cm.visitor("ada", "Ada")
        chat = visitor.says("hello")
        [(part, body)] = await bot.wait_for(1)
        assert (part, json.loads(body)["conversationMessages"][0]["text"]) == ("messages", "hello")
        assert json.loads(body)["chat"]["id"] == chat.id
        assert bot.got[0][2]["X-Shared-Secret"] == "s3cret"

        said = json.loads(body)
        said["conversationMessages"] = [
            {"$type": "text", "direction": "ClientTerminated", "text": "I am a bot"}
        ]
        said = {key: said[key] for key in ("chat", "conversationMessages")}
        assert (await caller.envelope(said, BOT))[0] == 201
        assert visitor.answers == ["I am a bot"]

        info = json.dumps({"name": 'Ada "the first" \\ 🎉'})
        status, answer = await caller.mutate(chat.id, CUT, {"CustomerInfo": info})
        assert (status, answer) == (202, "")
        assert visitor.livechat
        parts = await bot.wait_for(2)
        assert parts[1][0] == "handover"
        assert json.loads(parts[1][1])["context"] == {"CustomerInfo": info}

        visitor.says("help me")
        await cm.agent_says(chat.id, "here I am")
        assert visitor.answers[-1] == "here I am"
        assert len(cm.callbacks.sent) == 2
        assert (await caller.envelope(said, BOT))[0] == 201
        assert visitor.answers[-2:] == ["here I am", "I am a bot"]


async def test_the_session_ends_and_the_next_message_is_the_bots_again():
    """The agent's end is told as RouterSessionEnded; what was switched is as it was before."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as bot:
        cm.call_back("bot", bot.url)
        visitor = cm.visitor("ada")
        chat = visitor.says("hello")
        await caller.mutate(chat.id, CUT)
        await cm.agent_ends(chat.id)
        assert not visitor.livechat
        visitor.says("again")
        got = await bot.wait_for(4)
    assert [part for part, _ in got] == ["messages", "handover", "events", "messages"]
    assert json.loads(got[2][1])["conversationEvents"][0]["$type"] == "RouterSessionEnded"
    assert got[1][1].endswith('"context":}')


async def test_a_bot_outside_relays_through_its_own_adapter():
    """outside -> CMBot until that component is out; then the desk answers at the adapter's message endpoint."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as ours:
        cm.call_back("outside", ours.url, SECRET)
        chat_id = await caller.chat("hello")
        assert cm.chats[chat_id].side == "bot"
        assert (await caller.mutate(chat_id, WITHOUT_BOT, {"RoutingKeywords": "billing"}))[0] == 202
        chat = await cm.chat_at_desk()
        assert chat.context == {"RoutingKeywords": "billing"}
        await cm.agent_says(chat_id, "yes?")
        await caller.post("no")
        await cm.agent_ends(chat_id)
        got = await ours.wait_for(3)
    assert [part for part, _ in got] == ["handover", "messages", "events"]
    message = json.loads(got[1][1])["conversationMessages"][0]
    assert (message["direction"], message["text"]) == ("ClientTerminated", "yes?")
    assert [line.text for line in chat.lines if line.author == "user"] == ["hello", "no"]


async def test_a_marketplace_desk_is_before_the_other_once_its_rule_is_enabled():
    """Disable channel -> bot and enable channel -> marketplace: the first rule that holds is the marketplace's."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat = cm.visitor("ada").says("hello")
        assert (await caller.mutate(chat.id, [CUT[0], TO_MARKETPLACE]))[0] == 202
        assert chat.target(cm.account) == TO_MARKETPLACE["targetAdapterId"]


async def test_a_link_that_is_enabled_again_gives_the_chat_back():
    """The opposite mutation is a hand-back: the next message is the bot's, in the same session."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as bot:
        cm.call_back("bot", bot.url)
        visitor = cm.visitor("ada")
        chat = visitor.says("hello")
        session_id = chat.session_id
        await caller.mutate(chat.id, CUT)
        assert (await caller.mutate(chat.id, [CUT[0] | {"action": "Enable"}]))[0] == 202
        visitor.says("again")
        got = await bot.wait_for(3)
        assert [part for part, _ in got] == ["messages", "handover", "messages"]
        assert (chat.side, chat.session_id) == ("bot", session_id)
        with pytest.raises(Refused):
            await cm.agent_says(chat.id, "too late")


async def test_a_mutation_may_be_repeated():
    """The same request twice is one handover and one notice."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as bot:
        cm.call_back("bot", bot.url)
        chat = cm.visitor("ada").says("hello")
        assert [(await caller.mutate(chat.id, CUT))[0] for _ in range(2)] == [202, 202]
        await bot.wait_for(2)
        assert [one.kind for one in cm.callbacks.sent] == ["message", "handover"]


async def test_or_with_one_adapter_cuts_every_link_of_it():
    """The trap of the operator Or: the link to the desk is cut with the others, and nobody has the chat."""
    async with CmEmulator() as cm, calling(cm) as caller:
        visitor = cm.visitor("ada")
        chat = visitor.says("hello")
        either = {"$type": "ruleMutation", "action": "Disable", "operator": "Or", "sourceAdapterId": WEB}
        await caller.mutate(chat.id, [either])
        visitor.says("anybody?")
        assert chat.target(cm.account) is None
        assert cm.router.unrouted[-1]["text"] == "anybody?"


@pytest.mark.parametrize("adapter", [OUTSIDE.upper(), OUTSIDE])
async def test_an_adapter_id_is_a_uuid_in_either_case(adapter: str):
    """UUIDs are compared as such."""
    async with CmEmulator() as cm, calling(cm) as caller:
        assert (await caller.post("hello", adapter))[0] == 201


async def test_without_the_history_adapter_the_agent_sees_what_came_after_the_handover():
    """With it the agent reads what was said before, too."""
    async with CmEmulator() as cm, calling(cm) as caller:
        visitor = cm.visitor("ada")
        chat = visitor.says("to the bot")
        await caller.mutate(chat.id, CUT)
        visitor.says("to the agent")
        shown: list[list[str]] = []
        for cm.account.history in (True, False):
            shown.append([line["text"] for line in cm.shown()["chats"][0]["lines"]])
    assert shown == [["to the bot", "Handed over.", "to the agent"], ["Handed over.", "to the agent"]]
