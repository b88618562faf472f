"""What the emulated Genesys Cloud refuses: everything that its pages do not say it takes."""

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from openhandover.emulators.answers import Refused
from openhandover.emulators.genesys import GenesysEmulator
from openhandover.emulators.genesys.notices import signature

TIME = "2026-01-15T09:29:58.120Z"
MESSAGE: dict[str, Any] = {
    "channel": {"messageId": "k1", "from": {"id": "u1", "idType": "Opaque", "nickname": "Ana"}, "time": TIME},
    "text": "Hello",
}


@dataclass
class Caller:
    """Somebody with a client of the organisation."""

    genesys: GenesysEmulator
    http: aiohttp.ClientSession
    token: str = ""

    async def signed_in(self, grant: str = "client_credentials", pair: str | None = None) -> tuple[int, Any]:
        """Ask for a token."""
        own = f"{self.genesys.client_id}:{self.genesys.client_secret}"
        headers = {"Authorization": f"Basic {base64.b64encode((pair or own).encode()).decode()}"}
        async with self.http.post(
            f"{self.genesys.url}/oauth/token", headers=headers, data={"grant_type": grant}
        ) as reply:
            found = await reply.json()
            self.token = found.get("access_token", "")
            return reply.status, found

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and answer of a call of the API."""
        named = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        async with self.http.request(
            method, f"{self.genesys.url}/api/v2{path}", data=raw, headers=named
        ) as reply:
            text = await reply.text()
            return reply.status, json.loads(text) if text else None

    async def inbound(self, body: Any, kind: str = "message", query: str = "") -> tuple[int, Any]:
        """A call of the integration."""
        path = f"/conversations/messages/{self.genesys.integration_id}/inbound/open/{kind}{query}"
        return await self.call("POST", path, body)

    async def begun(self) -> str:
        """Id of a new conversation."""
        status, found = await self.inbound(MESSAGE, query="?prefetchConversationId=true")
        assert status == 202, found
        return found["conversationId"]


@asynccontextmanager
async def calling() -> AsyncGenerator[Caller]:
    """A fresh organisation, and a caller with a token."""
    async with GenesysEmulator() as genesys, aiohttp.ClientSession() as http:
        caller = Caller(genesys, http)
        await caller.signed_in()
        yield caller


def changed(body: dict[str, Any], **channel: Any) -> dict[str, Any]:
    """A body whose channel is otherwise; None takes a field out."""
    whole = {**body["channel"], **channel}
    return {**body, "channel": {key: value for key, value in whole.items() if value is not None}}


SENDER = MESSAGE["channel"]["from"]
FILE = {"mediaType": "Image", "url": "https://here/1", "mime": "image/png"}
WRONG_MESSAGES: dict[str, tuple[Any, int, str]] = {
    "no time": (changed(MESSAGE, time=None), 400, "missing.open.channel.date"),
    "a time without milliseconds": (changed(MESSAGE, time="2026-01-15T09:29:58Z"), 400, "invalid.date"),
    "a time elsewhere": (changed(MESSAGE, time="2026-01-15T10:29:58.120+01:00"), 400, "invalid.date"),
    "no channel": ({"text": "Hello"}, 400, "bad.request"),
    "no sender": (changed(MESSAGE, **{"from": None}), 400, "bad.request"),
    "a sender without its type": (changed(MESSAGE, **{"from": {"id": "u1"}}), 400, "bad.request"),
    "a sender of another type": (
        changed(MESSAGE, **{"from": {"id": "u1", "idType": "UUID"}}),
        400,
        "bad.request",
    ),
    "a picture of the sender": (changed(MESSAGE, **{"from": {**SENDER, "image": "x"}}), 400, "bad.request"),
    "an unknown field": ({**MESSAGE, "type": "Text"}, 400, "bad.request"),
    "a field of the old endpoint": (changed(MESSAGE, platform="Open"), 400, "bad.request"),
    "attributes in the wrong place": (
        {**MESSAGE, "metadata": {"customAttributes": {"a": "b"}}},
        400,
        "bad.request",
    ),
    "an attribute that is no text": (
        changed(MESSAGE, metadata={"customAttributes": {"a": 1}}),
        400,
        "bad.request",
    ),
    "a nested attribute": (
        changed(MESSAGE, metadata={"customAttributes": {"a": {"b": "c"}}}),
        400,
        "bad.request",
    ),
    "neither text nor content": ({"channel": MESSAGE["channel"]}, 400, "bad.request"),
    "a file without its type": (
        {**MESSAGE, "content": [{"attachment": {"mediaType": "Image", "url": "x"}}]},
        400,
        "bad.request",
    ),
    "a file of another media": (
        {**MESSAGE, "content": [{"attachment": {**FILE, "mediaType": "image"}}]},
        400,
        "bad.request",
    ),
    "content of the answer's shape": (
        {**MESSAGE, "content": [{"contentType": "Attachment", "attachment": FILE}]},
        400,
        "bad.request",
    ),
    "a text that is too long": ({**MESSAGE, "text": "x" * 5001}, 413, "request.entity.too.large"),
    "no JSON": (b"{", 400, "bad.request"),
    "no object": ([MESSAGE], 400, "bad.request"),
}


@pytest.mark.parametrize("case", WRONG_MESSAGES)
async def test_a_message_that_no_page_describes_is_refused(case: str) -> None:
    """With the documented code, and no conversation is begun."""
    body, status, code = WRONG_MESSAGES[case]
    async with calling() as caller:
        answer = await caller.inbound(body)
        assert (answer[0], answer[1]["code"], answer[1]["status"]) == (status, code, status)
        assert set(answer[1]) == {
            *("message", "code", "status", "contextId", "messageParams", "details", "errors")
        }
        assert not caller.genesys.conversations


async def test_a_message_is_taken_and_told_where() -> None:
    """Only whoever asks for the conversation's id gets it; attributes are the customer's."""
    async with calling() as caller:
        body = changed(MESSAGE, metadata={"customAttributes": {"queueId": "q"}})
        status, answer = await caller.inbound({**body, "content": [{"attachment": FILE}]})
        assert status == 202
        assert "conversationId" not in answer
        (conversation,) = caller.genesys.conversations.values()
        status, answer = await caller.inbound(
            changed(MESSAGE, messageId="k2"), query="?prefetchConversationId=true"
        )
        assert (status, answer["conversationId"]) == (202, conversation.id)
        assert conversation.customer.attributes == {"queueId": "q"}
        assert [(line.author, line.text) for line in conversation.lines] == [("user", "Hello")] * 2


async def test_a_repeated_message_is_a_conflict_or_the_same() -> None:
    """Which of both is not documented, so it can be chosen; another time with the same id is another message."""
    async with calling() as caller:
        first = await caller.inbound(MESSAGE)
        again = await caller.inbound(MESSAGE)
        assert (again[0], again[1]["code"]) == (409, "request.conflict")
        caller.genesys.centre.repeats_conflict = False
        assert await caller.inbound(MESSAGE) == first
        assert (await caller.inbound(changed(MESSAGE, time="2026-01-15T09:29:59.000Z")))[0] == 202
        (conversation,) = caller.genesys.conversations.values()
        assert len(conversation.lines) == 2


@pytest.mark.parametrize("query", ["?prefetchConversationId=yes", "?prefetch=true"])
async def test_an_unknown_query_is_refused(query: str) -> None:
    """400 with its own code."""
    async with calling() as caller:
        status, answer = await caller.inbound(MESSAGE, query=query)
        assert (status, answer["code"]) == (400, "invalid.query.param.value")


async def test_other_content_types_are_refused() -> None:
    """415."""
    async with calling() as caller:
        path = f"/conversations/messages/{caller.genesys.integration_id}/inbound/open/message"
        status, answer = await caller.call("POST", path, MESSAGE, **{"Content-Type": "text/plain"})
        assert (status, answer["code"]) == (415, "unsupported.media.type")


async def test_who_may_have_a_token() -> None:
    """The client with its secret, by the one grant; somebody of another region is not known."""
    async with calling() as caller:
        genesys = caller.genesys
        assert (await caller.signed_in(grant="password"))[0] == 400
        assert (await caller.signed_in(pair=f"{genesys.client_id}:wrong"))[0] == 401
        genesys.knows_client = False
        status, answer = await caller.signed_in()
        assert (status, answer["error"]) == (401, "invalid_client")
        async with caller.http.post(f"{genesys.url}/oauth/token", json={"grant_type": "x"}) as reply:
            assert reply.status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/conversations/messages/{integration}/inbound/open/message"),
        ("POST", "/conversations/messages/{integration}/inbound/open/event"),
        ("POST", "/conversations/messages/{integration}/inbound/open/receipt"),
        ("GET", "/conversations/messages/x"),
        ("PATCH", "/conversations/messages/x"),
        ("PATCH", "/conversations/messages/x/participants/y"),
        ("GET", "/routing/queues/{queue}/mediatypes/message/estimatedwaittime"),
        ("POST", "/analytics/queues/observations/query"),
        ("GET", "/conversations/messaging/integrations/open/{integration}"),
    ],
)
async def test_every_call_needs_token_and_role(method: str, path: str) -> None:
    """401 without a token or with one that ended, 403 where the client's roles do not allow it, 404 for what is not there."""
    async with calling() as caller:
        genesys = caller.genesys
        path = path.format(integration=genesys.integration_id, queue=genesys.queue_id)
        genesys.permissions.clear()
        status, answer = await caller.call(method, path, {})
        assert (status, answer["code"]) in [(403, "missing.permissions"), (404, "not.found")]
        genesys.expire_tokens()
        status, answer = await caller.call(method, path, {})
        assert (status, answer["code"]) == (401, "bad.credentials")
        status, answer = await caller.call(method, path, {}, Authorization="")
        assert (status, answer["code"]) == (401, "authentication.required")


