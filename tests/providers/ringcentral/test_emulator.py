"""The emulated account is strict: what RingCentral's pages do not allow, it refuses."""

import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from openhandover.emulators.answers import Refused
from openhandover.emulators.ringcentral import Account, RingCentralEmulator

AT = "2026-01-01T10:00:00Z"
ADA = {"id": "cust-7", "screenname": "Ada", "created_at": AT, "updated_at": AT}
BOT = {**ADA, "id": "bot", "puppetizable": True}
SAID = {"id": "m-1", "author": ADA, "thread_id": "t-1", "body": "Hello", "format": "text"}


class Client:
    """A program that speaks with the emulator."""

    def __init__(self, emulator: RingCentralEmulator, http: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.http = http

    async def push(self, action: str, params: Any, token: str = "", **headers: str) -> tuple[int, str]:
        """Status and text of one signed call of the realtime endpoint."""
        body = json.dumps({"action": action, "params": params}).encode()
        return await self.raw(body, token, **headers)

    async def raw(self, body: bytes, token: str = "", **headers: str) -> tuple[int, str]:
        """The same for any body."""
        account = self.emulator.account
        proof = hmac.new((token or account.source_token).encode(), body, hashlib.sha512).hexdigest()
        sent = {"X-SMCCSDK-SIGNATURE": proof, "Content-Type": "application/json", **headers}
        url = f"{self.emulator.url}/realtime/sdk/{account.source_id}"
        async with self.http.post(url, data=body, headers=sent) as answer:
            return answer.status, await answer.text()

    async def rest(self, method: str, path: str, **query: str) -> tuple[int, Any]:
        """Status and JSON of one call of the REST API."""
        headers = {"Authorization": f"Bearer {self.emulator.account.access_token}"}
        url = f"{self.emulator.url}/1.0{path}"
        async with self.http.request(method, url, params=query, headers=headers) as answer:
            return answer.status, await answer.json()

    async def began(self) -> str:
        """RingCentral's id of a thread with one message of the user."""
        assert await self.push("threads.create", {"id": "t-1", "title": "Ada"}) == (200, "ok")
        assert await self.push("messages.create", SAID) == (200, "ok")
        _, found = await self.rest("GET", "/content_threads", q="foreign:t-1")
        return found["records"][0]["id"]

    async def routed(self) -> str:
        """The same, where agents see it."""
        thread = await self.began()
        query = {"thread_category_ids[]": self.emulator.account.agent_category}
        assert (await self.rest("PUT", f"/content_threads/{thread}/update_categories", **query))[0] == 200
        return thread


@pytest.fixture
async def client() -> AsyncGenerator[Client]:
    """A fresh account and somebody who calls it."""
    async with RingCentralEmulator() as emulator, aiohttp.ClientSession() as http:
        yield Client(emulator, http)


class Other:
    """The other side's address, which answers as it is told."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.signs = True
        self.challenges = True
        self.answers: dict[str, Any] = {"implementation.info": {"options": ["messages.text"]}}
        self.got: list[dict[str, Any]] = []
        self.is_there = True
        self.secrets: list[str | None] = []
        self.url = ""

    async def asked(self, request: web.Request) -> web.Response:
        """A validation."""
        assert request.query["hub.mode"] == "subscribe"
        assert request.query["hub.verify_token"] == Account().verify_token
        if not self.is_there:
            raise web.HTTPServiceUnavailable
        return web.Response(text=request.query["hub.challenge"] if self.challenges else "no")

    async def told(self, request: web.Request) -> web.Response:
        """A call of the source or a webhook."""
        if not self.is_there:
            raise web.HTTPServiceUnavailable
        body = await request.read()
        said = json.loads(body)
        self.got.append(said)
        if "events" in said:
            self.secrets.append(request.headers.get("X-Dimelo-Secret"))
            return web.json_response({})
        proof = hmac.new(self.token.encode(), body, hashlib.sha512).hexdigest()
        assert request.headers["X-SMCCSDK-SIGNATURE"] == proof
        answer = json.dumps(self.answers.get(said["action"], {"id": "x"}))
        mine = hmac.new(self.token.encode(), answer.encode(), hashlib.sha512).hexdigest()
        headers = {"X-SMCCSDK-SIGNATURE": mine if self.signs else "0" * 128}
        return web.Response(text=answer, content_type="application/json", headers=headers)


@pytest.fixture
async def other() -> AsyncGenerator[Other]:
    """Somebody who is called."""
    one = Other(Account().source_token)
    app = web.Application()
    app.add_routes([web.get("/hook", one.asked), web.post("/hook", one.told)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield one
    await runner.cleanup()


# --- the realtime endpoint


@pytest.mark.parametrize(
    ("action", "params", "refusal"),
    [
        ("messages.delete", {}, "Invalid action"),
        ("users.create", {**ADA, "name": "Ada"}, "unknown field `name`"),
        ("users.create", {"id": "x", "screenname": "x"}, "created_at"),
        ("users.create", {**ADA, "created_at": "2026-01-01T10:00:00.123Z"}, "created_at"),
        ("users.create", {**ADA, "gender": "x"}, "gender"),
        ("users.create", {**ADA, "context_data": {"order_no": "1"}}, "context_data"),
        ("users.create", {**ADA, "context_data": {"order": 1}}, "context_data"),
        ("threads.create", {"title": "x"}, "id"),
        ("messages.create", {**SAID, "thread_id": "unknown"}, "no such thread"),
        ("messages.create", {**SAID, "body": ""}, "neither body nor attachments"),
        ("messages.create", {**SAID, "body": "x" * 20_001}, "body"),
        ("messages.create", {**SAID, "format": "markdown"}, "format"),
        ("messages.create", {**SAID, "author": {"id": "x"}}, "author"),
        ("messages.create", {**SAID, "attachments": [{"content": "YQ=="}]}, "content and filename"),
        ("messages.create", {**SAID, "attachments": [{"content": "?", "filename": "a"}]}, "not base64"),
        (
            "messages.create",
            {**SAID, "attachments": [{"url": "https://x", "content": "YQ==", "filename": "a"}]},
            "url and content",
        ),
        ("typing.start", {"thread_id": "t-1"}, "preview"),
        ("typing.stop", {"thread_id": "unknown"}, "no such thread"),
        ("status.mark_as_read", {"id": "m-1"}, "no agent wrote"),
    ],
)
async def test_a_call_that_does_not_fit_is_refused(
    client: Client, action: str, params: Any, refusal: str
) -> None:
    """422 and words."""
    await client.push("threads.create", {"id": "t-1"})
    status, text = await client.push(action, params)
    assert status == 422
    assert refusal in text


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"{", "Bad request"),
        (b"[]", "Invalid request format"),
        (b'{"action": "users.create"}', "Invalid request format"),
    ],
)
async def test_a_body_that_is_no_call_is_refused(client: Client, body: bytes, answer: str) -> None:
    """400 and words."""
    status, text = await client.raw(body)
    assert status == 400
    assert text.startswith(answer)


async def test_a_call_must_be_ours(client: Client) -> None:
    """Signed with the source's token, at the source's address, as JSON."""
    assert await client.push("users.create", ADA, token="another") == (422, "Invalid signature")
    assert await client.push("users.create", ADA, **{"X-SMCCSDK-SIGNATURE": ""}) == (422, "Invalid signature")
    assert (await client.push("users.create", ADA, **{"Content-Type": "text/plain"}))[0] == 400
    url = f"{client.emulator.url}/realtime/sdk/other"
    async with client.http.post(url, json={}) as answer:
        assert (answer.status, await answer.text()) == (422, "Source not found")


async def test_the_same_id_is_the_same_message(client: Client) -> None:
    """Again is fine, other words are not."""
    await client.began()
    assert (await client.push("messages.create", SAID))[0] == 200
    assert (await client.push("messages.create", {**SAID, "body": "other"}))[0] == 422
    (thread,) = client.emulator.account.threads.values()
    assert len(thread.contents) == 1


async def test_typing_starts_once_in_two_seconds(client: Client) -> None:
    """A stop in between lifts it."""
    await client.began()
    start = {"thread_id": "t-1", "preview": "..."}
    assert (await client.push("typing.start", start))[0] == 200
    assert (await client.push("typing.start", start))[0] == 429
    assert (await client.push("typing.stop", {"thread_id": "t-1"}))[0] == 200
    assert (await client.push("typing.start", start))[0] == 200


# --- the REST API


async def test_the_token_is_checked(client: Client) -> None:
    """401 in the API's own form."""
    client.emulator.account.access_token, good = "renewed", client.emulator.account.access_token
    url = f"{client.emulator.url}/1.0/categories"
    async with client.http.get(url, headers={"Authorization": f"Bearer {good}"}) as answer:
        assert (answer.status, await answer.json()) == (
            401,
            {"error": "unauthorized", "message": "unauthorized", "status": 401},
        )


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("GET", "/content_threads/unknown", {}, 404),
        ("GET", "/content_threads", {"query": "x"}, 400),
        ("GET", "/content_threads", {"q": "colour:red"}, 400),
        ("GET", "/content_threads", {"q": 'foreign:"t'}, 400),
        ("GET", "/content_threads", {"limit": "151"}, 400),
        ("PUT", "/content_threads/{thread}/update_categories", {"thread_category_ids[]": "unknown"}, 422),
        ("PUT", "/content_threads/{thread}/update_categories", {"category_ids[]": "x"}, 400),
        ("GET", "/interventions", {"sort": "name"}, 400),
        ("PUT", "/interventions/unknown/close", {}, 404),
        ("DELETE", "/interventions/unknown/cancel", {}, 404),
        ("GET", "/users/unknown", {}, 404),
        ("GET", "/content_sources/unknown", {}, 404),
        ("GET", "/webhooks", {}, 400),
        ("GET", "/unheard-of", {}, 404),
    ],
)
async def test_what_is_not_there_is_refused(
    client: Client, method: str, path: str, query: dict[str, str], status: int
) -> None:
    """With error, message and status."""
    thread = await client.began()
    found, body = await client.rest(method, path.format(thread=thread), **query)
    assert (found, body["status"]) == (status, status)
    assert body["error"]


