"""The emulated organisation is strict: what its pages do not allow, it refuses."""

import json
import time
from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from openhandover.emulators.answers import Refused
from openhandover.emulators.salesforce_miaw import IDENTITY, Account, SalesforceMiawEmulator

API = "/iamessage/api/v2"
WHO = {
    "orgId": "00Dxx0000000001",
    "esDeveloperName": "OpenHandover_Client",
    "capabilitiesVersion": "1",
    "platform": "Web",
}
NAME = {"esDeveloperName": "OpenHandover_Client"}


class Client:
    """A program that speaks with the emulator."""

    def __init__(self, emulator: SalesforceMiawEmulator, http: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.http = http
        self.token = ""
        self.id = str(uuid4())

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of one call."""
        said = {"Authorization": f"Bearer {self.token}"} | headers
        async with self.http.request(method, f"{self.emulator.url}{path}", json=body, headers=said) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def begins(self) -> "Client":
        """With a token and a conversation."""
        _, found = await self.call("POST", f"{API}/authorization/unauthenticated/access-token", WHO)
        self.token = found["accessToken"]
        assert (await self.call("POST", f"{API}/conversation", {"conversationId": self.id, **NAME}))[0] == 201
        return self

    def at(self, path: str = "") -> str:
        """An address of its conversation."""
        return f"{API}/conversation/{self.id}{path}"

    def words(self, text: str = "hello", **more: Any) -> dict[str, Any]:
        """The body of a message."""
        content = {"formatType": "Text", "text": text}
        message = {"id": str(uuid4()), "messageType": "StaticContentMessage", "staticContent": content}
        return {"message": message, **NAME, **more}


@pytest_asyncio.fixture
async def client() -> AsyncGenerator[Client]:
    """A client with a conversation."""
    async with SalesforceMiawEmulator() as emulator, aiohttp.ClientSession() as http:
        yield await Client(emulator, http).begins()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"orgId": "00Dxx0000000002"}, 400),
        ({"esDeveloperName": "Other"}, 403),
        ({"capabilitiesVersion": "2"}, 400),
        ({"platform": "Fridge"}, 400),
        ({"surprise": 1}, 400),
        ({"orgId": None}, 400),
    ],
)
async def test_a_token_is_for_this_deployment_only(
    client: Client, change: dict[str, Any], status: int
) -> None:
    """Organisation and deployment have to be right, and nothing else may be said."""
    path = f"{API}/authorization/unauthenticated/access-token"
    assert (await client.call("POST", path, WHO | change))[0] == status


async def test_an_unpublished_deployment_gives_no_tokens(client: Client) -> None:
    """It has to be published first."""
    client.emulator.account.published = False
    assert (await client.call("POST", f"{API}/authorization/unauthenticated/access-token", WHO))[0] == 403


@pytest.mark.parametrize(("identity", "part"), [(IDENTITY, "/AUTH/"), ("e30.e30.x", "/UNAUTH/")])
async def test_only_a_registered_identity_is_verified(client: Client, identity: str, part: str) -> None:
    """Another one is taken for nobody, with 200 as a client reported."""
    body = {**WHO, "authorizationType": "JWT", "customerIdentityToken": identity}
    status, found = await client.call("POST", f"{API}/authorization/authenticated/access-token", body)
    assert status == 200
    assert part in found["context"]["endUser"]["subject"]


async def test_a_token_is_needed_everywhere(client: Client) -> None:
    """Missing, unknown, revoked and expired ones are answered as the gateway does."""
    for path in ("", "/entries"):
        assert (await client.call("GET", client.at(path), Authorization="Bearer x"))[0] == 401
    client.emulator.expire_tokens()
    status, found = await client.call("GET", client.at())
    assert (status, found["message"]) == (401, "Jwt is expired")
    assert (await client.call("GET", f"{API}/authorization/continuation-access-token"))[0] == 401
    assert (await client.call("GET", "/eventrouter/v1/sse"))[0] == 401


async def test_a_revoked_token_is_worth_nothing(client: Client) -> None:
    """After DELETE it is unknown."""
    assert (await client.call("DELETE", f"{API}/authorization/token"))[0] == 204
    assert (await client.call("GET", client.at()))[0] == 401


async def test_a_continued_token_is_the_same_user_s(client: Client) -> None:
    """The conversation stays reachable."""
    _, found = await client.call("GET", f"{API}/authorization/continuation-access-token")
    client.token = found["accessToken"]
    assert (await client.call("GET", client.at()))[0] == 200


@pytest.mark.parametrize(
    "id_", ["not-a-uuid", "CF62B247-A0A5-4CDE-9EE1-476AF66D9027", "44444444-5555-5666-8777-888888888888", ""]
)
async def test_a_conversation_s_id_is_a_lower_case_uuid_of_version_4(client: Client, id_: str) -> None:
    """Anything else is refused."""
    assert (await client.call("POST", f"{API}/conversation", {"conversationId": id_, **NAME}))[0] == 400


async def test_a_conversation_is_made_once(client: Client) -> None:
    """The same id again is a conflict; so is what the channel has no parameter for an error."""
    again = {"conversationId": client.id, **NAME}
    assert (await client.call("POST", f"{API}/conversation", again))[0] == 409
    client.emulator.account.parameters = {"Reason"}
    other = {"conversationId": str(uuid4()), **NAME, "routingAttributes": {"Mood": "bad"}}
    assert (await client.call("POST", f"{API}/conversation", other))[0] == 400


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"esDeveloperName": "Other"}, 403),
        ({"message": {}}, 400),
        ({"surprise": 1}, 400),
        ({"routingAttributes": {"a": 1}}, 400),
        ({"isNewMessagingSession": "yes"}, 400),
    ],
)
async def test_a_message_is_read_strictly(client: Client, change: dict[str, Any], status: int) -> None:
    """Each field has its type, and there are no others."""
    assert (await client.call("POST", client.at("/message"), client.words() | change))[0] == status


async def test_a_message_is_text_of_some_length(client: Client) -> None:
    """Empty and endless ones are refused."""
    assert (await client.call("POST", client.at("/message"), client.words("")))[0] == 400
    assert (await client.call("POST", client.at("/message"), client.words("x" * 3001)))[0] == 400
    assert (await client.call("POST", client.at("/message"), client.words("x" * 3000)))[0] == 202


async def test_a_repeated_message_is_shown_twice(client: Client) -> None:
    """Nobody says that it is not, so whoever repeats has to look first."""
    body = client.words()
    for _ in range(2):
        assert (await client.call("POST", client.at("/message"), body))[0] == 202
    assert len(client.emulator.shown()["chats"][0]["lines"]) == 2


async def test_too_many_messages_are_refused(client: Client) -> None:
    """As many as the organisation takes in a minute."""
    client.emulator.account.messages_per_minute = 1
    assert (await client.call("POST", client.at("/message"), client.words()))[0] == 202
    assert (await client.call("POST", client.at("/message"), client.words()))[0] == 429


async def test_strangers_and_closed_conversations(client: Client) -> None:
    """A conversation is its user's, and after its end nobody's."""
    stranger = Client(client.emulator, client.http)
    await stranger.begins()
    assert (await stranger.call("GET", client.at()))[0] == 403
    assert (await client.call("DELETE", client.at()))[0] == 403  # without the deployment's name
    assert (await client.call("DELETE", client.at("?esDeveloperName=OpenHandover_Client")))[0] == 204
    assert (await client.call("GET", client.at()))[0] == 404
    assert (await client.call("POST", client.at("/message"), client.words()))[0] == 404
    with pytest.raises(Refused):
        await client.emulator.agent_says(client.id, "anybody?")


async def test_a_message_after_the_session_s_end_begins_another_one(client: Client) -> None:
    """The conversation is still there: it rings for an agent again."""
    await client.call("POST", client.at("/message"), client.words())
    await client.emulator.agent_says(client.id, "bye")
    await client.emulator.agent_ends(client.id)
    assert client.emulator.shown()["chats"][0]["state"] == "ended"
    await client.call("POST", client.at("/message"), client.words())
    assert client.emulator.shown()["chats"][0]["state"] == "waiting"


async def test_attributes_reach_the_record_with_the_first_message_only(client: Client) -> None:
    """Those given on creation alone do not, as a client found out."""
    named = {"isNewMessagingSession": True, "routingAttributes": {"Reason": "billing"}}
    await client.call("POST", client.at("/message"), client.words(routingAttributes={"Reason": "x"}))
    assert client.emulator.shown()["chats"][0]["facts"] == {}
    await client.call("POST", client.at("/message"), client.words(**named))
    assert client.emulator.shown()["chats"][0]["facts"] == {"Reason": "billing"}


@pytest.mark.parametrize("query", ["limit=51", "limit=0", "direction=Sideways", "startTimestamp=now"])
async def test_the_history_is_asked_properly(client: Client, query: str) -> None:
    """At most 50 entries, by time or from an end."""
    assert (await client.call("GET", client.at(f"/entries?{query}")))[0] == 400


async def test_typing_and_acknowledgements_are_read_strictly(client: Client) -> None:
    """Only known kinds, and only entries that there are."""
    assert (await client.call("POST", client.at("/entry"), {"entryType": "Yawn", "id": str(uuid4())}))[
        0
    ] == 400
    ack = {"id": str(uuid4()), "entryType": "Read", "conversationEntryId": "none"}
    assert (await client.call("POST", client.at("/acknowledge-entries"), {"acks": [ack]}))[0] == 400


@pytest.mark.parametrize(
    ("content_type", "content", "status"),
    [("image/png", b"png", 202), ("application/x-sh", b"rm", 415), ("image/png", b"", 400)],
)
async def test_files_have_two_parts_and_a_type_that_is_allowed(
    client: Client, content_type: str, content: bytes, status: int
) -> None:
    """Whatever else comes is refused."""
    form = aiohttp.FormData()
    entry = {**NAME, "message": {"id": str(uuid4()), "fileId": str(uuid4())}}
    form.add_field("messageEntry", json.dumps(entry), content_type="application/json")
    form.add_field("fileData", content, filename="a", content_type=content_type)
    headers = {"Authorization": f"Bearer {client.token}"}
    async with client.http.post(
        f"{client.emulator.url}{client.at('/file')}", data=form, headers=headers
    ) as got:
        assert got.status == status


async def test_the_stream_wants_its_headers(client: Client) -> None:
    """The organisation, the kind of answer, and an id that was given."""
    good = {"Accept": "text/event-stream", "X-Org-Id": "00Dxx0000000001", "Last-Event-Id": "0"}
    for change, status in (
        ({"Accept": "x/y"}, 406),
        ({"X-Org-Id": "1"}, 400),
        ({"Last-Event-Id": "zz"}, 400),
    ):
        assert (await client.call("GET", "/eventrouter/v1/sse", **(good | change)))[0] == status


async def test_the_stream_goes_on_where_it_was_left_and_shows_that_it_lives() -> None:
    """Events after the id that is named, then pings, until the token ends."""
    account = Account(token_life_s=1.0)
    async with SalesforceMiawEmulator(account, heartbeat_s=0.1) as emulator, aiohttp.ClientSession() as http:
        client = await Client(emulator, http).begins()
        await client.call("POST", client.at("/message"), client.words())
        headers = {
            "Authorization": f"Bearer {client.token}",
            "Accept": "text/event-stream",
            "X-Org-Id": "00Dxx0000000001",
            "Last-Event-Id": "1",
        }
        began, got = time.monotonic(), b""
        async with http.get(f"{emulator.url}/eventrouter/v1/sse", headers=headers) as answer:
            with pytest.raises(aiohttp.ClientError):
                async for chunk in answer.content.iter_any():
                    got += chunk
        assert time.monotonic() - began < 5
        assert b"id: 1\n" not in got
        assert b"id: 2\nevent: CONVERSATION_ROUTING_RESULT\n" in got
        assert b"event: ping\n" in got


async def test_the_business_hours_want_organisation_and_deployment(client: Client) -> None:
    """Nobody needs a token for them."""
    path = "/embeddedservice/v1/businesshours?orgId={}&esConfigName={}"
    assert (await client.call("GET", path.format("00Dxx0000000001", "OpenHandover_Client")))[0] == 200
    assert (await client.call("GET", path.format("1", "OpenHandover_Client")))[0] == 400
    assert (await client.call("GET", path.format("00Dxx0000000001", "Other")))[0] == 404
