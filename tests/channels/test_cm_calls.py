"""What CM's Router calls: who is let in, and that nothing it sends is lost, repeated or answered wrong."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from .cm_router import CHAT, HEADER, OLD_SECRET, SECRET, House, body_of, house, text

SILENT = "    - ask: {text: 'Go on.', into: word}\n"


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncGenerator[House]:
    """A server whose bot says little."""
    async with house(tmp_path, flow=SILENT) as made:
        yield made


async def users_words(here: House) -> list[str]:
    """What users wrote, in order."""
    return [one["text"] for one in await here.messages() if one["author"] == "user"]


async def users_messages(here: House, count: int) -> list[dict[str, Any]]:
    """What users sent, once so many messages are shown: a file is looked at first."""

    def of_user(page: dict[str, Any]) -> list[dict[str, Any]]:
        return [one for one in page["items"] if one["author"] == "user"]

    (conversation,) = await here.conversations()
    path = f"/v1/conversations/{conversation['id']}/messages"
    return of_user(await here.server.until(path, lambda page: len(of_user(page)) == count))


@pytest.mark.parametrize("part", ["messages", "handover", "events"])
@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "sëcret-näme-wröng", "✓"])
async def test_a_call_without_the_secret_is_refused(here: House, part: str, secret: str | None) -> None:
    """401 on each route, whatever stands in the header; nothing of it is kept."""
    if secret == "✓":
        headers = {HEADER: "\xe2\x9c\x93"}
        answer = await here.server.call("POST", f"/channels/chat/{part}", {}, key=None, headers=headers)
    else:
        answer = await here.call(part, {"chat": CHAT, "conversationMessages": [text("x")]}, secret=secret)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert await here.conversations() == []


@pytest.mark.parametrize(("part", "status"), [("messages", 201), ("handover", 200), ("events", 200)])
@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
async def test_a_call_with_the_secret_is_answered_as_documented(
    here: House, part: str, status: int, secret: str
) -> None:
    """201 for messages, 200 for the others; while the secret is rotated the old one opens too."""
    assert (await here.call(part, {"chat": CHAT}, secret=secret)).status == status


async def test_only_channels_of_this_type_take_such_calls(tmp_path: Path) -> None:
    """Another channel and an unknown one are 404, with the right secret too."""
    more = "  other: {type: api}\n"
    async with house(tmp_path, channel=more) as here:
        for channel in ("other", "nobody"):
            assert (await here.call("messages", {}, channel=channel)).status == 404
        assert (await here.call("elsewhere", {})).status == 404


async def test_the_name_of_the_header_is_a_setting(tmp_path: Path) -> None:
    """With another name configured, ours opens nothing."""
    async with house(tmp_path, channel="    header: X-Of-My-Own") as here:
        body = {"chat": CHAT}
        own = await here.server.call(
            "POST", "/channels/chat/messages", body, key=None, headers={"x-of-my-own": SECRET}
        )
        assert (own.status, (await here.call("messages", body)).status) == (201, 401)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"chat":{"id":"c"},"conversationMessages":1}',
    ],
)
@pytest.mark.parametrize(("part", "status"), [("messages", 201), ("handover", 200), ("events", 200)])
async def test_what_cannot_be_read_is_counted_and_never_repeated(
    here: House, part: str, status: int, body: bytes
) -> None:
    """The Router repeats what is not answered 2xx for ever, so each of these is; the count shows it."""
    answer = await here.call(part, body)
    counts = [await here.counted(part, result) for result in ("unreadable", "unknown", "empty")]
    assert (answer.status, sum(counts)) == (status, 1)


async def test_a_body_over_a_mebibyte_is_counted_and_never_repeated(here: House) -> None:
    """It is not read; the answer is 2xx all the same, and the next call is taken."""
    body = {"chat": CHAT, "conversationMessages": [text("x" * (1 << 20))]}
    assert (await here.call("messages", body)).status == 201
    assert await here.counted("messages", "refused") == 1
    await here.says("after")
    assert await users_words(here) == ["after"]


async def test_a_message_of_nearly_a_mebibyte_arrives_in_parts(here: House) -> None:
    """A text over our limit is cut between characters; together the parts are what was written."""
    long = "🐈שלום" * 60_000
    body = json.dumps({"chat": CHAT, "conversationMessages": [text(long)]}, ensure_ascii=False).encode()
    assert len(body) < 1 << 20
    assert (await here.call("messages", body)).status == 201
    words = await users_words(here)
    assert "".join(words) == long
    assert max(len(word.encode()) for word in words) <= 32_768
    assert (await here.call("messages", body)).status == 201
    assert await here.counted("messages", "repeated") == 1


@pytest.mark.parametrize(
    "word", ["👩‍👩‍👧 done", "مرحبا \u200f(٣)", 'quotes " \\ and {{ braces }}', " spaces\n\tkept "]
)
async def test_any_script_arrives_as_it_was_written(here: House, word: str) -> None:
    """Emoji, right-to-left text and spaces are not changed."""
    await here.says(word)
    assert await users_words(here) == [word]


async def test_a_repeated_call_has_one_effect(here: House) -> None:
    """The Router repeats a call whose answer it missed: each message counts once, also without an id of its own."""
    nameless = {name: value for name, value in text("second").items() if name != "id"}
    body = {"chat": CHAT, "conversationMessages": [text("first"), nameless]}
    for _ in range(3):
        assert (await here.call("messages", body)).status == 201
    assert await users_words(here) == ["first", "second"]
    assert [await here.counted("messages", result) for result in ("taken", "repeated")] == [1, 2]


async def test_calls_that_come_at_once_have_one_effect_each(here: House) -> None:
    """Twenty copies of a chat's first message and nineteen others, all at the same moment: each is there once."""
    first = {"chat": CHAT, "conversationMessages": [text("first")]}
    others = [{"chat": CHAT, "conversationMessages": [text(f"other {n}")]} for n in range(19)]
    answers = await asyncio.gather(*(here.call("messages", body) for body in [first] * 20 + others))
    assert {answer.status for answer in answers} == {201}
    assert sorted(await users_words(here)) == sorted(["first", *(f"other {n}" for n in range(19))])


