"""State-based control, and what goes wrong on request."""

import asyncio
import json

import aiohttp
import pytest

from openhandover.emulators.cm import CmEmulator
from tests.emulators.cm import ACCOUNT, CUT, SECRET, TOKEN, WITHOUT_BOT, calling, endpoints

AT_BOT, AT_AGENT = "51a7e000-0000-4000-8000-000000000001", "51a7e000-0000-4000-8000-000000000002"


def session(chat_id: str, more: str = "") -> str:
    """Address of a chat's session."""
    return f"/router/control/v1/accounts/{ACCOUNT}/chats/{chat_id}/session{more}"


async def test_a_session_is_moved_to_the_agent_and_back():
    """The state `agent` is a handover with its notice and context; `bot` gives the chat back."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as bot:
        cm.call_back("bot", bot.url)
        chat = cm.visitor("ada").says("hello")
        body = {"NewStateNameId": AT_AGENT, "Context": {"RoutingKeywords": "x"}}
        assert (await caller.call("PUT", session(chat.id, "/state"), body))[0] == 200
        assert (chat.side, chat.context) == ("waiting", {"RoutingKeywords": "x"})
        status, told = await caller.call("GET", session(chat.id))
        assert (status, json.loads(told)["stateNameId"]) == (200, AT_AGENT)
        await caller.call("PUT", session(chat.id, "/state"), {"NewStateNameId": AT_BOT})
        assert chat.side == "bot"
        cm.visitor("ada").says("again")
        got = await bot.wait_for(3)
    assert [part for part, _ in got] == ["messages", "handover", "messages"]


async def test_the_end_of_a_session_is_told_once():
    """PUT session/end twice ends once; the chat is known afterwards, too."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as ours:
        cm.call_back("outside", ours.url)
        cm.account.event_form = "flat"
        chat_id = await caller.chat()
        for _ in range(2):
            assert (await caller.call("PUT", session(chat_id, "/end")))[0] == 200
        [(part, body)] = await ours.wait_for(1)
        assert (part, json.loads(body)["eventType"]) == ("events", "RouterSessionEnded")
        assert json.loads(body)["chatId"] == chat_id
        assert len(cm.callbacks.sent) == 1


async def test_without_its_right_a_token_may_still_send_mutations():
    """403 that names the right on all of session; the mutation request is accepted."""
    async with CmEmulator() as cm, calling(cm) as caller:
        cm.account.rights.clear()
        chat_id = await caller.chat()
        status, answer = await caller.call("PUT", session(chat_id, "/state"), {"NewStateNameId": AT_AGENT})
        assert (status, "ConversationalRouter.RouterSession_Update" in answer) == (403, True)
        assert (await caller.call("GET", session(chat_id)))[0] == 403
        assert (await caller.call("PUT", session(chat_id, "/end")))[0] == 403
        assert (await caller.mutate(chat_id, WITHOUT_BOT))[0] == 202


async def test_a_state_that_is_not_there_is_refused():
    """400 for the state and for another property, 404 for the chat."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat_id = await caller.chat()
        assert (await caller.call("PUT", session(chat_id, "/state"), {"NewStateNameId": "agent"}))[0] == 400
        wrong = {"newStateNameId": AT_AGENT}
        assert (await caller.call("PUT", session(chat_id, "/state"), wrong))[0] == 400
        assert (await caller.call("GET", session("nobody")))[0] == 404


async def test_a_refused_callback_comes_again_in_its_place():
    """What was answered 500 or not at all is sent again, and what follows waits for it."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as ours:
        cm.callbacks.redelivery_s = (0.01, 0.01)
        cm.call_back("outside", ours.url, SECRET)
        chat_id = await caller.chat()
        ours.statuses = [500, 404]
        await caller.mutate(chat_id, WITHOUT_BOT)
        await cm.agent_says(chat_id, "one")
        got = await ours.wait_for(2)
        await cm.wait_until(lambda: cm.callbacks.sent[1].delivered)
        assert [part for part, _ in got] == ["handover", "messages"]
        assert [one.attempts for one in cm.callbacks.sent] == [[500, 404, 201], [201]]


