"""The emulator is strict: what Chatwoot does not take, or what its pages do not mention, it refuses."""

import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from openhandover.emulators.chatwoot import ChatwootEmulator
from openhandover.emulators.chatwoot.installation import Inbox

ROOT = "/api/v1/accounts/1"
CONTACT = {"inbox_id": 3, "name": "Ada", "identifier": "ada"}
HELLO = {"content": "Hello", "message_type": "incoming", "private": False, "source_id": "x"}


class Client:
    """Somebody with the account's token."""

    def __init__(self, there: ChatwootEmulator, http: aiohttp.ClientSession) -> None:
        self.there = there
        self._http = http

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Status and body of an answer."""
        headers = more.pop("headers", {"api_access_token": self.there.home.token})
        async with self._http.request(
            method, self.there.url + path, json=body, headers=headers, **more
        ) as answer:
            return answer.status, await (
                answer.json() if answer.content_type == "application/json" else answer.text()
            )

    async def talk(self) -> int:
        """The number of a new conversation."""
        _, made = await self.call("POST", f"{ROOT}/contacts", CONTACT)
        body = {"source_id": "s1", "inbox_id": 3, "contact_id": made["payload"]["contact"]["id"]}
        status, found = await self.call("POST", f"{ROOT}/conversations", body)
        assert status == 200
        return found["id"]


@pytest.fixture
async def client() -> AsyncGenerator[Client]:
    """A fresh Chatwoot and its client."""
    async with ChatwootEmulator() as there, aiohttp.ClientSession() as http:
        yield Client(there, http)


@pytest.mark.parametrize("headers", [{}, {"api_access_token": "wrong"}, {"Authorization": "Bearer wrong"}])
async def test_without_the_token(client: Client, headers: dict[str, str]) -> None:
    """401, whatever is asked for."""
    for path in ("/inboxes/3", "/agents", "/conversations/1"):
        answer = await client.call("GET", ROOT + path, headers=headers)
        assert answer == (401, {"error": "Invalid Access Token"})


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/accounts/2/inboxes/3",
        f"{ROOT}/inboxes/4",
        f"{ROOT}/inboxes/x",
        f"{ROOT}/inbox_members/4",
        f"{ROOT}/teams/1/team_members",
        f"{ROOT}/contacts/1/conversations",
        f"{ROOT}/conversations/1",
        f"{ROOT}/conversations/1/messages",
    ],
)
async def test_what_does_not_exist(client: Client, path: str) -> None:
    """404 with the server's words."""
    assert await client.call("GET", path) == (404, {"error": "Resource could not be found"})


async def test_contacts_are_unique(client: Client) -> None:
    """Identifier, e-mail and phone number belong to one contact; the answer names the field."""
    full = {**CONTACT, "email": "ada@example.org", "phone_number": "+31201234567"}
    assert (await client.call("POST", f"{ROOT}/contacts", full))[0] == 200
    for name, value in (
        ("identifier", "ada"),
        ("email", "ada@example.org"),
        ("phone_number", "+31201234567"),
    ):
        status, said = await client.call("POST", f"{ROOT}/contacts", {"inbox_id": 3, name: value})
        assert (status, said["attributes"]) == (422, [name])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/contacts", {"name": "Ada"}),
        ("/contacts", {**CONTACT, "source": "x"}),
        ("/contacts", {**CONTACT, "custom_attributes": {"deep": {"x": 1}}}),
        ("/contacts", {**CONTACT, "phone_number": "020-1234567"}),
        ("/contacts", {**CONTACT, "email": "ada"}),
        ("/conversations", {"inbox_id": 3, "contact_id": 1}),
        ("/conversations", {"source_id": "s", "inbox_id": 3, "contact_id": 1, "status": "snoozed"}),
        ("/conversations/{talk}/messages", {"content": "x", "message_type": "activity"}),
        ("/conversations/{talk}/messages", {"message_type": "incoming"}),
        ("/conversations/{talk}/messages", {**HELLO, "text": "x"}),
        ("/conversations/{talk}/messages", {**HELLO, "content": "x" * 150_001}),
        ("/conversations/{talk}/toggle_status", {}),
        ("/conversations/{talk}/toggle_status", {"status": "abandoned"}),
        ("/conversations/{talk}/toggle_priority", {"priority": "asap"}),
        ("/conversations/{talk}/labels", {"labels": ["two words"]}),
    ],
)
async def test_bodies_that_do_not_fit(client: Client, path: str, body: dict[str, Any]) -> None:
    """422, and nothing has changed."""
    talk = await client.talk()
    count = len(client.there.home.contacts)
    status, _ = await client.call("POST", ROOT + path.replace("{talk}", str(talk)), body)
    assert status == 422
    assert (len(client.there.home.contacts), client.there.home.conversation(talk).messages) == (count, [])


async def test_a_source_id_is_one_contacts(client: Client) -> None:
    """Another contact of the inbox cannot have it."""
    await client.talk()
    _, made = await client.call("POST", f"{ROOT}/contacts", {"inbox_id": 3, "name": "Bob"})
    body = {"source_id": "s1", "inbox_id": 3, "contact_id": made["payload"]["contact"]["id"]}
    answer = await client.call("POST", f"{ROOT}/conversations", body)
    assert answer == (422, {"error": "source_id should be unique"})


