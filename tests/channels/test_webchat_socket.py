"""The web chat's calls and sockets against a running server, as a page uses them."""

import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from openhandover.channels.webchat.token import LIFE_S, RENEW_AFTER_S, Tokens
from openhandover.config.load import load_text
from openhandover.web import serve
from tests.channels.visitor import CONFIG, SITE, Visitor, socket_to, start
from tests.desk.floor import Agent
from tests.serving import Server, running_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A fresh server with web chats and a desk."""
    async with running_server(tmp_path, CONFIG) as running:
        yield running


async def tokens(server: Server) -> Tokens:
    """The server's own signer."""
    return Tokens(await server.engine.store.put_new("secret", "webchat", b""))


def created(frames: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(author, text) of the messages among these frames."""
    events = [frame["event"] for frame in frames if frame["type"] == "event"]
    return [
        (event["data"]["author"], event["data"]["text"])
        for event in events
        if event["type"] == "message.created"
    ]


# --- beginning ---


async def test_a_session_begins_in_the_visitors_language(server: Server) -> None:
    """The nearest supported language is taken, the page is kept as context, and the texts come in it."""
    page = {"url": "https://shop.example/cart", "title": "Cart"}
    answer = await start(server, "web", {"language": "nl-BE", "page": page})
    assert answer.status == 201
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.body["config"]["language"] == "nl"
    assert answer.body["config"]["title"] == "Haven"
    state = (await server.call("GET", f"/v1/conversations/{answer.body['conversation_id']}")).body
    assert (state["channel"], state["language"], state["context"]) == ("web", "nl", {"page": page})
    assert (await start(server, "web", {"language": "xx"})).body["config"]["title"] == "Harbour"


@pytest.mark.parametrize(
    ("channel", "body", "origin", "code"),
    [
        ("web", {}, "https://evil.example", "forbidden"),
        ("web", {}, None, "forbidden"),
        ("nothing", {}, SITE, "not_found"),
        ("web", {"lang": "nl"}, SITE, "invalid"),
        ("web", {"language": "<script>"}, SITE, "invalid"),
        ("web", {"page": {"url": "x" * 2001}}, SITE, "invalid"),
    ],
)
async def test_a_session_that_does_not_fit_is_refused(
    server: Server, channel: str, body: Any, origin: str | None, code: str
) -> None:
    """Other sites, unknown channels and wrong bodies get their code, and no conversation."""
    assert (await start(server, channel, body, origin)).code == code
    assert (await server.call("GET", "/v1/conversations")).body["items"] == []


async def test_a_browser_may_ask_before_it_calls(server: Server) -> None:
    """The preflight of a listed site is answered with what the call needs; that of another is not."""
    headers = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
    allowed = await server.call("OPTIONS", "/webchat/web/sessions", headers=headers, key=None)
    assert allowed.status == 204
    assert allowed.headers["access-control-allow-origin"] == SITE
    assert "content-type" in allowed.headers["access-control-allow-headers"]
    refused = await server.call(
        "OPTIONS", "/webchat/web/sessions", headers={"Origin": "https://x.example"}, key=None
    )
    assert refused.status == 403
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(
    ("channel", "origin"), [("web", "https://evil.example"), ("web", None), ("nothing", SITE)]
)
async def test_a_socket_of_another_site_does_not_open(
    server: Server, channel: str, origin: str | None
) -> None:
    """Browsers apply no origin rule to sockets, so we do, before the socket opens."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with socket_to(server, channel, origin):
            pass
    assert caught.value.status == 403


async def test_hello_comes_first(server: Server) -> None:
    """A socket that says something else first is told so and closed."""
    async with socket_to(server) as page:
        await page.send("typing", on=True)
        assert (await page.next())["code"] == "invalid"
        assert await page.next() == {"type": "closed", "code": 4400}


async def test_a_wrong_token_opens_nothing(server: Server) -> None:
    """The page is told why, so that it knows what to do, and the socket is closed."""
    visitor = await Visitor.comes(server)
    long_ago = time.time() - LIFE_S - 1
    signer = await tokens(server)
    expired, _ = signer.issue("web", visitor.id, long_ago)
    erased, _ = signer.issue("web", "cv_gone", time.time())
    for token, code in (("nonsense", "unauthorized"), (expired, "token_expired"), (erased, "not_found")):
        async with visitor.page(token=token) as page:
            frame = await page.next()
            assert (frame["type"], frame["code"]) == ("refused", code)
            assert await page.next() == {"type": "closed", "code": 4401}


async def test_an_old_token_is_replaced(server: Server) -> None:
    """Who comes back with a token over a day old gets a fresh one that opens the same conversation."""
    visitor = await Visitor.comes(server)
    old, _ = (await tokens(server)).issue("web", visitor.id, time.time() - RENEW_AFTER_S - 5)
    async with visitor.page(token=old) as page:
        fresh = (await visitor.here(page))["token"]
    async with visitor.page(token=fresh) as page:
        ready = await visitor.here(page)
        assert ready["conversation_id"] == visitor.id
        assert "token" not in ready


# --- talking ---


async def test_both_sides_hear_each_other(server: Server) -> None:
    """What the visitor says is accepted, stored and shown; what the bot says arrives with its buttons."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        accepted = await page.say("hello")
        assert accepted["type"] == "accepted"
        buttons = [{"text": "Yes", "value": "y"}]
        await visitor.bot_says("Shall I?", buttons=buttons)
        heard = await page.hears("Shall I?")
        assert (heard["author"], heard["buttons"]) == ("bot", buttons)
        assert (await page.say("Yes", button="y"))["type"] == "accepted"
    stored = await visitor.messages()
    assert [(item["author"], item["text"]) for item in stored] == [
        ("user", "hello"),
        ("bot", "Shall I?"),
        ("user", "Yes"),
    ]
    assert stored[0]["seq"] == accepted["seq"]


async def test_a_page_comes_back_where_it_left(server: Server) -> None:
    """After a break everything after the last number comes, once and in order; after 0 everything does."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await page.say("one")
        seq = (await page.event("message.created"))["seq"]
    for text in ("two", "three", "four"):
        await visitor.bot_says(text)
    async with visitor.page(after=seq) as page:
        await page.hears("four")
        assert created(page.frames) == [("bot", "two"), ("bot", "three"), ("bot", "four")]
    async with visitor.page() as page:
        await page.hears("four")
        assert [text for _, text in created(page.frames)] == ["one", "two", "three", "four"]
        seqs = [frame["event"]["seq"] for frame in page.frames if frame["type"] == "event"]
        assert seqs == sorted(set(seqs))


async def test_a_message_sent_twice_is_there_once(server: Server) -> None:
    """The same id and text again is accepted with the same number; with another text it is refused."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        first = await page.say("once", id="message-0001")
    async with visitor.page() as page:
        assert await page.say("once", id="message-0001") == first
        assert (await page.say("other", id="message-0001"))["code"] == "id_reused"
    assert [item["text"] for item in await visitor.messages()] == ["once"]


async def test_two_tabs_see_the_same(server: Server) -> None:
    """What is said in one tab is shown in the other."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as one, visitor.page() as other:
        await visitor.here(one)
        await visitor.here(other)
        await one.say("from one")
        assert (await other.hears("from one"))["author"] == "user"
        await other.say("from other")
        assert (await one.hears("from other"))["author"] == "user"


async def test_visitors_do_not_see_each_other(server: Server) -> None:
    """A token opens one conversation and nothing of another."""
    one, other = await Visitor.comes(server), await Visitor.comes(server)
    async with one.page() as page, other.page() as stranger:
        await page.say("secret")
        await stranger.say("mine")
        await stranger.hears("mine")
        assert created(stranger.frames) == [("user", "mine")]


async def test_delivered_is_what_a_page_acknowledged(server: Server) -> None:
    """A bot message is pending until a page has it, delivered then, and read once the visitor has seen it."""
    visitor = await Visitor.comes(server)

    path = f"/v1/conversations/{visitor.id}/messages"

    async def becomes(wanted: str) -> None:
        await server.until(path, lambda listed: listed["items"][0]["delivery"]["state"] == wanted)

    async with visitor.page() as page:
        await visitor.here(page)
        await visitor.bot_says("Are you there?")
        seq = (await page.hears("Are you there?"))["seq"]
        await becomes("pending")
        await page.send("ack", seq=seq)
        await becomes("delivered")
        await page.send("read", seq=seq)
        await becomes("read")


async def test_bad_frames_do_not_end_the_talk(server: Server) -> None:
    """Each wrong frame is refused with its code; the next right one works."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        for raw, code in (
            ("{", "bad_json"),
            ('{"type":"dance"}', "invalid"),
            ('{"type":"hello","token":"x"}', "invalid"),
            ('{"type":"human"}', "invalid"),
            ('{"type":"cancel"}', None),
            ('{"type":"rating","handover_id":"x","score":5}', "not_found"),
            ('{"type":"message","id":"12345678"}', "invalid"),
            ("x" * 70_000, "too_large"),
        ):
            await page.socket.send_str(raw)
            if code is not None:
                assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == code
        await page.socket.send_bytes(b"\xff\xfe")
        assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == "bad_json"
        assert (await page.say("still here"))["type"] == "accepted"


async def test_a_flood_is_slowed_down_and_loses_nothing(server: Server) -> None:
    """A thousand messages at once: some are accepted, the rest are told when to come again, none is half-stored."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        for number in range(1000):
            await page.send("message", id=f"flood-{number:04}", text=str(number))
        answers = [
            await page.until(lambda frame: frame["type"] in ("accepted", "refused")) for _ in range(1000)
        ]
        refused = [frame for frame in answers if frame["type"] == "refused"]
        assert {frame["code"] for frame in refused} == {"rate_limited"}
        assert all(frame["retry_after_s"] > 0 for frame in refused)
        accepted = {frame["id"] for frame in answers if frame["type"] == "accepted"}
        assert 30 <= len(accepted) < 200
        assert {item["id"] for item in await visitor.messages()} == accepted


# --- a human ---


async def test_a_handover_as_the_visitor_sees_it(server: Server) -> None:
    """Place in the queue, the agent's name, typing both ways, the end; nothing of the contact centre."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await page.say("my invoice is wrong")
        handover_id = await visitor.needs_human(queue={"position": True}, cancel={"button": "Never mind"})
        queued = (await page.event("handover.queued"))["data"]
        assert queued["cancel"] == {"text": "Never mind"}
        accepted = await anna.accept(handover_id)
        assert accepted.status == 200, accepted.body
        active = await page.event("handover.active")
        assert active["floor"] == "human"
        assert active["data"]["agent"]["name"] == "Anna"
        assert active["data"]["cancel"] is None
        await anna.call("POST", f"handovers/{handover_id}/typing", {"on": True})
        typing = await page.until(lambda frame: frame["type"] == "typing")
        assert (typing["author"], typing["on"]) == ("agent", True)
        await anna.call("POST", f"handovers/{handover_id}/notes", {"text": "be kind"})
        await anna.say(handover_id, "Good morning")
        heard = await page.hears("Good morning")
        assert (heard["author"], heard["author_name"]) == ("agent", "Anna")
        await page.say("good morning to you")
        await anna.call("POST", f"handovers/{handover_id}/close", {})
        ended = await page.event("handover.completed")
        assert ended["data"]["status"] == "completed"
        assert "be kind" not in str(page.frames)
        assert "support" not in str([frame for frame in page.frames if frame["type"] == "event"])


async def test_the_visitor_withdraws(server: Server) -> None:
    """The cancel button ends the wait; the floor is the bot's again."""
    await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        handover_id = await visitor.needs_human(cancel={"button": "Never mind"})
        await page.event("handover.queued")
        await page.send("cancel")
        assert (await page.event("handover.cancelled"))["data"]["reason"] == "user_cancelled"
    state = (await server.call("GET", f"/v1/conversations/{visitor.id}")).body
    assert (state["floor"], state["handover_id"]) == ("bot", None)
    assert (await server.call("GET", f"/v1/handovers/{handover_id}")).body["ended_by"] == "user"


async def test_a_step_without_the_button_cannot_be_cancelled(server: Server) -> None:
    """A page that asks anyway is refused; ending the chat still frees the queue."""
    await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await visitor.needs_human()
        await page.send("cancel")
        assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == "invalid"
        await page.send("end")
        assert (await page.event("handover.cancelled"))["data"]["status"] == "cancelled"


async def test_a_reload_in_the_middle_knows_where_it_is(server: Server) -> None:
    """A new page is told at once who has the floor and where the handover stands."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        handover_id = await visitor.needs_human()
        await anna.accept(handover_id)
        await page.event("handover.active")
    async with visitor.page() as page:
        ready = await visitor.here(page)
        assert (ready["floor"], ready["handover"]["status"]) == ("human", "active")
        assert ready["handover"]["agent"]["name"] == "Anna"


async def test_the_button_for_a_person_starts_the_flow(server: Server) -> None:
    """`human_button` fires its event; its flow asks, hands over, and goes on when the person is done."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server, "flow")
    async with visitor.page() as page:
        ready = await visitor.here(page)
        assert ready["config"]["human_button"] is True
        await page.say("hello")
        await page.hears("How can I help?")
        await page.send("human")
        await page.hears("Your name?")
        await page.say("Jo")
        queued = await page.event("handover.queued")
        assert (await anna.accept(queued["handover_id"])).status == 200
        await page.event("handover.active")
        await page.send("human")
        assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == "floor_taken"
        await anna.call("POST", f"handovers/{queued['handover_id']}/close", {})
        await page.hears("Back with the bot")


# --- files ---


async def test_files_only_while_a_human_has_the_floor(server: Server) -> None:
    """Before a human and after, a file is refused; in between it reaches the conversation with its name."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    assert (await visitor.upload()).code == "attachments_off"
    async with visitor.page() as page:
        await visitor.here(page)
        handover_id = await visitor.needs_human()
        await anna.accept(handover_id)
        answer = await visitor.upload(b"my invoice", "invoice.txt")
        assert (answer.status, answer.body["size"]) == (201, 10)
        accepted = await page.say("", attachments=[{"upload_id": answer.body["upload_id"]}])
        assert accepted["type"] == "accepted"
        shown = await page.event("message.created", lambda data: data["attachments"])
        assert shown["data"]["attachments"][0]["name"] == "invoice.txt"
        kept = await visitor.upload(b"too late", "late.txt")
        await anna.call("POST", f"handovers/{handover_id}/close", {})
        await page.event("handover.completed")
        late = await page.say("", attachments=[{"upload_id": kept.body["upload_id"]}])
        assert late["code"] == "attachments_off"
        assert (await visitor.upload()).code == "attachments_off"


async def test_a_channel_may_always_or_never_take_files(server: Server) -> None:
    """`attachments: always` needs no human, `never` does not take files at all."""
    assert (await (await Visitor.comes(server, "open")).upload()).status == 201
    assert (await (await Visitor.comes(server, "shut")).upload()).code == "attachments_off"


async def test_nobody_sends_the_file_of_another(server: Server) -> None:
    """A visitor can attach what they uploaded themselves, and nothing else."""
    one, other = await Visitor.comes(server, "open"), await Visitor.comes(server, "open")
    theirs = (await one.upload()).body["upload_id"]
    async with other.page() as page:
        answer = await page.say("", attachments=[{"upload_id": theirs}])
        assert answer["code"] == "not_found"
    assert (await other.upload(token="nonsense")).code == "unauthorized"
    assert await other.messages() == []


# --- coming and going ---


async def events_of(server: Server, conversation_id: str) -> list[str]:
    """The types of what happened."""
    listed = (await server.call("GET", f"/v1/conversations/{conversation_id}/events?limit=1000")).body[
        "items"
    ]
    return [event["type"] for event in listed]


async def test_a_visitor_is_there_while_one_tab_is(server: Server) -> None:
    """Closing one of two tabs is no absence; closing the last one is."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        async with visitor.page() as second:
            await visitor.here(page)
            await visitor.here(second)
        await page.say("still here")
        assert "user.disconnected" not in await events_of(server, visitor.id)
    path = f"/v1/conversations/{visitor.id}/events?limit=1000"
    await server.until(path, lambda listed: listed["items"][-1]["type"] == "user.disconnected")


async def test_a_visitor_who_left_is_gone(server: Server) -> None:
    """When the last page closed the visitor counts as gone, and as back when one opens."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await page.say("hello")
    path = f"/v1/conversations/{visitor.id}/events?limit=1000"
    await server.until(
        path, lambda listed: any(event["type"] == "user.disconnected" for event in listed["items"])
    )
    async with visitor.page() as page:
        await visitor.here(page)
        await server.until(path, lambda listed: listed["items"][-1]["type"] == "user.connected")


async def test_a_stopping_server_says_come_back(tmp_path: Path) -> None:
    """On shutdown sockets are closed with 1012, and after the start the conversation goes on where it was."""
    config = load_text(f"store: sqlite:{tmp_path}/chat.db\n{CONFIG}")
    async with aiohttp.ClientSession() as http:
        running = await serve.start(config, host="127.0.0.1", port=0)
        first = Server(running.url, running.engine, http)
        visitor = await Visitor.comes(first)
        async with visitor.page() as page:
            seq = (await page.say("before"))["seq"]
            running.stop()
            while (frame := await page.next())["type"] != "closed":
                pass
            assert frame["code"] == 1012
        await running.ended
        running = await serve.start(config, host="127.0.0.1", port=0)
        visitor.server = Server(running.url, running.engine, http)
        async with visitor.page(after=seq) as page:
            await visitor.here(page)
            await page.say("after")
            await page.hears("after")
            assert created(page.frames) == [("user", "after")]
        running.stop()
        await running.ended


async def test_a_crash_does_not_hide_that_a_visitor_is_gone(tmp_path: Path) -> None:
    """A visitor with an open handover whose socket nobody saw closing counts as gone after the next start."""
    config = load_text(f"store: sqlite:{tmp_path}/chat.db\n{CONFIG}")
    async with aiohttp.ClientSession() as http:
        running = await serve.start(config, host="127.0.0.1", port=0)
        first = Server(running.url, running.engine, http)
        await Agent(first, "anna").here()
        visitor = await Visitor.comes(first)
        await visitor.needs_human()
        assert "user.disconnected" not in await events_of(first, visitor.id)
        running.stop()
        await running.ended
        running = await serve.start(config, host="127.0.0.1", port=0)
        again = Server(running.url, running.engine, http)
        path = f"/v1/conversations/{visitor.id}/events?limit=1000"
        await again.until(
            path, lambda listed: "user.disconnected" in [item["type"] for item in listed["items"]]
        )
        running.stop()
        await running.ended
