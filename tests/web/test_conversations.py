"""Conversations over HTTP."""

import asyncio

import pytest

from tests.serving import Server

SHAPE = {
    *(
        "id",
        "channel",
        "bot",
        "medium",
        "language",
        "user",
        "context",
        "floor",
        "epoch",
        "seq",
        "handover_id",
    ),
    "created_at",
}


async def test_begin_and_read(server: Server) -> None:
    """A new conversation answers 201 with the contract's shape, and reads back the same."""
    user = {"id": "u1", "name": "Jo", "email": "jo@example.com", "attributes": {"vip": True}}
    made = await server.conversation(user=user, context={"order": 7}, language="nl")
    assert set(made) == SHAPE
    assert made["user"] == user
    assert (made["floor"], made["epoch"], made["seq"], made["handover_id"]) == ("bot", 1, 0, None)
    assert made["created_at"].endswith("Z")
    assert (await server.call("GET", f"/v1/conversations/{made['id']}")).body == made


async def test_the_same_request_again(server: Server) -> None:
    """Same id and same body: 200 with the conversation as it is now; another body: 409."""
    body = {"id": "c1", "channel": "api", "user": {"id": "u1"}}
    first = await server.call("POST", "/v1/conversations", body)
    await server.call("PATCH", "/v1/conversations/c1", {"language": "de"})
    again = await server.call("POST", "/v1/conversations", body)
    assert (first.status, again.status) == (201, 200)
    assert again.body["language"] == "de"
    other = await server.call("POST", "/v1/conversations", {**body, "language": "fr"})
    assert (other.status, other.code) == (409, "id_reused")


async def test_a_known_id_comes_before_errors_in_the_body(server: Server) -> None:
    """An id that is known is answered as such even when the new body would be refused."""
    await server.conversation(id="c1")
    answer = await server.call("POST", "/v1/conversations", {"id": "c1", "channel": 5})
    assert (answer.status, answer.code) == (409, "id_reused")


async def test_a_refused_request_makes_no_id_known(server: Server) -> None:
    """After a refusal the same id can be used."""
    refused = await server.call(
        "POST", "/v1/conversations", {"id": "c1", "channel": "nope", "user": {"id": "u"}}
    )
    assert (refused.status, refused.code) == (422, "invalid")
    assert refused.body["errors"][0]["path"] == "channel"
    assert (await server.conversation(id="c1"))["id"] == "c1"


@pytest.mark.parametrize(
    ("body", "path", "mend"),
    [
        ({"channel": "aip"}, "channel", 'did you mean "api"?'),
        ({"channel": "api", "bot": "main"}, "bot", "none is defined"),
    ],
)
async def test_a_name_that_is_not_configured_is_answered_with_those_that_are(
    server: Server, body: dict[str, str], path: str, mend: str
) -> None:
    """Who misspells a channel or a bot reads which there are."""
    refused = await server.call("POST", "/v1/conversations", body | {"user": {"id": "u"}})
    assert [error["path"] for error in refused.body["errors"]] == [path]
    assert mend in refused.body["errors"][0]["detail"]


async def test_the_same_id_fifty_times_at_once(server: Server) -> None:
    """Of fifty equal requests at the same time one creates, the others find."""
    body = {"id": "c1", "channel": "api", "user": {"id": "u1"}}
    answers = await asyncio.gather(*(server.call("POST", "/v1/conversations", body) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] * 49 + [201]


async def test_no_id_makes_a_new_one_each_time(server: Server) -> None:
    """Two equal requests without an id are two conversations."""
    assert (await server.conversation())["id"] != (await server.conversation())["id"]


async def test_a_given_transcript(server: Server) -> None:
    """What was said before gets seqs in order and fires no events."""
    said = [
        {"author": "user", "text": " hi ", "at": "2026-01-01T10:00:00Z"},
        {"author": "bot", "text": "Hello", "at": "2026-01-01T10:00:01+00:00", "name": "Robo"},
    ]
    made = await server.conversation(transcript=said)
    assert made["seq"] == 2
    messages = (await server.call("GET", f"/v1/conversations/{made['id']}/messages")).body["items"]
    assert [(one["seq"], one["author"], one["text"]) for one in messages] == [
        (1, "user", " hi "),
        (2, "bot", "Hello"),
    ]
    assert messages[0]["at"].startswith("2026-01-01T10:00:00")
    assert (await server.call("GET", f"/v1/conversations/{made['id']}/events")).body["items"] == []


async def test_list_and_page(server: Server) -> None:
    """Lists run from new to old, by user if asked, page by cursor, and end with null."""
    for number in range(5):
        await server.conversation(id=f"c{number}", user={"id": "many"})
    await server.conversation(id="other", user={"id": "one"})
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await server.call("GET", f"/v1/conversations?user_id=many&limit=2&cursor={cursor}")).body
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"] or ""
    assert sorted(seen) == [f"c{number}" for number in range(5)]
    assert cursor == ""
    assert len((await server.call("GET", "/v1/conversations")).body["items"]) == 6


async def test_change(server: Server) -> None:
    """PATCH changes what it names and leaves the rest."""
    made = await server.conversation(user={"id": "u1", "name": "Jo"}, context={"a": 1})
    changed = await server.call(
        "PATCH", f"/v1/conversations/{made['id']}", {"user": {"email": "jo@example.com"}, "language": "fr"}
    )
    assert changed.status == 200
    assert changed.body["user"] == {"id": "u1", "name": "Jo", "email": "jo@example.com"}
    assert (changed.body["language"], changed.body["context"]) == ("fr", {"a": 1})


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("typing", {"author": "user", "on": True}),
        ("presence", {"state": "disconnected"}),
        ("trigger", {"event": "hello"}),
    ],
)
async def test_signals(server: Server, what: str, body: dict[str, object]) -> None:
    """Typing, presence and trigger answer 202; an unknown conversation is 404 before the body is judged."""
    made = await server.conversation()
    assert (await server.call("POST", f"/v1/conversations/{made['id']}/{what}", body)).status == 202
    assert (await server.call("POST", f"/v1/conversations/{made['id']}/{what}", {})).status == 422
    missing = await server.call("POST", f"/v1/conversations/nobody/{what}", {})
    assert (missing.status, missing.code) == (404, "not_found")


async def test_trigger_while_a_human_has_the_floor(server: Server) -> None:
    """An event cannot reach the bot while a human has the floor."""
    made = await server.conversation()
    await server.handover(made["id"])
    answer = await server.call("POST", f"/v1/conversations/{made['id']}/trigger", {"event": "hello"})
    assert (answer.status, answer.code) == (409, "floor_taken")
