"""The TwoWay format: read leniently, written exactly, posted over real HTTP."""

import json
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, strategies as st

from openhandover.cm import twoway
from openhandover.cm.settings import Account
from openhandover.cm.twoway import Envelope, Event, Item
from openhandover.core.errors import (
    NotJsonError,
    PayloadError,
    ProviderAuthError,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    SessionGone,
)
from openhandover.core.settings import Secret
from openhandover.net.client import HttpClient
from tests.net.loopback import serving

ADAPTER = "aaaaaaaa-0000-4000-8000-000000000001"
CHAT = {
    "id": "chat-1",
    "sessionId": "session-1",
    "accountId": "link-1",
    "channel": "CXWebConversations",
    "conversationClientId": "user-1",
    "conversationHostId": "host-1",
    "conversationClientName": "Ada",
}
TEXT = {
    "$type": "text",
    "id": "m1",
    "direction": "ClientOriginated",
    "createdOn": "2026-01-31T12:00:00Z",
    "text": "Hello",
}


def body(*messages: dict[str, Any], **more: Any) -> bytes:
    """What the Router posts."""
    return json.dumps({"chat": CHAT, "conversationMessages": list(messages), **more}).encode()


def account(url: str, **more: Any) -> Account:
    """An account whose Router is at this address."""
    token = Secret("token-of-the-product")
    return Account(technical_link_id="link/1", product_token=token, base_url=url, adapter_id=ADAPTER, **more)


def test_a_text_is_read_with_all_that_is_told_of_its_chat() -> None:
    """Chat, session, user and business come from `chat`; the message has our words for its direction."""
    envelope = twoway.decode(body(TEXT, targetAdaptersInfo=[{"adapterId": "x"}]))
    assert (envelope.chat_id, envelope.session_id, envelope.account_id) == ("chat-1", "session-1", "link-1")
    assert (envelope.channel, envelope.client_id, envelope.host_id) == (
        "CXWebConversations",
        "user-1",
        "host-1",
    )
    assert envelope.client_name == "Ada"
    assert envelope.items == (Item("text", "m1", "from_user", "2026-01-31T12:00:00Z", "Hello", TEXT),)
    assert envelope.raw["targetAdaptersInfo"] == [{"adapterId": "x"}]


@pytest.mark.parametrize("kind", ["text", "Text", "TEXT"])
@pytest.mark.parametrize("key", ["text", "Text"])
def test_names_are_read_in_any_case(kind: str, key: str) -> None:
    """`$type` and property names are found whatever their case."""
    raw = {"$Type": kind, "ID": "m1", "Direction": "clientoriginated", key: "Hello"}
    envelope = twoway.decode(json.dumps({"Chat": {"Id": "c"}, "ConversationMessages": [raw]}).encode())
    assert (envelope.chat_id, envelope.items[0].kind, envelope.items[0].text) == ("c", "text", "Hello")


def test_an_unknown_type_is_kept_as_it_came_and_can_be_read() -> None:
    """What is not a text keeps every field; a person reads its kind, its words and its addresses."""
    raw = {
        "$type": "Media",
        "id": "m2",
        "direction": "ClientOriginated",
        "media": {"uri": "https://cdn.example/cat.jpg", "mediaName": "cat.jpg", "size": 12, "hash": "abc"},
        "caption": "my 🐈",
    }
    item = twoway.decode(body(raw)).items[0]
    assert (item.kind, item.text, item.raw) == ("media", None, raw)
    assert twoway.readable(item) == "[media] https://cdn.example/cat.jpg cat.jpg my 🐈"


def test_a_message_that_is_nested_very_deep_can_be_shown() -> None:
    """Its surface is read; the reader does not drown in it."""
    item = twoway.decode(nested(100)).items[0]
    assert twoway.readable(item) == "[x] top"


