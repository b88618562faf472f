"""Handovers over HTTP."""

import asyncio
from typing import Any

import pytest

from tests.serving import Answer, Server

SHAPE = {
    *(
        "id",
        "conversation_id",
        "provider",
        "style",
        "status",
        "reason",
        "error",
        "ended_by",
        "initiator",
        "attempt",
    ),
    *("attempts", "agent", "queue", "inactivity_count", "digest", "rating"),
    *("requested_at", "queued_at", "active_at", "ended_at"),
}


@pytest.fixture
async def chat(server: Server) -> str:
    """The id of a conversation."""
    return (await server.conversation(id="c1"))["id"]


async def request(server: Server, conversation_id: str, query: str = "", **body: Any) -> Answer:
    """Ask for a human."""
    return await server.call("POST", f"/v1/conversations/{conversation_id}/handovers{query}", body)


async def test_ask_and_read(server: Server, chat: str) -> None:
    """A request answers 201 with the contract's shape; the floor is the human's from then on."""
    made = await request(server, chat, epoch=1, reason="wants a person", id="h1")
    assert made.status == 201
    assert set(made.body) == SHAPE
    assert (made.body["id"], made.body["provider"], made.body["initiator"]) == ("h1", "support", "bot")
    state = (await server.call("GET", f"/v1/conversations/{chat}")).body
    assert (state["floor"], state["epoch"], state["handover_id"]) == ("human", 2, "h1")
    assert (await server.call("GET", "/v1/handovers/h1")).body["id"] == "h1"


async def test_waiting_for_acceptance(server: Server, chat: str) -> None:
    """`wait_s` holds the answer until the handover left `requested`."""
    made = await request(server, chat, "?wait_s=10", initiator="user", provider="log")
    assert made.status == 201
    assert made.body["status"] == "transferred"
    assert made.body["reason"] == "logged"
    assert (await request(server, chat, "?wait_s=31", initiator="user")).status == 422


async def test_one_open_handover(server: Server, chat: str) -> None:
    """A second request is refused with the id of the first; after its end the next works."""
    first = await server.handover(chat, settings={"limits": {"queue_s": 0}})
    second = await request(server, chat, initiator="user")
    assert (second.status, second.code, second.body["handover_id"]) == (409, "handover_open", first["id"])
    await server.call("POST", f"/v1/handovers/{first['id']}/cancel")
    assert (await request(server, chat, initiator="user")).status == 201


async def test_order_of_checks(server: Server, chat: str) -> None:
    """404, known id, 422, handover_open, stale_epoch: the first that applies is the answer."""
    made = await request(server, chat, id="h1", epoch=1)
    assert made.status == 201
    assert (await request(server, "nobody", id="h1", provider=5)).code == "not_found"
    assert (await request(server, chat, id="h1", provider=5)).code == "id_reused"
    again = await request(server, chat, id="h1", epoch=9)
    assert (again.status, again.body["id"]) == (200, "h1")
    assert (await request(server, chat, id="h1")).status == 200
    assert (await request(server, chat)).code == "invalid"
    assert (await request(server, chat, provider="nobody", epoch=1)).code == "invalid"
    assert (await request(server, chat, epoch=1)).code == "handover_open"
    await server.call("POST", "/v1/handovers/h1/cancel")
    assert (await request(server, chat, epoch=1)).code == "stale_epoch"


async def test_an_id_belongs_to_one_conversation(server: Server, chat: str) -> None:
    """The same id and body for another conversation is another request."""
    await request(server, chat, id="h1", epoch=1)
    other = (await server.conversation(id="c2"))["id"]
    assert (await request(server, other, id="h1", epoch=1)).code == "id_reused"


