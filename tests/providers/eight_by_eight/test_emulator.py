"""The emulated 8x8 is strict: what its documents do not allow is refused, in their words."""

import base64
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from openhandover.emulators.answers import Refused
from openhandover.emulators.eight_by_eight import EMULATOR, EightByEightEmulator
from openhandover.emulators.eight_by_eight.gateway import BASE
from openhandover.emulators.eight_by_eight.others import METRICS

USER = {"name": "Ada", "userId": "u1"}
SMALLEST = {"channelId": "Qx81-demo", "user": USER}


class Caller:
    """Somebody with the key, who may leave things out."""

    def __init__(self, emulator: EightByEightEmulator, http: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self._http = http
        self.headers = {"x-api-key": emulator.account.api_key, "X-8x8-Tenant": emulator.account.tenant}

    async def __call__(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Any, str]:
        """Status, body and media type."""
        headers = options.pop("headers", self.headers)
        if body is not None:
            options["json"] = body
        url = self.emulator.url + (path if path.startswith("/") else f"{BASE}/{path}")
        async with self._http.request(method, url, headers=headers, **options) as answer:
            is_json = answer.content_type.endswith("json")
            return (
                answer.status,
                await answer.json(content_type=None) if is_json else None,
                answer.content_type,
            )

    async def talk(self) -> str:
        """A conversation."""
        status, body, _ = await self("POST", "conversations", SMALLEST)
        assert status == 202
        return body["conversationId"]


@pytest_asyncio.fixture
async def call() -> AsyncGenerator[Caller]:
    """A caller of a fresh emulator."""
    async with EightByEightEmulator() as emulator, aiohttp.ClientSession() as http:
        yield Caller(emulator, http)


def test_it_is_found_by_its_name() -> None:
    """`openhandover emulate eight_by_eight` and the page know it by this."""
    assert (EMULATOR, EMULATOR.vendor) == (EightByEightEmulator, "eight_by_eight")


async def test_who_may_call(call: Caller) -> None:
    """The key, and the tenant where the customer has several; each refusal in the form of its status."""
    for headers, status in (
        ({}, 401),
        ({"x-api-key": "wrong"}, 401),
        ({"x-api-key": call.emulator.account.api_key}, 403),
        ({**call.headers, "X-8x8-Tenant": "another"}, 403),
    ):
        found, body, kind = await call("GET", "conversations", headers=headers)
        assert (found, kind) == (status, "application/problem+json")
        if status == 401:
            assert (body["message"], body["errors"][0]["code"]) == ("Access Denied", "access_denied")
            assert body["referenceId"]
        else:
            assert body["errors"] == [body["message"]]
    call.emulator.account.needs_tenant = False
    assert (await call("GET", "conversations", headers={"x-api-key": call.emulator.account.api_key}))[
        0
    ] == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channelId": None}, ""),
        ({"channelId": "gone"}, "channelId"),
        ({"user": None}, ""),
        ({"user": {"nickname": "A"}}, "user"),
        ({"user": {"language": "tlh"}}, "user.language"),
        ({"user": {"additionalProperties": [{"key": "a"}]}}, "user.additionalProperties[0]"),
        (
            {"user": {"additionalProperties": [{"key": "a", "value": ""}]}},
            "user.additionalProperties[0].value",
        ),
        ({"user": {"additionalProperties": [{"key": "a", "value": "b"}] * 31}}, "user.additionalProperties"),
        ({"assignment": {"type": "agent", "id": "ag-kim"}}, "assignment.type"),
        (
            {"history": {"messages": [{"authorType": "agent", "text": "hi"}]}},
            "history.messages[0].authorType",
        ),
        ({"history": {"messages": [{"authorType": "user", "text": "x"}] * 201}}, "history.messages"),
        ({"history": {"messages": [{"authorType": "user"}]}}, "text"),
        ({"surprise": 1}, ""),
    ],
)
async def test_a_conversation_that_is_not_as_documented(
    call: Caller, change: dict[str, Any], field: str
) -> None:
    """400, the field that is wrong, and no conversation."""
    body = {name: value for name, value in {**SMALLEST, **change}.items() if value is not None}
    status, told, _ = await call("POST", "conversations", body)
    assert (status, told["errors"][0]["code"]) == (400, "invalid_parameter")
    fields = [one["field"] for one in told.get("validations", [{"field": ""}])]
    assert fields == [field]
    assert not call.emulator.account.conversations


