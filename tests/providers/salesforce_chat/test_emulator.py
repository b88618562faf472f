"""The emulated organisation is strict: what the developer guide does not allow, it refuses."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from openhandover.emulators.answers import Refused
from openhandover.emulators.salesforce_chat import SalesforceChatEmulator

INIT: dict[str, Any] = {
    "organizationId": "00Dxx0000000001",
    "deploymentId": "572xx0000000001",
    "buttonId": "573xx0000000001",
    "userAgent": "test",
    "language": "en_US",
    "screenResolution": "1x1",
    "visitorName": "Ana",
    "prechatDetails": [],
    "prechatEntities": [],
    "receiveQueueUpdates": True,
    "isPost": True,
}


class Visitor:
    """A program that speaks with the emulator."""

    def __init__(self, emulator: SalesforceChatEmulator, http: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.http = http
        self.headers = {"X-LIVEAGENT-API-VERSION": "52", "X-LIVEAGENT-AFFINITY": "null"}
        self.id = ""

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and body of one call."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.emulator.url}/chat/rest/{path}"
        async with self.http.request(method, url, json=body, headers=self.headers | named) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else await answer.text()

    async def session(self) -> "Visitor":
        """With a session."""
        _, found = await self.call("GET", "System/SessionId")
        self.id = found["id"]
        self.headers |= {
            "X-LIVEAGENT-AFFINITY": found["affinityToken"],
            "X-LIVEAGENT-SESSION-KEY": found["key"],
        }
        return self

    async def asks(self, number: int = 1, **change: Any) -> int:
        """Ask for an agent."""
        body = {**INIT, "sessionId": self.id, **change}
        return (await self.call("POST", "Chasitor/ChasitorInit", body, X_LIVEAGENT_SEQUENCE=str(number)))[0]

    async def posts(self, noun: str, body: Any, number: int) -> int:
        """One numbered call."""
        return (await self.call("POST", f"Chasitor/{noun}", body, X_LIVEAGENT_SEQUENCE=str(number)))[0]

    async def polls(self, ack: int) -> tuple[int, Any]:
        """One poll."""
        return await self.call("GET", f"System/Messages?ack={ack}")


@pytest_asyncio.fixture
async def visitor() -> AsyncGenerator[Visitor]:
    """A visitor with a session."""
    async with SalesforceChatEmulator(poll_s=0.2) as emulator, aiohttp.ClientSession() as http:
        yield await Visitor(emulator, http).session()


async def test_a_session_wants_version_and_no_affinity(visitor: Visitor) -> None:
    """The word null stands for none."""
    assert (await visitor.call("GET", "System/SessionId"))[0] == 400
    assert (await visitor.call("GET", "System/SessionId", X_LIVEAGENT_API_VERSION="30"))[0] == 400


@pytest.mark.parametrize(
    "change",
    [
        {"organizationId": "00Dxx0000000002"},
        {"deploymentId": "x"},
        {"buttonId": "x"},
        {"sessionId": "x"},
        {"visitorName": ""},
        {"isPost": False},
        {"receiveQueueUpdates": False},
        {"surprise": 1},
        {"prechatDetails": [{"label": "Email", "value": ""}]},
        {"prechatDetails": None},
    ],
)
async def test_the_request_for_an_agent_is_read_strictly(visitor: Visitor, change: dict[str, Any]) -> None:
    """Each field, and no others."""
    assert await visitor.asks(**change) == 400
    assert visitor.emulator.shown()["chats"] == []


async def test_numbers_tell_duplicates(visitor: Visitor) -> None:
    """The first call is number one; a number that was seen has no further effect."""
    assert await visitor.asks(2) == 400
    assert await visitor.asks() == 200
    assert await visitor.asks() == 200
    assert len(visitor.emulator.shown()["chats"]) == 1
    await visitor.emulator.agent_joins(visitor.id)
    for _ in range(2):
        assert await visitor.posts("ChatMessage", {"text": "once"}, 2) == 202
    assert [line["text"] for line in visitor.emulator.shown()["chats"][0]["lines"]] == ["once"]
    assert (await visitor.call("POST", "Chasitor/ChatMessage", {"text": "x"}))[0] == 400


async def test_nobody_listens_before_an_agent_is_there(visitor: Visitor) -> None:
    """A message is refused then, and an empty one always."""
    await visitor.asks()
    assert await visitor.posts("ChatMessage", {"text": "anybody?"}, 2) == 400
    await visitor.emulator.agent_joins(visitor.id)
    assert await visitor.posts("ChatMessage", {"text": ""}, 3) == 400
    assert await visitor.posts("ChatMessage", {"text": "x", "more": 1}, 4) == 400


async def test_polls_tell_everything_after_their_number(visitor: Visitor) -> None:
    """The same number again brings the same again; nothing new is 204."""
    await visitor.asks()
    status, first = await visitor.polls(-1)
    assert (status, [one["type"] for one in first["messages"]]) == (200, ["ChatRequestSuccess"])
    assert (await visitor.polls(-1))[1]["messages"] == first["messages"]
    assert (await visitor.polls(first["sequence"]))[0] == 204
    await visitor.emulator.agent_says(visitor.id, "hi")
    _, second = await visitor.polls(first["sequence"])
    assert [one["type"] for one in second["messages"]] == ["ChatEstablished", "ChatMessage"]
    assert (await visitor.call("GET", "System/Messages"))[0] == 400


async def test_two_polls_at_once_end_the_chat(visitor: Visitor) -> None:
    """409, and then nothing is valid any more."""
    await visitor.asks()
    _, first = await visitor.polls(-1)
    statuses = [
        status for status, _ in await asyncio.gather(*(visitor.polls(first["sequence"]) for _ in range(2)))
    ]
    assert 409 in statuses
    assert (await visitor.polls(first["sequence"]))[0] == 403


async def test_strangers_have_no_session(visitor: Visitor) -> None:
    """The key has to be right; another affinity is one that has changed."""
    await visitor.asks()
    assert (await visitor.call("GET", "System/Messages?ack=-1", X_LIVEAGENT_SESSION_KEY="x"))[0] == 403
    assert (await visitor.call("GET", "System/Messages?ack=-1", X_LIVEAGENT_AFFINITY="x"))[0] == 503


async def test_a_session_that_moved_has_to_be_reconnected(visitor: Visitor) -> None:
    """Until then everything is answered 503; nobody has an affinity then, the answer brings one, and numbers begin anew."""
    await visitor.asks()
    _, first = await visitor.polls(-1)
    await visitor.emulator.agent_says(visitor.id, "hello")
    visitor.emulator.chat_moves(visitor.id)
    assert (await visitor.polls(-1))[0] == 503
    old, visitor.headers["X-LIVEAGENT-AFFINITY"] = visitor.headers["X-LIVEAGENT-AFFINITY"], "null"
    assert (await visitor.call("GET", "System/ReconnectSession"))[0] == 400
    again = f"System/ReconnectSession?ReconnectSession.offset={first['offset']}"
    assert (await visitor.call("GET", again, X_LIVEAGENT_AFFINITY=old))[0] == 400
    _, found = await visitor.call("GET", again)
    assert found["resetSequence"] is True
    visitor.headers["X-LIVEAGENT-AFFINITY"] = old
    assert (await visitor.polls(-1))[0] == 503
    visitor.headers["X-LIVEAGENT-AFFINITY"] = found["affinityToken"]
    assert (await visitor.call("POST", "Chasitor/ChasitorResyncState", {"organizationId": "x"}))[0] == 400
    assert (
        await visitor.call("POST", "Chasitor/ChasitorResyncState", {"organizationId": "00Dxx0000000001"})
    )[0] == 202
    _, told = await visitor.polls(-1)
    kinds = [one["type"] for one in told["messages"]]
    assert kinds == ["ChasitorSessionData", "ChatEstablished", "ChatMessage"]
    assert (told["sequence"], told["offset"]) == (3, first["offset"] + 2)


async def test_the_end_has_one_reason(visitor: Visitor) -> None:
    """The visitor is the client; after the end was told nothing is valid."""
    await visitor.asks()
    assert await visitor.posts("ChatEnd", {"reason": "bored"}, 2) == 400
    assert await visitor.posts("ChatEnd", {"type": "ChatEndReason", "reason": "client"}, 2) == 202
    _, told = await visitor.polls(-1)
    assert told["messages"][-1] == {
        "type": "ChatEnded",
        "message": {"reason": "client", "attachedRecords": []},
    }
    assert (await visitor.polls(told["sequence"]))[0] == 403
    with pytest.raises(Refused):
        await visitor.emulator.agent_says(visitor.id, "still there?")


async def test_the_availability_is_of_a_button(visitor: Visitor) -> None:
    """`isAvailable` is absent where nobody is there; strangers are refused."""
    path = "Visitor/Availability?org_id={}&deployment_id=572xx0000000001&Availability.ids=[573xx0000000001]"
    _, found = await visitor.call("GET", path.format("00Dxx0000000001"))
    assert found["messages"][0]["message"]["results"] == [
        {"id": "573xx0000000001", "isAvailable": True, "estimatedWaitTime": 30}
    ]
    visitor.emulator.set_online(False)
    _, found = await visitor.call("GET", path.format("00Dxx0000000001"))
    assert found["messages"][0]["message"]["results"] == [{"id": "573xx0000000001"}]
    assert (await visitor.call("GET", path.format("00Dxx0000000002")))[0] == 400