async def test_agents_see_what_is_in_their_category(client: Client) -> None:
    """Before that the thread is the bot's."""
    thread = await client.began()
    assert client.emulator.shown()["chats"] == []
    await client.routed()
    (chat,) = client.emulator.shown()["chats"]
    assert (chat["id"], chat["name"], chat["state"]) == (thread, "Ada", "waiting")
    assert chat["lines"][0]["text"] == "Hello"


async def test_an_intervention_ends_by_its_rules(client: Client, other: Other) -> None:
    """Closed with a reply, cancelled without, and neither once it is over."""
    thread = await client.routed()
    client.emulator.webhook_to(other.url)
    await client.emulator.agent_joins(thread)
    (one,) = client.emulator.account.threads[thread].interventions
    assert (await client.rest("PUT", f"/interventions/{one.id}/close"))[0] == 403
    await client.emulator.agent_says(thread, "hello")
    assert (await client.rest("DELETE", f"/interventions/{one.id}/cancel"))[0] == 403
    assert (await client.rest("PUT", f"/interventions/{one.id}/close"))[0] == 200
    assert (await client.rest("PUT", f"/interventions/{one.id}/close"))[0] == 403
    assert client.emulator.shown()["chats"][0]["state"] == "ended"


# --- what it sends


async def test_nothing_is_sent_before_the_address_has_answered(client: Client, other: Other) -> None:
    """Neither to nobody, nor to one that does not know the challenge."""
    thread = await client.routed()
    with pytest.raises(Refused, match="webhook_to"):
        await client.emulator.agent_says(thread, "hello")
    other.challenges = False
    client.emulator.webhook_to(other.url)
    await client.emulator.wait_until(lambda: client.emulator.options)
    assert not client.emulator.callbacks.sent[1].delivered
    other.challenges = True
    await client.emulator.agent_says(thread, "hello")
    await client.emulator.wait_until(lambda: all(one.delivered for one in client.emulator.callbacks.sent))
    assert set(other.secrets) == {client.emulator.account.webhook_secret}