async def test_a_callback_nobody_takes_is_given_up():
    """After the last pause it is marked, and shown without its secret."""
    async with CmEmulator() as cm, calling(cm) as caller:
        cm.callbacks.redelivery_s = (0.01,)
        cm.call_back("outside", "http://127.0.0.1:9/cm", SECRET)
        await caller.mutate(await caller.chat(), WITHOUT_BOT)
        await cm.wait_until(lambda: cm.callbacks.sent[0].given_up)
        shown = cm.callbacks.sent[0].shown()
        assert (shown["attempts"], shown["delivered"]) == ([0, 0], False)
        assert "s3cret" not in json.dumps(shown)


async def test_callbacks_repeat_change_places_and_wait_on_request():
    """Repeated: twice the same. Reordered: the next one first. Held: nothing until released."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as ours:
        cm.call_back("outside", ours.url)
        chat_id = await caller.chat()
        cm.callbacks.hold()
        cm.callbacks.repeat_next()
        await caller.mutate(chat_id, WITHOUT_BOT)
        cm.callbacks.reorder_next()
        await cm.agent_says(chat_id, "one")
        await cm.agent_says(chat_id, "two")
        assert not ours.got
        cm.callbacks.release()
        got = await ours.wait_for(4)
    assert got[0] == got[1]
    assert [json.loads(body)["conversationMessages"][0]["text"] for _, body in got[2:]] == ["two", "one"]


async def test_a_reply_gets_lost_although_the_call_counted():
    """The connection is cut; what was asked is done, and the record shows no status."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat_id = await caller.chat()
        cm.faults.lose_next_reply(endpoint="mutation")
        with pytest.raises(aiohttp.ClientError):
            await caller.mutate(chat_id, WITHOUT_BOT)
        assert cm.chats[chat_id].side == "waiting"
        assert cm.requests_to("mutation")[0].status == 0
        assert (await caller.mutate(chat_id, WITHOUT_BOT))[0] == 202


async def test_calls_fail_on_request_and_count_for_nothing():
    """Only the endpoint that was named fails, as often as asked, with the header given."""
    async with CmEmulator() as cm, calling(cm) as caller:
        cm.faults.fail_next(429, 2, endpoint="mutation", retry_after="1")
        chat_id = await caller.chat()
        statuses = [(await caller.mutate(chat_id, WITHOUT_BOT))[0] for _ in range(3)]
        assert statuses == [429, 429, 202]


async def test_a_token_expires_and_is_renewed():
    """401 in between."""
    async with CmEmulator() as cm, calling(cm) as caller:
        cm.expire_token()
        assert (await caller.post("hello"))[0] == 401
        caller.token = ""
        assert (await caller.post("hello"))[0] == 401
        cm.renew_token()
        caller.token = TOKEN
        assert (await caller.post("hello"))[0] == 201


async def test_a_slow_vendor_thinks_before_it_answers():
    """The asked time passes on the endpoint that was named."""
    async with CmEmulator() as cm, calling(cm) as caller:
        cm.faults.slow(30, endpoint="mutation")
        chat_id = await caller.chat()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await caller.mutate(chat_id, WITHOUT_BOT)
        cm.faults.clear()
        assert (await caller.mutate(chat_id, WITHOUT_BOT))[0] == 202