async def test_what_was_deleted_is_not_found() -> None:
    """An integration or a queue that somebody deleted."""
    async with calling() as caller:
        genesys = caller.genesys
        genesys.has_integration = genesys.has_queue = False
        wait = f"/routing/queues/{genesys.queue_id}/mediatypes/message/estimatedwaittime"
        assert (await caller.inbound(MESSAGE))[0] == 404
        assert (await caller.call("GET", wait))[0] == 404
        query = {
            "type": "dimension",
            "dimension": "queueId",
            "operator": "matches",
            "value": genesys.queue_id,
        }
        body = {"filter": {"type": "and", "predicates": [query]}, "metrics": ["oOnQueueUsers"]}
        assert await caller.call("POST", "/analytics/queues/observations/query", body) == (
            200,
            {"results": []},
        )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"filter": {"type": "and", "predicates": []}, "metrics": ["oOnQueueUsers"]},
        {"filter": {"type": "xor", "predicates": []}, "metrics": []},
        {"filter": {"type": "and", "predicates": [{"dimension": "queueId"}]}, "metrics": ["oOnQueueUsers"]},
    ],
)
async def test_a_wrong_question_for_the_queue_is_refused(body: Any) -> None:
    """400."""
    async with calling() as caller:
        assert (await caller.call("POST", "/analytics/queues/observations/query", body))[0] == 400