async def test_a_queue_that_does_not_exist(call: Caller) -> None:
    """By its own code."""
    status, told, _ = await call("POST", "conversations", {**SMALLEST, "assignment": {"id": "999"}})
    assert (status, told["errors"][0]["code"]) == (400, "invalid_queue")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_parameter"),
        ({"authorType": "user"}, "invalid_parameter"),
        ({"authorType": "agent", "text": "hi"}, "invalid_parameter"),
        ({"authorType": "user", "text": "hi", "id": "m1"}, "invalid_parameter"),
        ({"authorType": "user", "cards": [{"contentType": "text/html", "content": {}}]}, "invalid_parameter"),
        ([], "invalid_parameter"),
    ],
)
async def test_a_message_that_is_not_as_documented(call: Caller, body: Any, code: str) -> None:
    """400, with `errors` as one object, which no other call has."""
    talk = await call.talk()
    status, told, _ = await call("POST", f"conversations/{talk}/messages", body)
    assert (status, told["errors"]["code"]) == (400, code)
    assert told["referenceId"]
    assert not call.emulator.account.conversations[talk].lines


async def test_a_message_has_its_time(call: Caller) -> None:
    """Not before the interaction, not after it, not in a conversation that nobody knows, not without JSON."""
    call.emulator.desk.begins_by_itself = False
    talk = await call.talk()
    path, body = f"conversations/{talk}/messages", {"authorType": "user", "text": "hi"}
    assert (await call("POST", path, body))[0] == 400
    call.emulator.desk.begin(call.emulator.desk.found(talk))
    assert (await call("POST", path, body))[0] == 202
    for options in ({"data": b"{"}, {"data": b'{"authorType":"user","text":"hi"}'}):
        kind = "application/json" if options["data"] == b"{" else "text/plain"
        status, told, _ = await call("POST", path, headers={**call.headers, "content-type": kind}, **options)
        assert (status, told["errors"]["code"]) == (400, "invalid_json_object")
    await call.emulator.agent_ends(talk)
    assert (await call("POST", path, body))[0] == 400
    status, told, _ = await call("POST", "conversations/none/messages", body)
    assert (status, told["errors"]) == (404, ["no such conversation"])


async def test_files_have_their_form(call: Caller) -> None:
    """Two parts, one of them a file; a message may name what was uploaded to its own conversation."""
    talk, other = await call.talk(), await call.talk()
    path = f"conversations/{talk}/attachments"

    def form(**parts: Any) -> aiohttp.FormData:
        data = aiohttp.FormData()
        for name, value in parts.items():
            data.add_field(name, value, filename="a.txt" if isinstance(value, bytes) else None)
        return data

    wrong = (
        form(attachment=b"x", authorType="agent"),
        form(authorType="user", attachment="x"),
        form(attachment=b"x"),
    )
    for data in wrong:
        assert (await call("POST", path, data=data))[0] == 400
    assert (await call("POST", path, {"attachment": "x"}))[0] == 400
    status, told, _ = await call("POST", path, data=form(attachment=b"hello", authorType="user"))
    assert (status, told["filename"], told["sizeInBytes"]) == (200, "a.txt", 5)
    named = {"authorType": "user", "attachments": [{"id": told["id"]}]}
    assert (await call("POST", f"conversations/{other}/messages", named))[0] == 404
    assert (await call("POST", f"conversations/{talk}/messages", named))[0] == 202
    status, details, _ = await call("GET", f"{path}/{told['id']}")
    assert (status, details) == (200, told)
    assert (await call("GET", f"{path}/{told['id']}/content"))[2] == "application/octet-stream"
    assert (await call("GET", f"{path}/none"))[0] == 404


async def test_pages(call: Caller) -> None:
    """Twenty at a time, by id or by time; an empty page has no `_embedded`."""
    talk = await call.talk()
    assert "_embedded" not in (await call("GET", f"conversations/{talk}/messages"))[1]
    for number in range(25):
        await call.emulator.agent_says(talk, f"word {number}")
    _, latest, _ = await call("GET", f"conversations/{talk}/messages")
    _, rest, _ = await call("GET", f"conversations/{talk}/messages?sort=createdAt:asc&page=1&size=20")
    assert [one["text"] for one in latest["_embedded"]["messages"]] == [f"word {n}" for n in range(24, 4, -1)]
    assert [one["text"] for one in rest["_embedded"]["messages"]] == [f"word {n}" for n in range(20, 25)]
    assert rest["page"] == {"size": 20, "number": 1, "totalElements": 25, "totalPages": 2}
    for query in ("size=0", "size=x", "page=-1", "sort=text:asc"):
        assert (await call("GET", f"conversations/{talk}/messages?{query}"))[0] == 400


async def test_what_a_caller_may_change(call: Caller) -> None:
    """User and queue while it waits; the user leaves once, which ends it."""
    talk = await call.talk()
    change = {"user": {"company": "Example"}, "assignment": {"type": "queue", "id": "102"}}
    status, told, _ = await call("PATCH", f"conversations/{talk}", change)
    assert (status, told["assignment"]["id"], told["user"]["company"]) == (202, "102", "Example")
    await call.emulator.agent_joins(talk)
    assert (await call("PUT", f"conversations/{talk}", change))[0] == 400
    assert [
        one["type"]
        for one in (await call("GET", f"conversations/{talk}/participants"))[1]["_embedded"]["participants"]
    ] == ["user", "agent"]
    path = f"conversations/{talk}/participants/user"
    assert (await call("PATCH", path, {"removed": False}))[0] == 400
    assert (await call("PATCH", path, {"removed": True}))[0] == 204
    assert (await call("PATCH", path, {"removed": True}))[0] == 400
    assert (await call("GET", f"conversations/{talk}"))[1]["state"] == "idle"