async def test_ids_of_messages_count_where_the_account_says_so():
    """By default the same message twice is there twice; with `keeps_ids` once."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat_id = await caller.chat()
        for keeps_ids in (False, True):
            cm.account.keeps_ids = keeps_ids
            for _ in range(2):
                await caller.post(f"same {keeps_ids}", id=f"id-{keeps_ids}")
        said = [line.text for line in cm.chats[chat_id].lines]
        assert said == ["hello", "same False", "same False", "same True"]


async def test_the_controls_do_the_same_over_http():
    """Faults, presence, rights, adapters, visitors and the agent, for a test in another process."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as bot:
        await caller.call("PUT", "/emulator/adapters/bot", {"url": bot.url, "headers": SECRET})
        await caller.call("POST", "/emulator/presence", {"online": True, "channel": "WebChat"})
        await caller.call("POST", "/emulator/faults", {"fault": "rights", "rights": []})
        _, made = await caller.call("POST", "/emulator/visitors/ada/says", {"text": "hello", "name": "Ada"})
        chat_id = json.loads(made)["chat"]
        assert (await caller.call("GET", session(chat_id)))[0] == 403
        await caller.call("POST", f"/emulator/chats/{chat_id}/takes-over", {})
        await caller.call("POST", f"/emulator/chats/{chat_id}/says", {"text": "mine now"})
        await caller.call("POST", f"/emulator/chats/{chat_id}/ends", {})
        await bot.wait_for(3)
        _, text = await caller.call("GET", "/emulator/state")
        state = json.loads(text)
        assert state["online_where"] == ["WebChat"]
        assert state["chats"][0]["state"] == "ended"
        assert [line["text"] for line in state["visitors"][0]["lines"]] == ["hello", "mine now"]
        _, text = await caller.call("GET", "/emulator/requests")
        assert [one["endpoint"] for one in json.loads(text)["requests"]] == ["session"]
        await caller.call("DELETE", "/emulator/requests")
        assert not cm.requests
        _, text = await caller.call("GET", "/emulator/callbacks")
        assert [one["kind"] for one in json.loads(text)["callbacks"]] == ["message", "handover", "event"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("faults", {"fault": "earthquake"}, 400),
        ("faults", {"fault": "fail", "n": "many"}, 400),
        ("presence", {"online": "yes"}, 400),
        ("presence", {"online": True, "channel": "Pigeon"}, 400),
        ("chats/nobody/says", {"text": "hello"}, 404),
        ("chats/nobody/says", {"text": " "}, 400),
        ("visitors/ada/says", {}, 400),
        ("nothing", {}, 404),
    ],
)
async def test_a_control_says_what_is_wrong(path: str, body: dict[str, object], status: int):
    """A wrong control is answered with a sentence."""
    async with CmEmulator() as cm, calling(cm) as caller:
        got, told = await caller.call("POST", f"/emulator/{path}", body)
        assert got == status
        assert json.loads(told)["error"]


async def test_a_page_of_another_origin_may_not_use_the_controls():
    """403 for a foreign origin, also where its name was given our address; the emulator's own page may."""
    async with CmEmulator() as cm, calling(cm) as caller:
        for origin, status in (("http://evil.example", 403), ("null", 403), (cm.url, 200)):
            got, _ = await caller.call(
                "POST", "/emulator/presence", {"online": True}, headers={"Origin": origin}
            )
            assert got == status
        rebound = {"Origin": "http://evil.example:1", "Host": "evil.example:1"}
        got, _ = await caller.call("POST", "/emulator/presence", {"online": True}, headers=rebound)
        assert got == 403


@pytest.mark.parametrize("fault", ["lose", "slow", "clear", "repeat", "reorder", "late", "hold", "release"])
async def test_every_fault_has_a_control(fault: str):
    """Each is taken; what it does is tested above."""
    async with CmEmulator() as cm, calling(cm) as caller:
        assert (await caller.call("POST", "/emulator/faults", {"fault": fault}))[0] == 200


async def test_an_agent_without_the_chat_cannot_speak():
    """409 while the bot has it."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat = cm.visitor("ada").says("hello")
        assert (await caller.call("POST", f"/emulator/chats/{chat.id}/says", {"text": "me"}))[0] == 409
        await caller.mutate(chat.id, CUT)
        assert (await caller.call("POST", f"/emulator/chats/{chat.id}/says", {"text": "me"}))[0] == 200
