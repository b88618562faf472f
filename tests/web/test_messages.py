"""Messages over HTTP."""

import asyncio
from typing import Any

import pytest

from tests.serving import Answer, Server


async def post(server: Server, conversation_id: str, **body: Any) -> Answer:
    """Post a message."""
    return await server.call("POST", f"/v1/conversations/{conversation_id}/messages", body)


@pytest.fixture
async def chat(server: Server) -> str:
    """The id of a conversation."""
    return (await server.conversation(id="c1"))["id"]


async def test_post_and_read(server: Server, chat: str) -> None:
    """A message answers 201 with its seq, and is read back in order."""
    first = await post(server, chat, author="user", text="one", metadata={"k": [1]})
    second = await post(
        server, chat, author="bot", text="two", epoch=1, buttons=[{"text": "Yes", "value": "y"}]
    )
    assert (first.status, second.status) == (201, 201)
    assert first.body["metadata"] == {"k": [1]}
    assert second.body["buttons"] == [{"text": "Yes", "value": "y"}]
    items = (await server.call("GET", f"/v1/conversations/{chat}/messages")).body["items"]
    assert [(one["id"], one["author"], one["text"]) for one in items] == [
        (first.body["id"], "user", "one"),
        (second.body["id"], "bot", "two"),
    ]
    assert items[0]["seq"] < items[1]["seq"]


async def test_pages(server: Server, chat: str) -> None:
    """`next` is the value for `after`, and null at the end."""
    for number in range(5):
        await server.said(chat, text=str(number))
    seen: list[str] = []
    after: int | None = 0
    pages = 0
    while after is not None:
        page = (await server.call("GET", f"/v1/conversations/{chat}/messages?after={after}&limit=2")).body
        seen += [one["text"] for one in page["items"]]
        after = page["next"]
        pages += 1
    assert seen == list("01234")
    assert pages == 3


@pytest.mark.parametrize(
    "text",
    ["  spaces  ", "\n\ttabs\r\n", "e\u0301 and \u00e9", "\u202eRTL", "<b>&amp;</b>", "\u0000", "🙂" * 100],
)
async def test_texts_stay_as_they_are(server: Server, chat: str, text: str) -> None:
    """Texts are neither trimmed nor normalised nor escaped."""
    await server.said(chat, text=text)
    items = (await server.call("GET", f"/v1/conversations/{chat}/messages")).body["items"]
    assert items[-1]["text"] == text


async def test_size_of_a_text(server: Server, chat: str) -> None:
    """A text of 32 kB passes, one byte more is 413; bytes count, not characters."""
    assert (await post(server, chat, author="user", text="x" * 32_768)).status == 201
    for text in ("x" * 32_769, "é" * 16_385):
        answer = await post(server, chat, author="user", text=text)
        assert (answer.status, answer.code) == (413, "too_large")


async def test_the_same_request_again(server: Server, chat: str) -> None:
    """Same id and body, `epoch` apart: 200 with the message as it is now; another body: 409; other author: new."""
    body: dict[str, Any] = {"id": "m1", "author": "bot", "text": "hi", "epoch": 1}
    first = await post(server, chat, **body)
    again = await post(server, chat, **{**body, "epoch": 7})
    without = await post(server, chat, id="m1", author="bot", text="hi")
    assert [first.status, again.status, without.status] == [201, 200, 200]
    assert again.body["seq"] == without.body["seq"] == first.body["seq"]
    other = await post(server, chat, **{**body, "text": "ho"})
    assert (other.status, other.code) == (409, "id_reused")
    assert (await post(server, chat, id="m1", author="user", text="hi")).status == 201


async def test_the_same_id_fifty_times_at_once(server: Server, chat: str) -> None:
    """Of fifty equal messages at the same time one is new, and one is stored."""
    answers = await asyncio.gather(*(post(server, chat, id="m1", author="user", text="x") for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] * 49 + [201]
    assert len({answer.body["seq"] for answer in answers}) == 1
    assert len((await server.call("GET", f"/v1/conversations/{chat}/messages")).body["items"]) == 1


async def test_order_of_checks(server: Server, chat: str) -> None:
    """401, 403, 404, known id, 422, stale_epoch, floor_taken: the first that applies is the answer."""
    await post(server, chat, id="known", author="bot", text="hi", epoch=1)
    await server.handover(chat)
    place = f"/v1/conversations/{chat}/messages"
    bad = {"id": "known", "author": "bot", "text": 5}
    assert (await server.call("POST", "/v1/conversations/no/messages", bad, key=None)).status == 401
    assert (
        await server.call("POST", "/v1/conversations/no/messages", bad, key="test-key-for-humans")
    ).status == 403
    assert (await server.call("POST", "/v1/conversations/no/messages", bad)).code == "not_found"
    assert (await server.call("POST", place, bad)).code == "id_reused"
    assert (await server.call("POST", place, {"id": "known", "author": "bot", "text": "hi"})).status == 200
    assert (await server.call("POST", place, {"author": "bot", "text": "hi"})).code == "invalid"
    assert (
        await server.call("POST", place, {"author": "bot", "text": "hi", "epoch": 1})
    ).code == "stale_epoch"
    assert (
        await server.call("POST", place, {"author": "bot", "text": "hi", "epoch": 2})
    ).code == "floor_taken"
    marked = {"author": "bot", "text": "hi", "epoch": 2, "to": "user"}
    assert (await server.call("POST", place, marked)).status == 201
    assert (await server.call("POST", place, {**marked, "epoch": 1})).code == "stale_epoch"


async def test_a_refused_message_makes_no_id_known(server: Server, chat: str) -> None:
    """After a stale epoch the same id with the right one is new."""
    assert (await post(server, chat, id="m1", author="bot", text="x", epoch=9)).code == "stale_epoch"
    assert (await post(server, chat, id="m1", author="bot", text="x", epoch=1)).status == 201


async def test_attachments(server: Server, chat: str) -> None:
    """A file replaces a text; it is named by exactly one of `url` and `upload_id`, and an upload must exist."""
    empty = await post(server, chat, author="user", text="")
    assert (empty.status, empty.body["errors"][0]["path"]) == (422, "text")
    for files in ([{}], [{"url": "https://a.example/x.png", "upload_id": "u"}], [{"upload_id": "nothing"}]):
        answer = await post(server, chat, author="user", attachments=files)
        assert answer.status == 422, files
        assert answer.body["errors"][0]["path"].startswith("attachments[0]")


async def test_messages_of_nobody(server: Server) -> None:
    """Reading or writing in an unknown conversation is 404."""
    assert (await server.call("GET", "/v1/conversations/nobody/messages")).code == "not_found"
    assert (await post(server, "nobody", author="user", text="x")).code == "not_found"
    assert (await post(server, "nobody", author="user", text=5)).code == "not_found"
