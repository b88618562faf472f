"""CM.com's Mobile Service Cloud has the chat: with the bot outside the Router, and with the bot inside it."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from openhandover.emulators.cm import SESSION_RIGHT, CmEmulator, ids
from tests.channels.visitor import Visitor
from tests.scenarios.cm_relay import (
    HEADERS,
    ROUTE,
    Relay,
    beside,
    counted,
    desk_lines,
    inside,
    outside,
    relaying,
)
from tests.scenarios.process import Process, client
from tests.serving import running_server


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncGenerator[Relay]:
    """The same for a test."""
    async with relaying(tmp_path) as running:
        yield running


async def test_a_talk_through_the_router(relay: Relay) -> None:
    """The desk gets the talk so far and who it is; both sides write; the end of the session is the end."""
    handover_id = await relay.asks("my bill is wrong", "a person please")
    await relay.until(handover_id, status="queued")
    chat = await relay.cm.chat_at_desk()
    assert desk_lines(chat) == ["User: my bill is wrong\nUser: a person please"]
    assert json.loads(chat.context["CustomerInfo"]) == {"name": 'Ada "Ä"', "email": "ada@example.org"}
    assert chat.context["RoutingKeywords"] == "billing"
    await relay.server.said(relay.chat_id, text="are you there? 👋")
    await relay.cm.wait_until(lambda: len(desk_lines(chat)) == 2)
    assert desk_lines(chat)[1] == "are you there? 👋"
    await relay.cm.agent_says(chat.id, "Good day, عائشة here.")
    assert not (await relay.until(handover_id, status="active"))["agent"]  # nobody says who it is
    await relay.cm.agent_says(chat.id, "Let me look.")
    await relay.hears("Good day, عائشة here.", "Let me look.")
    await relay.cm.agent_ends(chat.id)
    ended = await relay.until(handover_id, status="completed")
    assert (ended["reason"], ended["ended_by"], ended["style"]) == ("agent_closed", "agent", "relay")
    rows = await relay.server.call("GET", "/v1/analytics/handovers?group_by=provider")
    assert ("msc", 1) in counted(rows)


async def test_files_wait_for_the_notice_and_reach_the_agent_as_links(relay: Relay) -> None:
    """Not before the Hand Over Endpoint was called; then the agent reads name and address."""
    relay.cm.callbacks.hold()
    handover_id = await relay.asks("hello")
    await relay.until(handover_id, status="queued")
    file = {
        "url": f"{relay.server.url}/bill.txt",
        "name": "bill.txt",
    }  # not ours to fetch, so it stays a link
    body = {"author": "user", "text": "see", "attachments": [file]}
    path = f"/v1/conversations/{relay.chat_id}/messages"
    assert (await relay.server.call("POST", path, body)).code == "attachments_off"
    relay.cm.callbacks.release()
    await relay.server.until(
        f"/v1/conversations/{relay.chat_id}/events?limit=1000",
        lambda found: "handover.queue_updated" in [event["type"] for event in found["items"]],
    )
    assert (await relay.server.call("POST", path, body)).status == 201
    chat = await relay.cm.chat_at_desk()
    await relay.cm.wait_until(lambda: len(desk_lines(chat)) == 2)
    assert desk_lines(chat)[1].startswith("see\nbill.txt: http")


async def test_the_web_chat_offers_files_with_the_notice_only(tmp_path: Path) -> None:
    """What the page is told: no files while it waits, files from the notice on, also for a page that opens then; none
    after the end. The upload itself is refused and taken accordingly."""
    async with CmEmulator() as cm:
        web = "web: {type: webchat, provider: msc, allowed_origins: ['https://shop.example']}"
        text = outside(cm).replace("channels: {", f"channels: {{{web}, ")
        async with running_server(tmp_path, text) as server:
            cm.call_back("outside", f"{server.url}/webhooks/msc", HEADERS)
            cm.callbacks.hold()
            ada = await Visitor.comes(server)
            async with ada.page() as page:
                await page.say("hello")
                settings = {"route": ROUTE, "accepted_message": "", "message": ""}
                handover_id = (await server.handover(ada.id, settings=settings))["id"]
                queued = await page.event("handover.queued")
                assert queued["data"]["files"] is False
                assert (await ada.upload()).status == 403
                cm.callbacks.release()
                noticed = await page.event("handover.queue_updated")
                assert noticed["data"]["files"] is True
                assert (await ada.upload()).status == 201
                await server.call("POST", f"/v1/handovers/{handover_id}/cancel", {})
                ended = await page.event("handover.cancelled")
                assert ended["data"]["files"] is False


async def test_the_next_handover_is_a_chat_of_its_own(relay: Relay) -> None:
    """A fresh session each time, so that nothing late of the first reaches the second."""
    first = await relay.asks("hello")
    await relay.until(first, status="queued")
    await relay.server.call("POST", f"/v1/handovers/{first}/cancel", {})
    await relay.cm.wait_until(lambda: [chat.side for chat in relay.cm.chats.values()] == ["ended"])
    second = (await relay.server.handover(relay.chat_id, settings={"route": ROUTE}))["id"]
    await relay.until(second, status="queued")
    assert len(relay.cm.chats) == 2


async def test_a_cancel_ends_the_session_there(relay: Relay) -> None:
    """With `handback: session_end`; that the Router then tells us of the end changes nothing."""
    handover_id = await relay.asks("hello")
    await relay.until(handover_id, status="queued")
    chat = await relay.cm.chat_at_desk()
    await relay.server.call("POST", f"/v1/handovers/{handover_id}/cancel", {})
    await relay.cm.wait_until(lambda: chat.side == "ended")
    await relay.cm.wait_until(lambda: all(call.delivered for call in relay.cm.callbacks.sent))
    assert (await relay.until(handover_id, status="cancelled"))["reason"] == "user_cancelled"


async def test_a_session_that_is_gone_is_ended_enough(relay: Relay) -> None:
    """404 to the end of a session is no fault."""
    handover_id = await relay.asks("hello")
    await relay.until(handover_id, status="queued")
    relay.cm.faults.fail_next(404, endpoint="session_end")
    await relay.server.call("POST", f"/v1/handovers/{handover_id}/cancel", {})
    await relay.cm.wait_until(lambda: relay.cm.requests_to("session_end"))
    await relay.until(handover_id, status="cancelled")


@pytest.mark.parametrize("endpoint", ["twoway", "mutation"])
@pytest.mark.parametrize("fault", ["lost", "503"])
async def test_an_open_that_breaks_off_is_one_chat(relay: Relay, endpoint: str, fault: str) -> None:
    """The repeat has the same ids, so the Router derives the same chat; what was posted for sure is not posted again."""
    relay.cm.account.keeps_ids = True
    if fault == "lost":
        relay.cm.faults.lose_next_reply(endpoint=endpoint)
    else:
        relay.cm.faults.fail_next(503, endpoint=endpoint)
    handover_id = await relay.asks("hello")
    await relay.until(handover_id, status="queued")
    (chat,) = relay.cm.chats.values()
    assert (chat.side, desk_lines(chat)) == ("waiting", ["hello"])
    assert len(relay.cm.requests_to(endpoint)) == 2
    assert len(relay.cm.requests_to("twoway")) == (2 if endpoint == "twoway" else 1)


async def test_what_the_router_sends_twice_or_late_counts_once(relay: Relay) -> None:
    """By message id; messages and the end."""
    handover_id = await relay.asks("hello")
    await relay.until(handover_id, status="queued")
    chat = await relay.cm.chat_at_desk()
    relay.cm.callbacks.repeat_next(2)
    await relay.cm.agent_says(chat.id, "one")
    await relay.cm.agent_says(chat.id, "two")
    await relay.hears("one", "two")
    await relay.cm.agent_ends(chat.id)
    await relay.until(handover_id, status="completed")
    assert await relay.said() == ["one", "two"]


def message(direction: str, text: str, **more: Any) -> dict[str, Any]:
    """One TwoWay message."""
    return {"$type": "text", "direction": direction, "text": text, "createdOn": "2026-11-21T08:00:00Z"} | more


async def test_our_own_words_do_not_come_back(relay: Relay) -> None:
    """ClientOriginated is the user's side: it was ours, and is not shown as the agent's."""
    handover_id = await relay.asks("hello")
    await relay.until(handover_id, status="queued")
    chat = await relay.cm.chat_at_desk()
    both = [message("ClientOriginated", "hello", id="1"), message("clientterminated", "hi", id="2")]
    body = {"chat": {"id": chat.id}, "conversationMessages": both}
    assert (await relay.callback("messages", body)).status == 201
    await relay.hears("hi")


async def test_messages_without_an_id_are_not_lost(relay: Relay) -> None:
    """Two that look the same, without id and time, are two; of other kinds everything readable is shown."""
    handover_id = await relay.asks("hello")
    await relay.until(handover_id, status="queued")
    chat = await relay.cm.chat_at_desk()
    bare = {"$type": "text", "direction": "ClientTerminated", "text": "ok"}
    picture = {"$type": "media", "direction": "ClientTerminated", "media": {"uri": "https://x.example/a.png"}}
    body = {"chat": {"id": chat.id}, "conversationMessages": [bare, bare, picture]}
    assert (await relay.callback("messages", body)).status == 201
    await relay.hears("ok", "ok", "[media] https://x.example/a.png")


@pytest.mark.parametrize(
    ("part", "body", "status"),
    [
        (
            "messages",
            {"chat": {"id": "nobody"}, "conversationMessages": [message("ClientTerminated", "x")]},
            201,
        ),
        ("events", {"eventType": "RouterSessionEnded", "chatId": "nobody"}, 200),
        ("handover", {"chatId": "nobody"}, 200),
        ("handover", {"conversationClientId": "nobody"}, 200),
        ("handover", b'{"chatId":"nobody","context":}', 200),
        ("handover", b"not json at all", 200),
        ("handover", {}, 200),
        ("messages", b"\xff\xfe", 201),
        ("messages", {"chat": {}}, 201),
        ("events", [], 200),
        ("events", {"type": "something", "chatId": "nobody"}, 200),
    ],
)
async def test_whatever_comes_with_the_secret_is_answered_2xx(
    relay: Relay, part: str, body: Any, status: int
) -> None:
    """Anything else is sent again for a month."""
    assert (await relay.callback(part, body)).status == status


async def test_without_the_secret_nothing_is_taken(relay: Relay) -> None:
    """A wrong or missing header is refused; so is an address that we did not give out."""
    body = {"chat": {"id": "x"}, "conversationMessages": []}
    assert (await relay.callback("messages", body, "wrong")).status == 401
    assert (await relay.callback("messages", body, None)).status == 401
    assert (await relay.callback("messages", body, "é")).status == 401
    assert (await relay.callback("other", body)).status == 404
    assert (await relay.server.call("POST", "/webhooks/msc", body, key=None, headers=HEADERS)).status == 404


async def test_a_notice_that_names_only_the_client(relay: Relay) -> None:
    """The body of Web Conversations: the client's id is the handover's."""
    relay.cm.account.adapters["outside"].handover = None
    handover_id = await relay.asks("hello")
    await relay.until(handover_id, status="queued")
    assert (await relay.callback("handover", {"conversationClientId": handover_id})).status == 200
    await relay.server.until(
        f"/v1/conversations/{relay.chat_id}/events?limit=1000",
        lambda found: "handover.queue_updated" in [event["type"] for event in found["items"]],
    )


async def test_a_chat_that_nobody_described_begins_with_the_reason(relay: Relay) -> None:
    """Without a transcript: the reason of the request, else a fixed text."""
    first = await relay.asks(transcript={"send": False})
    await relay.until(first, status="queued")
    chat = await relay.cm.chat_at_desk()
    assert desk_lines(chat) == ["The user asks for a person."]


async def test_two_way_only_where_the_router_needs_no_mutation(tmp_path: Path) -> None:
    """`mutation: false`: nothing but messages goes out."""
    async with relaying(tmp_path, ", mutation: false, version: v1") as relay:
        handover_id = await relay.asks("hello")
        await relay.until(handover_id, status="queued")
        assert not relay.cm.requests_to("mutation")
        (sent,) = relay.cm.requests_to("twoway")
        assert "/twoway/v1/" in sent.path


async def test_availability_is_what_presence_says(relay: Relay) -> None:
    """Online is open; offline and everything wrong is closed."""
    path = "/v1/availability?provider=msc"

    relay.cm.set_online(True, channel="WebChat")
    assert (await relay.server.call("GET", path)).body == {"open": True}
    relay.cm.set_online(False)
    await relay.server.until(path, lambda found: found == {"open": False})


async def test_the_power_goes_out_in_the_middle(tmp_path: Path) -> None:
    """kill -9 while the agent writes: CM sends it again, it is shown once and in order, and the talk goes on."""
    async with CmEmulator() as cm:
        process = Process(tmp_path, outside(cm))
        try:
            url = await process.start()
            cm.call_back("outside", f"{url}/webhooks/msc", HEADERS)
            async with client(url) as server:
                relay = Relay(server, cm)
                handover_id = await relay.asks("hello")
                await relay.until(handover_id, status="queued")
                chat = await cm.chat_at_desk()
                await cm.agent_says(chat.id, "one")
                await relay.hears("one")
                await process.kill()
                await cm.agent_says(chat.id, "two")
                await cm.agent_says(chat.id, "three")
                assert await process.start(int(url.rpartition(":")[2])) == url
                await relay.hears("one", "two", "three")
                await server.said(relay.chat_id, text="thanks")
                await cm.wait_until(lambda: desk_lines(chat)[-1] == "thanks")
                await cm.agent_ends(chat.id)
                await relay.until(handover_id, status="completed")
        finally:
            await process.end()


async def test_the_bot_is_inside_the_router(tmp_path: Path) -> None:
    """The visitor talks to our bot, gets a person by one mutation, and the bot again when the session is over; a kill
    -9 in between changes nothing, and the reports have it."""
    async with CmEmulator() as cm:
        process = Process(tmp_path, inside(cm))
        try:
            url = await process.start()
            cm.call_back("bot", f"{url}/channels/cm", HEADERS)
            ada = cm.visitor("ada", "Ada")
            ada.says("hello")
            await cm.wait_until(lambda: ada.answers == ["You said: hello"])
            ada.says("a human please")
            chat = await cm.chat_at_desk()
            assert ada.answers[-1] == "A person comes."
            assert json.loads(chat.context["CustomerInfo"]) == {"name": "Ada", "email": "ada@example.org"}
            async with client(url) as server:
                listed = (await server.call("GET", "/v1/handovers")).body["items"]
                await server.until(
                    f"/v1/handovers/{listed[0]['id']}", lambda found: found["status"] == "transferred"
                )
                await process.kill()
                await cm.agent_says(chat.id, "Good day")
                assert ada.answers[-1] == "Good day"
                await cm.agent_ends(chat.id)
                assert await process.start(int(url.rpartition(":")[2])) == url
                await server.until(
                    f"/v1/conversations/{listed[0]['conversation_id']}",
                    lambda found: found["floor"] == "bot",
                )
                for by, group in (("provider", "msc"), ("reason", "transferred"), ("status", "transferred")):
                    rows = await server.call("GET", f"/v1/analytics/handovers?group_by={by}")
                    assert (group, 1) in counted(rows)
        finally:
            await process.end()


BOT_STATE, AGENT_STATE = "51a7e000-0000-4000-8000-000000000001", "51a7e000-0000-4000-8000-000000000002"


async def test_named_states_of_the_session(tmp_path: Path) -> None:
    """To the agents and, when the conversation is given back, to the bot; without its right the token is refused with
    the right's name."""
    more = f"states: {{human: {AGENT_STATE}, bot: {BOT_STATE}}}, handback: enable"
    async with CmEmulator() as cm, running_server(tmp_path, beside(cm, more)) as server:
        chat = cm.visitor("ada", "Ada").says("hello")
        talk = await server.conversation(context={"chatId": chat.id})
        body = {"route": ROUTE | {"messaging_adapter": ids.WEB}}
        cm.account.rights.clear()
        refused = (await server.handover(talk["id"], settings=body))["id"]
        found = await server.until(f"/v1/handovers/{refused}", lambda one: one["ended_at"])
        assert (found["reason"], chat.side) == ("auth", "bot")
        assert "ConversationalRouter.RouterSession_Update" in found["error"]["message"]
        cm.account.rights.add(SESSION_RIGHT)
        given = (await server.handover(talk["id"], settings=body))["id"]
        found = await server.until(f"/v1/handovers/{given}", lambda one: one["ended_at"])
        assert (found["status"], chat.side, chat.context["RoutingKeywords"]) == (
            "transferred",
            "waiting",
            "billing",
        )
        await server.call("POST", f"/v1/handovers/{given}/return", {})
        await cm.wait_until(lambda: chat.side == "bot")
        assert not cm.requests_to("mutation")


async def test_a_desk_of_the_marketplace(tmp_path: Path) -> None:
    """The link to the bot is cut and the one to the desk is made, with what the desk needs; the reports have it."""
    async with CmEmulator() as cm:
        text = beside(cm, "handback: off").replace("cm_msc", "cm_marketplace")
        async with running_server(tmp_path, text) as server:
            chat = cm.visitor("ada", "Ada").says("hello")
            talk = await server.conversation(context={"chatId": chat.id})
            route = {"messaging_adapter": ids.WEB, "marketplace_adapter": ids.MARKETPLACE}
            body = {"route": route | {"routing": {"queue": 7}, "context": {"order": 42}}}
            given = (await server.handover(talk["id"], settings=body))["id"]
            await server.until(f"/v1/handovers/{given}", lambda one: one["status"] == "transferred")
            assert (chat.side, chat.target(cm.account)) == ("waiting", ids.MARKETPLACE)
            assert chat.context == {"Routing": '{"queue":7}', "order": "42"}
            rows = await server.call("GET", "/v1/analytics/handovers?group_by=provider")
            assert counted(rows) == [("msc", 1)]