async def test_the_same_id_fifty_times_at_once(server: Server, chat: str) -> None:
    """Of fifty equal requests at the same time one creates."""
    answers = await asyncio.gather(*(request(server, chat, id="h1", epoch=1) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] * 49 + [201]


@pytest.mark.parametrize(("verb", "status"), [("cancel", "cancelled"), ("close", "cancelled")])
async def test_ending(server: Server, chat: str, verb: str, status: str) -> None:
    """Cancel and close end a waiting handover; again they change nothing."""
    made = await server.handover(chat)
    ended = await server.call("POST", f"/v1/handovers/{made['id']}/{verb}")
    assert (ended.status, ended.body["status"]) == (200, status)
    again = await server.call("POST", f"/v1/handovers/{made['id']}/{verb}")
    assert (again.status, again.body["status"], again.body["ended_at"]) == (
        200,
        status,
        ended.body["ended_at"],
    )


async def test_close_by_operator(server: Server, chat: str) -> None:
    """An operator's close has the system as its end."""
    made = await server.handover(chat)
    ended = await server.call("POST", f"/v1/handovers/{made['id']}/close", {"by": "operator"})
    assert (ended.body["reason"], ended.body["ended_by"]) == ("bot_closed", "system")


async def test_return_of_a_transfer(server: Server, chat: str) -> None:
    """After a transfer the floor stays human until the conversation returns; again without effect."""
    made = (await request(server, chat, "?wait_s=10", initiator="user", provider="log")).body
    assert (await server.call("GET", f"/v1/conversations/{chat}")).body["floor"] == "human"
    for _ in range(2):
        answer = await server.call("POST", f"/v1/handovers/{made['id']}/return")
        assert (answer.status, answer.body["status"]) == (200, "transferred")
        state = (await server.call("GET", f"/v1/conversations/{chat}")).body
        assert (state["floor"], state["epoch"], state["handover_id"]) == ("bot", 3, None)


async def test_rating(server: Server, chat: str) -> None:
    """A rating is 1 to 5 with a comment."""
    made = await server.handover(chat)
    await server.call("POST", f"/v1/handovers/{made['id']}/cancel")
    path = f"/v1/handovers/{made['id']}/rating"
    for wrong in ({"score": 0}, {"score": 6}, {"score": "5"}, {"score": 2.5}, {}):
        assert (await server.call("POST", path, wrong)).status == 422
    rated = await server.call("POST", path, {"score": 4, "comment": "quick"})
    assert (rated.status, rated.body["rating"]) == (200, {"score": 4, "comment": "quick"})


@pytest.mark.parametrize("verb", ["cancel", "close", "return", "rating"])
async def test_unknown_handovers(server: Server, verb: str) -> None:
    """An unknown handover is 404 before the body is judged."""
    answer = await server.call("POST", f"/v1/handovers/nobody/{verb}", {"nonsense": 1})
    assert (answer.status, answer.code) == (404, "not_found")
    assert (await server.call("GET", "/v1/handovers/nobody/proof")).status == 404
    assert (await server.call("GET", "/v1/handovers/nobody/explain")).status == 404


async def test_list_with_filters(server: Server) -> None:
    """Lists filter by status, provider, channel, conversation and time."""
    ids: list[str] = []
    for number in range(3):
        chat = (await server.conversation())["id"]
        ids.append((await server.handover(chat, id=f"h{number}"))["id"])
    await server.call("POST", "/v1/handovers/h0/cancel")

    async def found(query: str) -> set[str]:
        return {one["id"] for one in (await server.call("GET", f"/v1/handovers?{query}")).body["items"]}

    assert await found("") == set(ids)
    assert await found("status=cancelled") == {"h0"}
    assert await found("status=cancelled,queued,requested") == set(ids)
    assert await found("provider=support&channel=api") == set(ids)
    assert await found("provider=log") == set()
    assert await found("from=2000-01-01&to=2000-01-02T00:00:00Z") == set()
    assert await found("from=2000-01-01") == set(ids)
    for wrong in ("status=lost", "from=yesterday", "cursor=!"):
        assert (await server.call("GET", f"/v1/handovers?{wrong}")).status == 422


async def test_proof_and_explain(server: Server, chat: str) -> None:
    """The proof counts what was accepted; the explanation tells it in sentences."""
    made = await server.handover(chat)
    await server.said(chat, text="are you there?")
    proof = (await server.call("GET", f"/v1/handovers/{made['id']}/proof")).body
    assert set(proof["counts"]) == {"accepted", "delivered", "pending", "failed", "repeated", "misordered"}
    assert [item["direction"] for item in proof["items"]].count("to_agent") == 1
    story = (await server.call("GET", f"/v1/handovers/{made['id']}/explain")).body
    assert story["items"]
    assert all(item["text"] for item in story["items"])
    assert "are you there" not in str(story)


async def test_the_explanation_tells_no_secrets(server: Server, chat: str) -> None:
    """A reason that somebody wrote freely is told without the card number and the address in it."""
    made = await server.handover(chat, reason="card 4111 1111 1111 1111 of ada@example.org")
    story = str((await server.call("GET", f"/v1/handovers/{made['id']}/explain")).body)
    assert "[card]" in story
    assert "[email]" in story
    assert "4111" not in story


async def test_availability(server: Server) -> None:
    """Availability answers for a configured provider, and only for one; the nearest is named."""
    answer = await server.call("GET", "/v1/availability?provider=support&skills=billing,tax&language=nl")
    assert answer.status == 200
    assert answer.body["open"] is False
    assert (await server.call("GET", "/v1/availability?provider=log")).status == 200
    assert (await server.call("GET", "/v1/availability")).code == "invalid"
    refused = await server.call("GET", "/v1/availability?provider=suport")
    assert (refused.code, 'did you mean "support"?' in refused.body["detail"]) == ("invalid", True)


async def test_settings_are_checked(server: Server, chat: str) -> None:
    """Wrong settings are named; a template that is broken is refused before anything happens."""
    answer = await request(server, chat, epoch=1, settings={"limits": {"queue_s": "long"}, "fallbak": []})
    assert {error["path"] for error in answer.body["errors"]} == {
        "settings.limits.queue_s",
        "settings.fallbak",
    }
    assert (await server.call("GET", f"/v1/conversations/{chat}")).body["floor"] == "bot"


async def test_a_routing_key_that_nobody_knows_is_refused(server: Server, chat: str) -> None:
    """A slip of the pen in `route` is named, not left out; who only records has no use for any key."""
    answer = await request(server, chat, epoch=1, settings={"route": {"skilz": ["tax"], "priority": "low"}})
    assert answer.body["errors"] == [
        {"path": "settings.route.skilz", "detail": "is not known here; did you mean `skills`?"}
    ]
    made = await request(
        server,
        chat,
        epoch=1,
        provider="log",
        settings={"route": {"skills": ["tax"]}, "fallback": ["support"]},
    )
    assert made.status == 201, made