async def test_users_write_in_inboxes_of_type_api_only(client: Client) -> None:
    """A website's inbox takes no incoming messages, and no status of messages."""
    talk = await client.talk()
    client.there.home.inboxes[3] = Inbox(3, "Website", channel_type="Channel::WebWidget")
    assert (await client.call("POST", f"{ROOT}/conversations/{talk}/messages", HELLO))[0] == 422
    path = f"{ROOT}/conversations/{talk}/messages/1"
    assert (await client.call("PATCH", path, {"status": "read"}))[0] == 403


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/{inbox}/contacts/s1/conversations/{talk}/toggle_typing", "on", 200),
        ("/{inbox}/contacts/s1/conversations/{talk}/toggle_typing", "off", 422),
        ("/{inbox}/contacts/s2/conversations/{talk}/toggle_typing", "on", 404),
        ("/other/contacts/s1/conversations/{talk}/toggle_typing", "on", 404),
    ],
)
async def test_the_client_api(client: Client, path: str, query: str, status: int) -> None:
    """Who knows inbox and contact may speak as the contact; a token has no place there."""
    talk = await client.talk()
    whole = "/public/api/v1/inboxes" + path.format(inbox=client.there.inbox.identifier, talk=talk)
    asked = {"params": {"typing_status": query}}
    assert (await client.call("POST", whole, {"typing_status": "on"}, headers={}, **asked))[0] == status
    assert (await client.call("POST", whole, {"typing_status": "on"}, **asked))[0] == 422


async def test_a_form_without_rules(client: Client) -> None:
    """A boundary that is not kept, and a file without a name."""
    path = f"{ROOT}/conversations/{await client.talk()}/messages"
    token = {"api_access_token": client.there.home.token}
    for kind, body, status in (
        ("multipart/form-data; boundary=b", b"--a\r\n\r\n", 400),
        ("multipart/form-data", b"--b--\r\n", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n", 400),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="attachments[]"\r\n\r\nx\r\n--b--\r\n',
            422,
        ),
    ):
        headers = {**token, "Content-Type": kind}
        async with (
            aiohttp.ClientSession() as http,
            http.post(client.there.url + path, data=body, headers=headers) as answer,
        ):
            assert answer.status == status


async def test_what_a_contact_says_opens_a_closed_conversation(client: Client) -> None:
    """That is the vendor's rule; it is the caller's business not to speak any more."""
    talk = await client.talk()
    await client.call("POST", f"{ROOT}/conversations/{talk}/toggle_status", {"status": "resolved"})
    await client.call("POST", f"{ROOT}/conversations/{talk}/messages", HELLO)
    assert client.there.home.conversation(talk).status == "open"


async def test_too_many_requests(client: Client) -> None:
    """The limiter answers in plain text, without the application."""
    client.there.faults.fail_next(429, retry_after="3")
    assert await client.call("GET", f"{ROOT}/agents") == (429, "Retry later\n")


async def test_webhooks_are_signed_and_sent_once(client: Client) -> None:
    """HMAC over timestamp and body with the inbox's secret; a refusal is not followed by another try, and marks the
    agent's message as failed."""
    got: list[tuple[dict[str, str], bytes]] = []

    async def refuse(request: web.Request) -> web.Response:
        got.append((dict(request.headers), await request.read()))
        return web.Response(status=500)

    app = web.Application()
    app.router.add_post("/hook", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    there = client.there
    of = there.home.conversation(await client.talk())
    there.webhook_to(f"http://{host}:{port}/hook")
    message = there.desk.say(of, there.home.agents[0], "Hello")
    await there.wait_until(lambda: len(there.callbacks.sent) == 2 and there.callbacks.sent[-1].given_up)
    await runner.cleanup()
    assert [one.kind for one in there.callbacks.sent] == ["message_created", "message_updated"]
    assert (len(got), message.status) == (2, "failed")
    headers, body = got[0]
    signed = headers["X-Chatwoot-Timestamp"].encode() + b"." + body
    mac = hmac.new(there.inbox.secret.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Chatwoot-Signature"] == f"sha256={mac}"
    assert headers["X-Chatwoot-Delivery"]


async def test_a_locked_inbox_has_one_conversation_for_each_source_id(client: Client) -> None:
    """The same id gives the last conversation, another id of the same contact a new one."""
    client.there.inbox.lock_to_single_conversation = True
    contact = client.there.home.add_contact({"identifier": "u1"})
    asked = {"inbox_id": 3, "contact_id": contact.id}
    made = [
        (await client.call("POST", f"{ROOT}/conversations", {**asked, "source_id": one}))[1]["id"]
        for one in ("a", "a", "b")
    ]
    assert (made[0] == made[1], made[0] == made[2]) == (True, False)


async def test_who_types_is_named_as_webhooks_name_people(client: Client) -> None:
    """Four fields of an agent, and no account beside them."""
    client.there.webhook_to(client.there.url)
    await client.there.agent_types(str(await client.talk()))
    told = json.loads(client.there.callbacks.sent[-1].body)
    assert told["user"] == {"id": 5, "name": "Kim Agent", "email": "kim@example.org", "type": "user"}
    assert set(told) == {"event", "user", "conversation", "is_private"}


async def test_a_message_that_is_not_valid_is_refused_in_one_sentence(client: Client) -> None:
    """Unlike other records: no names of fields."""
    path = f"{ROOT}/conversations/{await client.talk()}/messages"
    sentence = "Validation failed: Content is too long (maximum is 150000 characters)"
    long = {**HELLO, "content": "x" * 150_001}
    assert await client.call("POST", path, long) == (422, {"error": sentence})
    client.there.desk.flood = 1
    assert (await client.call("POST", path, HELLO))[0] == 200
    refused = await client.call("POST", path, {**HELLO, "source_id": "y"})
    assert refused == (422, {"error": "Validation failed: Too many messages"})