async def test_typing_and_receipts_need_what_they_are_about() -> None:
    """A user with a conversation, a message that an agent sent; `Read` and a "stopped" do not exist."""
    async with calling() as caller:
        typing = {"channel": {"from": SENDER, "time": TIME}, "events": [{"eventType": "Typing"}]}
        receipt = {"id": "x", "channel": {"to": {"id": "u1"}, "time": TIME}, "status": "Delivered"}
        assert (await caller.inbound(typing, "event"))[0] == 400
        assert (await caller.inbound(receipt, "receipt"))[0] == 400
        chat = await caller.begun()
        assert (await caller.inbound(receipt, "receipt"))[0] == 400
        await caller.genesys.agent_says(chat, "Hi")
        receipt["id"] = caller.genesys.conversations[chat].lines[-1].id
        for wrong in (
            {**receipt, "status": "Read"},
            {**receipt, "channel": {"from": SENDER, "time": TIME}},
            {**receipt, "reasons": [{"code": "Because", "message": "x"}]},
        ):
            assert (await caller.inbound(wrong, "receipt"))[0] == 400
        off = {**typing, "events": [{"eventType": "Typing", "typing": {"type": "Off"}}]}
        assert (await caller.inbound(off, "event"))[0] == 400
        assert (await caller.inbound(typing, "event"))[0] == 202
        status, answer = await caller.inbound(receipt, "receipt")
        assert (status, answer["type"], answer["status"]) == (202, "Receipt", "Delivered")