@pytest.mark.parametrize("levels", [101, 900, 100_000])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_message_that_is_nested_deeper_than_is_kept_is_refused(levels: int, bom: bytes) -> None:
    """As any body from outside: what cannot be walked through would hide every list that it is in."""
    with pytest.raises(NotJsonError, match="at most 100 levels"):
        twoway.decode(bom + nested(levels))


def nested(levels: int) -> bytes:
    """A call with one message, of so many levels in all."""
    within = levels - 4  # the body, its list, the message, its top
    deep = '{"name":"top","a":' + '{"a":' * within + '"https://far/down"' + "}" * (within + 1)
    message = f'{{"$type":"x","direction":"ClientOriginated","deep":{deep}}}'
    return f'{{"chat":{{"id":"c"}},"conversationMessages":[{message}]}}'.encode()


def test_a_message_that_tells_nothing_is_still_there_for_a_reader() -> None:
    """Even without a readable field the reader sees that something came."""
    item = twoway.decode(body({"$type": "location", "direction": "ClientOriginated", "lat": 52.1})).items[0]
    assert twoway.readable(item) == "[location]"


def test_a_message_without_id_gets_the_same_one_when_it_is_repeated() -> None:
    """Content and time stand for the id; without a time two equal messages may be two, so there is none."""
    nameless = {name: value for name, value in TEXT.items() if name != "id"}
    first, again = (twoway.decode(body(nameless)).items[0].id for _ in range(2))
    other = twoway.decode(body({**nameless, "createdOn": "2026-01-31T12:00:01Z"})).items[0].id
    timeless = {name: value for name, value in nameless.items() if name != "createdOn"}
    assert first == again != other
    assert twoway.decode(body(timeless)).items[0].id == ""