async def test_who_comes_late_is_asked_again(client: Client, other: Other) -> None:
    """A server that was started after the emulator is one that the channel and the webhook are saved again for."""
    thread = await client.routed()
    client.emulator.callbacks.redelivery_s = ()
    other.is_there = False
    client.emulator.webhook_to(other.url)
    await client.emulator.wait_until(lambda: all(one.given_up for one in client.emulator.callbacks.sent))
    other.is_there = True
    await client.emulator.agent_says(thread, "hello")
    await client.emulator.wait_until(lambda: tries(client.emulator) == [200])


async def test_an_answer_must_be_signed(client: Client, other: Other) -> None:
    """Else it is tried again, marked as a retry."""
    thread = await client.routed()
    client.emulator.webhook_to(other.url)
    await client.emulator.wait_until(lambda: client.emulator.options)
    other.signs = False
    await client.emulator.agent_says(thread, "hello")
    await client.emulator.wait_until(lambda: len(tries(client.emulator)) > 1)
    other.signs = True
    await client.emulator.wait_until(lambda: tries(client.emulator)[-1] == 200)
    said = [one for one in other.got if one.get("action") == "messages.create"]
    assert [one["params"]["retry"] for one in said] == [False, *[True] * (len(said) - 1)]
    assert len(said) > 1