async def test_a_conversation_ends_once() -> None:
    """By its own call or by the customer's; anything but `disconnected` is refused, and so is a second time."""
    async with calling() as caller:
        chat = await caller.begun()
        path = f"/conversations/messages/{chat}"
        assert (await caller.call("PATCH", path, {"state": "parked"}))[0] == 400
        _, there = await caller.call("GET", path)
        (customer,) = [one for one in there["participants"] if one["purpose"] == "customer"]
        assert (await caller.call("PATCH", f"{path}/participants/nobody", {"state": "disconnected"}))[
            0
        ] == 404
        out = f"{path}/participants/{customer['id']}"
        assert await caller.call("PATCH", out, {"state": "disconnected"}) == (202, None)
        assert (await caller.call("PATCH", out, {"state": "disconnected"}))[0] == 400
        assert (await caller.call("PATCH", path, {"state": "disconnected"}))[0] == 400
        _, there = await caller.call("GET", path)
        assert {one["state"] for one in there["participants"]} == {"disconnected"}
        with pytest.raises(Refused):
            await caller.genesys.agent_says(chat, "too late")


async def test_the_threading_timeline_decides_on_a_message_after_the_end() -> None:
    """By default it continues the old conversation; with 0 minutes it begins another one."""
    async with calling() as caller:
        chat = await caller.begun()
        await caller.genesys.agent_ends(chat)
        body = changed(MESSAGE, messageId="k2")
        _, answer = await caller.inbound(body, query="?prefetchConversationId=true")
        assert answer["conversationId"] == chat
        assert caller.genesys.conversations[chat].side == "waiting"
        await caller.genesys.agent_ends(chat)
        caller.genesys.centre.threading_minutes = 0
        body = changed(MESSAGE, messageId="k3")
        _, answer = await caller.inbound(body, query="?prefetchConversationId=true")
        assert answer["conversationId"] != chat


async def test_the_signature_is_the_documented_one() -> None:
    """The known vector: Base64 of the MAC, behind `sha256=`."""
    assert signature("0123456789abcdef", b'{"id":"x","text":"a"}') == (
        "sha256=4MY0i/5VRGyfIc9BZVdvIg0plOwSWf6BbQ0iXde4nk4="
    )


async def test_events_follow_what_agents_do() -> None:
    """An offer that is declined, a transfer with its wrap-up in the middle, and an end, in the documented order."""
    async with calling() as caller:
        genesys = caller.genesys
        genesys.webhook_to("http://127.0.0.1:9/hook")
        genesys.callbacks.hold()
        chat = await caller.begun()
        genesys.agent_is_offered(chat, "Lee")
        genesys.agent_declines(chat)
        await genesys.agent_joins(chat)
        await genesys.agent_transfers(chat, "Lee")
        await genesys.agent_ends(chat)
        bodies = [
            json.loads(one.body)["detail"] for one in genesys.callbacks.sent if one.kind == "eventbridge"
        ]
        kinds = [one["topicName"].removeprefix(f"v2.detail.events.conversation.{chat}.") for one in bodies]
        assert kinds == [
            *("customer.start", "acd.start", "user.start", "user.end"),
            *("user.start", "acd.end", "user.start", "user.end", "acw"),
            *("user.end", "customer.end", "acw"),
        ]
        declined, passed_on, ended = [
            one["eventBody"] for one in bodies if one["topicName"].endswith("user.end")
        ]
        assert "interactingDurationMs" not in declined
        assert [one["disconnectType"] for one in (declined, passed_on, ended)] == [
            *("CLIENT", "CONSULT_TRANSFER", "CLIENT")
        ]


async def test_what_an_agent_wrote_can_be_read() -> None:
    """By the id that the API has for it, with the webhook's own id inside; the status is that of its way to the user."""
    async with calling() as caller:
        conversation_id = await caller.begun()
        await caller.genesys.agent_says(conversation_id, "hello")
        place = f"/conversations/messages/{conversation_id}"
        parties = (await caller.call("GET", place))[1]["participants"]
        ((told,),) = [one["messages"] for one in parties if one["purpose"] == "agent"]
        status, found = await caller.call("GET", f"{place}/messages/{told['messageId']}")
        assert (status, found["status"], found["direction"]) == (200, told["messageStatus"], "outbound")
        said = caller.genesys.conversations[conversation_id].lines[-1]
        assert (found["normalizedMessage"]["id"], found["normalizedMessage"]["text"]) == (said.id, "hello")
        assert found["id"] != said.id
        assert (await caller.call("GET", f"{place}/messages/no-such"))[1]["code"] == "not.found"
        caller.genesys.permissions.remove("conversation:message:view")
        assert (await caller.call("GET", f"{place}/messages/{told['messageId']}"))[0] == 403