def test_events_are_read_beside_messages() -> None:
    """Conversation events keep their kind and everything in them."""
    event = {"$type": "RouterSessionEnded", "id": "e1", "createdOn": "2026-01-31T12:00:00Z", "x": 1}
    envelope = twoway.decode(body(conversationEvents=[event]))
    assert envelope.events == (Event("routersessionended", "e1", "2026-01-31T12:00:00Z", event),)


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "object"),
        (b"{}", "chat"),
        (b'{"chat":{}}', "chat.id"),
        (b'{"chat":{"id":true}}', "chat.id"),
        (b'{"chat":{"id":"c"},"conversationMessages":{}}', "conversationMessages"),
        (b'{"chat":{"id":"c"},"conversationMessages":[1]}', r"conversationMessages\[0\]"),
        (b'{"chat":{"id":"c"},"conversationMessages":[{}]}', r"\[0\].\$type"),
        (b'{"chat":{"id":"c"},"conversationMessages":[{"$type":"text"}]}', r"\[0\].direction"),
        (
            b'{"chat":{"id":"c"},"conversationMessages":[{"$type":"text","direction":"ClientOriginated"}]}',
            r"\[0\].text",
        ),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_cannot_be_read_says_where(raw: bytes, where: str) -> None:
    """Each wrong body is refused with the place of the fault."""
    with pytest.raises(PayloadError, match=where):
        twoway.decode(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
names = st.sampled_from(
    ["chat", "id", "conversationMessages", "conversationEvents", "$type", "direction", "text", "Text"]
)
near = st.recursive(
    json_values | st.sampled_from(["text", "ClientOriginated", "c"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)


@given(st.binary() | near.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_it_fail_otherwise(raw: bytes) -> None:
    """Whatever comes is read, or refused as a payload; what is read can be shown to a person."""
    try:
        envelope = twoway.decode(raw)
    except PayloadError:
        return
    assert all(isinstance(twoway.readable(item), str) for item in envelope.items)


@given(st.text(), st.text(min_size=1), st.dictionaries(st.text(), st.text()))
def test_what_is_written_is_read_back(text: str, chat_id: str, more: dict[str, str]) -> None:
    """Any text and any id survive; `text` is in lower case on the wire and stands there once."""
    item = Item("text", "m1", "to_user", "2026-01-31T12:00:00Z", text, more)
    written = twoway.encode(Envelope(chat_id=chat_id, account_id="a", channel="SMS", items=(item,)))
    message = json.loads(written)["conversationMessages"][0]
    assert [name for name in message if name.lower() == "text"] == ["text"]
    read = twoway.decode(written)
    assert (read.chat_id, read.items[0].text, read.items[0].direction) == (chat_id, text, "to_user")


def test_a_message_of_another_type_is_written_as_it_was_given() -> None:
    """Fields that we know nothing of go out untouched, with id and direction of ours."""
    raw = {"$type": "media", "media": {"url": "https://x"}, "Direction": "ClientOriginated"}
    item = Item("media", "m1", "to_user", raw=raw)
    written = json.loads(twoway.encode(Envelope(chat_id="c", items=(item,), events=(Event("seen", "e1"),))))
    assert written["conversationMessages"] == [
        {"$type": "media", "direction": "ClientTerminated", "id": "m1", "media": {"url": "https://x"}}
    ]
    assert written["conversationEvents"] == [{"$type": "seen", "id": "e1"}]


async def posted(status: int, answer: bytes, **more: Any) -> tuple[Any, list[tuple[str, str, Any]]]:
    """What a post to a Router that answers so comes to, and what the Router saw."""
    seen: list[tuple[str, str, Any]] = []

    async def router(request: web.Request) -> web.Response:
        seen.append((request.path_qs, request.headers["X-Cm-Producttoken"], await request.json()))
        return web.Response(status=status, body=answer)

    item = Item("text", "", "to_user", "2026-01-31T12:00:00Z", "Hi 👋 שלום")
    envelope = Envelope(chat_id="c", account_id="link/1", channel="SMS", items=(item, item))
    async with serving(router) as origin, HttpClient() as http:
        try:
            return await twoway.post(http, account(origin, **more), envelope, "c1:7"), seen
        except ProviderError as error:
            return error, seen


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_post_goes_to_the_adapter_and_brings_the_chat_id(version: str) -> None:
    """Address and token are the account's; the chat's id is the one that the Router derived."""
    answer = b'{"chat":{"id":"derived","sessionId":null},"message":"ok"}'
    chat_id, seen = await posted(201, answer, twoway_version=version)
    path, token, sent = seen[0]
    assert chat_id == "derived"
    assert path == f"/conversational/twoway/{version}/accounts/link%2F1/adapters/{ADAPTER}"
    assert token == "token-of-the-product"
    assert sent["conversationMessages"][0]["text"] == "Hi 👋 שלום"


async def test_a_message_without_id_is_posted_under_the_key() -> None:
    """A retry with the same key repeats the same ids, each message has its own."""
    _, seen = await posted(201, b"{}")
    assert [message["id"] for message in seen[0][2]["conversationMessages"]] == ["c1:7", "c1:7:1"]


@pytest.mark.parametrize("answer", [b"", b"no json", b"[]", b'{"chat":null}', b'{"chat":{"id":null}}'])
async def test_an_answer_that_tells_no_chat_id_is_still_success(answer: bytes) -> None:
    """The Router has the message; that must not make it be repeated."""
    assert (await posted(201, answer))[0] == ""


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (400, ProviderRejected, "HTTP status 400"),
        (401, ProviderAuthError, "HTTP status 401; check `product_token`"),
        (
            403,
            ProviderAuthError,
            "HTTP status 403; the product token may not send by TwoWay for this account",
        ),
        (
            404,
            SessionGone,
            "HTTP status 404; the Router knows no such account, adapter or chat;"
            " check `technical_link_id` and `adapter_id`",
        ),
        (429, ProviderUnavailable, "HTTP status 429"),
        (500, ProviderUnavailable, "HTTP status 500"),
    ],
)
async def test_what_a_refusal_means(status: int, error: type[ProviderError], said: str) -> None:
    """Rejected for good, our credentials, a chat that is gone, or to be tried again; and what to look at."""
    refused = (await posted(status, b""))[0]
    assert (type(refused), refused.detail) == (error, said)
