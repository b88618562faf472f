"""Beginning a web chat: origins, sessions, hello and tokens, against a running server."""

import time
from typing import Any

import aiohttp
import pytest

from openhandover.channels.webchat.token import GRACE_S, LIFE_S, RENEW_AFTER_S, Tokens
from openhandover.widget import socket
from tests.channels.visitor import SITE, Visitor, socket_to, start
from tests.serving import Server


async def tokens(server: Server) -> Tokens:
    """The server's own signer."""
    return Tokens(await server.engine.store.put_new("secret", "webchat", b""))


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


async def test_the_channel_tells_how_its_page_looks(server: Server) -> None:
    """What is offered, how it sounds, and who the bot is, in the visitor's language; the defaults keep quiet."""
    night = (await start(server, "night", {"language": "nl"})).body["config"]
    assert (night["end_button"], night["sound"]) == (False, True)
    assert night["bot"] == {"name": "Roos", "avatar_url": "https://shop.example/robin.png"}
    assert (await start(server, "night", {"language": "fr"})).body["config"]["bot"]["name"] == "Robin"
    web = (await start(server, "web", {})).body["config"]
    assert (web["end_button"], web["sound"]) == (True, False)
    assert web["bot"] == {"name": None, "avatar_url": None}
    visitor = await Visitor.comes(server, "night", language="nl")
    async with visitor.page() as page:
        assert (await visitor.here(page))["config"] == night


async def test_the_chat_page_may_show_pictures_of_agents(server: Server) -> None:
    """Pictures from https addresses, scripts and styles from nowhere but here."""
    answer = await server.call("GET", "/chat/web", key=None)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["img-src"] == "'self' data: blob: https:"
    assert (policy["script-src"], policy["style-src"], policy["default-src"]) == (
        "'self'",
        "'self'",
        "'none'",
    )


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


async def test_who_says_nothing_is_sent_away(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket without a hello is told what was missing and closed."""
    monkeypatch.setattr(socket, "HELLO_S", 0.05)
    async with socket_to(server) as page:
        assert (await page.next())["code"] == "invalid"
        assert await page.next() == {"type": "closed", "code": 4400}


async def test_a_wrong_token_opens_nothing(server: Server) -> None:
    """The page is told why, so that it knows what to do, and the socket is closed."""
    visitor = await Visitor.comes(server)
    long_ago = time.time() - LIFE_S - GRACE_S - 1
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


async def test_a_page_that_slept_over_the_end_goes_on_where_it_was(server: Server) -> None:
    """A token that has ended within the last day opens its conversation all the same, and brings a fresh one."""
    visitor = await Visitor.comes(server)
    ended, _ = (await tokens(server)).issue("web", visitor.id, time.time() - LIFE_S - GRACE_S + 60)
    async with visitor.page(token=ended) as page:
        ready = await visitor.here(page)
        assert ready["conversation_id"] == visitor.id
        assert (await page.say("still me"))["type"] == "accepted"
    async with visitor.page(token=ready["token"]) as page:
        assert "token" not in await visitor.here(page)


async def test_an_open_page_outlives_its_token(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stays gets a fresh token each day, and is never asked for the old one."""
    monkeypatch.setattr(socket, "PING_S", 0.02)
    monkeypatch.setattr(socket, "RENEW_AFTER_S", 0.2)
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        assert "token" not in await visitor.here(page)
        fresh = await page.until(lambda frame: frame["type"] == "token")
        assert fresh["expires_at"] > visitor.session["expires_at"]
        assert (await page.say("still me"))["type"] == "accepted"
    async with visitor.page(token=fresh["token"]) as page:
        await visitor.here(page)


async def test_who_was_erased_begins_anew(server: Server) -> None:
    """An erased conversation opens no more, and an open page is told so before anything is written to it."""
    visitor = await Visitor.comes(server)
    user = (await server.call("GET", f"/v1/conversations/{visitor.id}")).body["user"]["id"]
    async with visitor.page() as page:
        await page.say("my number is 12345")
        await server.engine.erase(user)
        await page.send("message", id="message-0002", text="and my name is Eva")
        refused = await page.until(lambda frame: frame["type"] == "refused")
        assert (refused["code"], "id" in refused) == ("not_found", False)
        assert await page.next() == {"type": "closed", "code": 4401}
    async with visitor.page() as page:
        assert (await page.next())["code"] == "not_found"
    assert [item["text"] for item in await visitor.messages()] == [""]


async def test_what_is_past_its_retention_does_not_shut_the_door(server: Server) -> None:
    """A conversation whose old texts are gone opens, shows their places empty, and goes on."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await page.say("of long ago")
    await server.engine.store.purge(
        claims_before=0, parked_before=0, messages_before=time.time() + 1, files_before=None
    )
    async with visitor.page() as page:
        old = await page.event("message.created")
        await page.say("of today")
        assert (old["data"]["text"], old["data"]["attachments"]) == ("", [])
        await page.send("history", before=2**40)
        past = await page.until(lambda frame: frame["type"] == "history")
        assert [event["data"]["text"] for event in past["events"]] == ["", "of today"]