async def test_equal_messages_with_nothing_to_tell_them_apart_are_two(here: House) -> None:
    """Without id and time a second "yes" may be meant: it is better twice than lost."""
    bare = {"$type": "text", "direction": "ClientOriginated", "text": "yes"}
    for _ in range(2):
        await here.call("messages", {"chat": CHAT, "conversationMessages": [bare]})
    assert await users_words(here) == ["yes", "yes"]


async def test_one_id_is_one_message_whatever_it_says(here: House) -> None:
    """A message that comes again with other words keeps the first ones."""
    await here.call("messages", {"chat": CHAT, "conversationMessages": [text("one", id="same")]})
    again = await here.call("messages", {"chat": CHAT, "conversationMessages": [text("two", id="same")]})
    assert again.status == 201
    assert await users_words(here) == ["one"]


@pytest.mark.parametrize("given", ["x" * 500, "with\nbreak", " leading"])
async def test_an_awkward_id_is_still_an_id(here: House, given: str) -> None:
    """Ids that ours cannot be made of tell repetitions apart all the same."""
    for _ in range(2):
        await here.call("messages", {"chat": CHAT, "conversationMessages": [text("x", id=given)]})
    assert await users_words(here) == ["x"]


async def test_our_own_direction_is_no_message_of_the_user(here: House) -> None:
    """What is marked as said to the user is not taken, and what stands beside it is."""
    own = text("from the bot", direction="ClientTerminated")
    await here.call("messages", {"chat": CHAT, "conversationMessages": [own]})
    assert (await here.conversations(), await here.counted("messages", "own")) == ([], 1)
    await here.call("messages", {"chat": CHAT, "conversationMessages": [own, text("from the user")]})
    assert await users_words(here) == ["from the user"]


async def test_what_is_no_text_is_described_and_kept(here: House) -> None:
    """A type that CM documents nowhere becomes words; the message as it came is in its metadata."""
    raw = text("", **{"$type": "Media", "media": {"url": "https://cdn.example/a.jpg", "name": "a.jpg"}})
    await here.call("messages", {"chat": CHAT, "conversationMessages": [raw, text("")]})
    message, empty = [one for one in await here.messages() if one["author"] == "user"]
    assert message["text"] == "[media] https://cdn.example/a.jpg a.jpg"
    assert message["metadata"] == {"cm": raw}
    assert empty["text"] == "[text]"


async def test_a_message_that_is_nested_very_deep_is_kept(here: House) -> None:
    """It can be stored, shown and delivered like any other, or it is refused; the next one is taken either way."""
    for depth in (100, 700, 900):
        nested = '{"a":' * depth + "1" + "}" * depth
        message = f'{{"$type":"x","id":"{depth}","direction":"ClientOriginated","deep":{nested}}}'
        body = f'{{"chat":{json.dumps(CHAT)},"conversationMessages":[{message}]}}'
        assert (await here.call("messages", body.encode())).status == 201
    await here.says("after")
    assert (await users_words(here))[-1] == "after"