async def test_an_error_in_an_answer_is_one(client: Client, other: Other) -> None:
    """200 with `error` means: not taken."""
    thread = await client.routed()
    client.emulator.webhook_to(other.url)
    other.answers["messages.create"] = {"error": {"fatal": False, "message": "Unable to save message."}}
    await client.emulator.agent_says(thread, "hello")
    await client.emulator.wait_until(lambda: tries(client.emulator))
    assert tries(client.emulator)[0] == 0


def tries(emulator: RingCentralEmulator) -> list[int]:
    """How the agent's message went."""
    return next(one.attempts for one in emulator.callbacks.sent if one.kind == "messages.create")


async def test_only_what_the_other_side_wants_is_sent(client: Client, other: Other) -> None:
    """This one has no typing and no queue."""
    thread = await client.routed()
    client.emulator.webhook_to(other.url)
    for act in (client.emulator.agent_types(thread), client.emulator.queue_is(thread, 1, 2)):
        with pytest.raises(Refused, match="does not say"):
            await act
    with pytest.raises(Refused, match="no such chat"):
        await client.emulator.agent_says("unknown", "hello")
    with pytest.raises(Refused, match="no agent"):
        await client.emulator.agent_leaves(thread)


async def test_a_customer_who_writes_again_reopens(client: Client, other: Other) -> None:
    """What the agent has closed is theirs again; the bot's words change nothing."""
    thread = await client.routed()
    client.emulator.webhook_to(other.url)
    await client.emulator.agent_says(thread, "bye")
    await client.emulator.agent_ends(thread)
    with pytest.raises(Refused, match="ended"):
        await client.emulator.agent_says(thread, "one more")
    await client.push("messages.create", {**SAID, "id": "m-2", "author": BOT})
    assert client.emulator.shown()["chats"][0]["state"] == "ended"
    await client.push("messages.create", {**SAID, "id": "m-3"})
    assert client.emulator.shown()["chats"][0]["state"] == "active"
    await client.emulator.wait_until(lambda: all(one.delivered for one in client.emulator.callbacks.sent))
    kinds = [event["type"] for one in other.got for event in one.get("events", ())]
    assert [kind for kind in kinds if kind.startswith("intervention")] == [
        "intervention.opened",
        "intervention.closed",
        "intervention.reopened",
    ]


async def test_an_agent_s_file_needs_the_token(client: Client, other: Other) -> None:
    """As a header or as a parameter."""
    thread = await client.routed()
    client.emulator.webhook_to(other.url)
    await client.emulator.agent_sends_file(thread, "a.txt", "text/plain", b"abc")
    url = client.emulator.shown()["chats"][0]["lines"][-1]["files"][0]["url"]
    async with client.http.get(url) as answer:
        assert answer.status == 401
    async with client.http.get(url, params={"access_token": client.emulator.account.access_token}) as answer:
        assert (answer.status, await answer.read()) == (200, b"abc")