async def test_small_signs(call: Caller) -> None:
    """Typing and receipts want to know whose they are."""
    talk = await call.talk()
    for path, body in (
        ("typing", {"authorType": "user"}),
        ("read-receipt", {"authorType": "user", "readAt": 1}),
    ):
        assert (await call("POST", f"conversations/{talk}/{path}", body))[0] == 204
        status, told, _ = await call("POST", f"conversations/{talk}/{path}", {})
        assert (status, told["errors"][0]["code"]) == (400, "invalid_parameter")
        assert (await call("POST", f"conversations/none/{path}", body))[1]["errors"][0][
            "code"
        ] == "resource_not_found"


async def test_set_up_can_be_looked_at(call: Caller) -> None:
    """Channel and webhook, by id and in lists; a trial of the webhook calls it."""
    call.emulator.webhook_to("http://127.0.0.1:9/webhooks/vendor")
    _, channels, _ = await call("GET", "channels")
    (channel,) = channels["_embedded"]["channels"]
    assert (await call("GET", f"channels/{channel['id']}"))[1] == channel
    _, webhook, _ = await call("GET", f"webhooks/{channel['webHookId']}")
    assert webhook["uri"].startswith("http://127.0.0.1:9/webhooks/vendor?secret=")
    assert (await call("GET", "webhooks"))[1]["_embedded"]["webhooks"] == [webhook]
    for path in ("channels/none", "webhooks/none", "jwk/none/public"):
        assert (await call("GET", path))[0] == 404
    body = {"version": "Chat Gateway v1.0", "uri": "http://127.0.0.1:9/"}
    assert (await call("POST", "webhooks/verify", body))[0] == 204
    assert (await call("POST", "webhooks/verify", {**body, "version": "v2"}))[0] == 400
    assert [one.kind for one in call.emulator.callbacks.sent] == ["WEB_HOOK_VERIFY"]


async def test_the_metrics_have_tokens_of_their_own(call: Caller) -> None:
    """Basic for the token, the token for the figures, and the tenant by another header."""
    account, form = call.emulator.account, {"grant_type": "client_credentials"}
    pair = f"{account.client_id}:{account.client_secret}"
    basic = "Basic " + base64.b64encode(pair.encode()).decode()
    assert (await call("POST", "/oauth/v2/token", headers={}, data=form))[0] == 401
    assert (
        await call("POST", "/oauth/v2/token", headers={"Authorization": basic}, data={"grant_type": "x"})
    )[0] == 400
    _, told, _ = await call("POST", "/oauth/v2/token", headers={"Authorization": basic}, data=form)
    assert (told["token_type"], told["expires_in"]) == ("BearerToken", "1799")
    good = {"Authorization": f"Bearer {told['access_token']}", "X-Tenant-Info": account.tenant}
    path = f"{METRICS}/queues/101?metrics=eligible.rt"
    assert (await call("GET", path, headers=good))[1]["metrics"] == [{"key": "eligible.rt", "value": 1}]
    for change, status in (({"Authorization": "Bearer x"}, 401), ({"X-Tenant-Info": "another"}, 400)):
        assert (await call("GET", path, headers=good | change))[0] == status
    assert (await call("GET", f"{METRICS}/queues/9", headers=good))[0] == 404
    assert (await call("GET", f"{METRICS}/queues/101?metrics=mood.rt", headers=good))[0] == 400


async def test_the_metrics_of_agents_are_asked_for_by_name(call: Caller) -> None:
    """Without one, and without asking for the summary, nothing is told; and not every one is a number."""
    account, tokens = call.emulator.account, call.emulator.others.tokens
    tokens.add("t")
    good = {"Authorization": "Bearer t", "X-Tenant-Info": account.tenant}
    path = f"{METRICS}/agents?agent-ids=ag-kim"
    assert (await call("GET", path, headers=good))[0] == 400
    assert (await call("GET", f"{path}&metrics=mood.rt", headers=good))[0] == 400
    told = [{"id": "ag-kim", "name": "Kim", "metrics": [{"key": "status.rt", "value": "Available"}]}]
    assert (await call("GET", f"{path}&metrics=status.rt", headers=good))[1] == told
    assert (await call("GET", f"{METRICS}/agents?summary=true", headers=good))[1][0]["groupId"] == "100"


async def test_agents_work_in_open_conversations_only(call: Caller) -> None:
    """Nothing can be said in one that has ended, or that there is not."""
    talk = await call.talk()
    await call.emulator.agent_ends(talk)
    for wrong in (talk, "none"):
        with pytest.raises(Refused):
            await call.emulator.agent_says(wrong, "hello")
    assert call.emulator.shown()["chats"][0]["state"] == "ended"