TYPES = """
    message_types:
      location: {text: "I am at {{ latitude }}, {{ longitude }}"}
      Image: {text: "{{ caption }}", url: "{{ image.link }}", name: "{{ image.file }}", content_type: image/png}
"""


async def test_a_type_is_read_as_the_configuration_says(tmp_path: Path) -> None:
    """Templates over the message make its text and its file; where they make nothing it is described."""
    async with house(tmp_path, flow=SILENT, channel=TYPES) as here:
        place = text("", **{"$type": "Location", "latitude": 52.1, "longitude": 4.3})
        image = text(
            "",
            **{"$type": "image", "caption": "my 🐈", "image": {"link": "http://127.0.0.1:9/a", "file": "a"}},
        )
        bare = text("", **{"$type": "image", "title": "nothing inside"})
        await here.call("messages", {"chat": CHAT, "conversationMessages": [place, image, bare]})
        found = await users_messages(here, 3)
        assert [one["text"] for one in found] == ["I am at 52.1, 4.3", "my 🐈", "[image] nothing inside"]
        assert [[file["url"] for file in one["attachments"]] for one in found] == [
            [],
            ["http://127.0.0.1:9/a"],
            [],
        ]


async def test_a_file_where_files_are_not_taken_is_told_in_words(tmp_path: Path) -> None:
    """The message comes without its file, which is named and linked in the text."""
    async with house(tmp_path, flow=SILENT, channel=TYPES + "    attachments: never\n") as here:
        image = text(
            "", **{"$type": "image", "caption": "cat", "image": {"link": "http://127.0.0.1:9/a", "file": "a"}}
        )
        await here.call("messages", {"chat": CHAT, "conversationMessages": [image]})
        assert [one["text"] for one in await users_messages(here, 1)] == ["cat\na\nhttp://127.0.0.1:9/a"]


@pytest.mark.parametrize("context", ["", " ", '{"RoutingKeywords":"x"}'])
async def test_the_notice_of_a_handover_is_counted_and_says_nothing_of_a_human(
    here: House, context: str
) -> None:
    """Also as the invalid JSON that an empty context makes; no event of the conversation comes of it."""
    await here.says("hello")
    (conversation,) = await here.conversations()
    body = f'{{"chatId":"chat-1","sessionId":"session-1","channel":"WhatsApp","context":{context}}}'
    assert (await here.call("handover", body.encode())).status == 200
    events = (await here.server.call("GET", f"/v1/conversations/{conversation['id']}/events")).body["items"]
    assert await here.counted("handover", "noticed") == 1
    assert {one["type"].partition(".")[0] for one in events} == {"message"}


async def test_a_store_that_cannot_take_it_makes_the_router_come_again(here: House) -> None:
    """This is the one case that is no 2xx: the message would be lost otherwise."""
    await here.server.engine.store.stop()
    assert (await here.says("hello")).status >= 500


async def test_unknown_chats_are_answered_too(here: House) -> None:
    """A notice or an end for a chat that we never had is counted."""
    for part in ("handover", "events"):
        answer = await here.call(part, {"chatId": "never", "$type": "RouterSessionEnded"})
        assert (answer.status, await here.counted(part, "unknown")) == (200, 1)


async def test_no_secret_and_no_text_is_logged(here: House, capfd: pytest.CaptureFixture[str]) -> None:
    """Calls that fail in each way leave neither in the log."""
    here.cm.faults.fail_next(400, endpoint="twoway")
    await here.says("my private words")
    await here.posted()
    await here.call("messages", b'{"my private words": "')
    await here.call("messages", {}, secret=SECRET + "-but-wrong")
    logged = "".join(capfd.readouterr())
    assert "cm_unreadable" in logged
    for secret in ("private words", SECRET, here.cm.account.product_token):
        assert secret not in logged


async def test_what_goes_out_names_chat_user_and_business(here: House) -> None:
    """Every required property of the envelope is there, in CM's own casing."""
    await here.says("hello")
    (sent,) = await here.posted()
    expected: dict[str, Any] = {name: CHAT[name] for name in CHAT if name != "conversationClientName"}
    message = sent["conversationMessages"][0]
    assert sent["chat"] == expected
    assert (message["$type"], message["direction"], message["text"]) == ("text", "ClientTerminated", "Go on.")
    assert body_of(here.cm.requests_to("twoway")[0]) == sent
