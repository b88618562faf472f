"""Every type of text handover x its fields x (present, missing, empty, wrong): the request on the wire, or the error.

The tables of the handover step's types are the specification; each row is one handover asked for at a real server,
with a recorder in the Router's place.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.providers.cm_router import (
    ACCOUNT,
    BOT_ADAPTER,
    CHANNEL_ADAPTER,
    CHAT,
    CUT,
    DESK_ADAPTER,
    JOIN,
    TOKEN,
    WITHOUT_BOT,
    RecordingRouter,
    recording,
)
from tests.serving import KEY, Server, running_server

CONFIG = """
api: {{keys: [{{name: all, key: {key}, scopes: [conversations, handovers, analytics]}}]}}
languages: {{default: en, supported: [en]}}
channels: {{api: {{type: api}}}}
providers:
  msc: {{type: cm_msc, {connection}, bot_adapter: {bot}}}
  market: {{type: cm_marketplace, {connection}, bot_adapter: {bot}}}
  log: {{type: logging}}
"""
CONNECTION = "technical_link_id: {account}, product_token: {token}, base_url: '{url}'"

MSC: dict[str, Any] = {
    "messaging_adapter": CHANNEL_ADAPTER,
    "user_name": "Ada Example",
    "user_email": "ada@example.org",
}
MARKET: dict[str, Any] = {"messaging_adapter": CHANNEL_ADAPTER, "marketplace_adapter": DESK_ADAPTER}
WHO = '{"name":"Ada Example","email":"ada@example.org"}'
CONTEXT = {"RoutingKeywords": "", "CustomerInfo": WHO}

EMPTY = "is missing or empty"
NO_UUID = "is not the id of an adapter (a UUID)"
NO_TEXT = "should be a text"


class Row(NamedTuple):
    """A change of the route and what comes of it: the Context that is sent, or what the error says."""

    kind: str
    field: str
    variant: str
    change: Mapping[str, Any]
    expected: Mapping[str, str] | str


def required(kind: str, key: str, wrong: Mapping[str, tuple[Any, str]]) -> list[Row]:
    """The rows of a required key; that it is there is the baseline."""
    rows = [
        Row(kind, key, "missing", {key: ...}, f"`{key}` {EMPTY}"),
        Row(kind, key, "empty", {key: ""}, f"`{key}` {EMPTY}"),
        Row(kind, key, "blank", {key: "  "}, f"`{key}` {EMPTY}"),
        Row(kind, key, "null", {key: None}, f"`{key}` {EMPTY}"),
        Row(kind, key, "undefined variable", {key: "{{ nothing }}"}, f"`{key}` {EMPTY}"),
        Row(kind, key, "a map", {key: {"a": "b"}}, f"`{key}` {NO_TEXT}"),
        Row(kind, key, "a list", {key: ["a"]}, f"`{key}` {NO_TEXT}"),
    ]
    return rows + [
        Row(kind, key, name, {key: value}, f"`{key}` {said}") for name, (value, said) in wrong.items()
    ]


def optional(
    kind: str, key: str, present: Mapping[str, tuple[Any, Mapping[str, str]]], base: Mapping[str, str]
) -> list[Row]:
    """The rows of an optional key; missing and empty leave the baseline as it is."""
    gone = {"missing": ..., "empty": "", "null": None, "undefined variable": "{{ nothing }}"}
    rows = [Row(kind, key, name, {key: value}, base) for name, value in gone.items()]
    return rows + [Row(kind, key, name, {key: value}, base | more) for name, (value, more) in present.items()]


def who(**fields: str) -> dict[str, str]:
    """The CustomerInfo of a Context."""
    return {"CustomerInfo": json.dumps(fields, ensure_ascii=False, separators=(",", ":"))}


ADA = {"name": "Ada Example", "email": "ada@example.org"}
NOT_AN_ADAPTER = {"wrong": ("web-conversations", NO_UUID), "wrong length": (CHANNEL_ADAPTER + "0", NO_UUID)}
TABLE: list[Row] = [
    Row("msc", "all required", "present", {}, CONTEXT),
    *required("msc", "messaging_adapter", NOT_AN_ADAPTER),
    Row("msc", "messaging_adapter", "a template", {"messaging_adapter": " {{ _context.adapter }} "}, CONTEXT),
    *required("msc", "user_name", {}),
    Row(
        "msc", "user_name", "the user", {"user_name": "{{ user }}"}, CONTEXT | who(**ADA | {"name": "Grace"})
    ),
    Row("msc", "user_name", "a number", {"user_name": 7}, CONTEXT | who(**ADA | {"name": "7"})),
    Row(
        *("msc", "user_name", "quotes, backslashes, emoji, right to left"),
        {"user_name": '"Ada" \\ 👩‍💻 عائشة {{ "{{" }}'},
        CONTEXT | who(**ADA | {"name": '"Ada" \\ 👩‍💻 عائشة {{'}),
    ),
    *required("msc", "user_email", {}),
    Row(  # what is an address is the vendor's to say
        *("msc", "user_email", "not an address"),
        {"user_email": "ada"},
        CONTEXT | who(name="Ada Example", email="ada"),
    ),
    *optional("msc", "phone_number", {"present": ("+31 20 123", who(**ADA, phone="+31 20 123"))}, CONTEXT),
    Row("msc", "phone_number", "wrong", {"phone_number": ["1"]}, f"`phone_number` {NO_TEXT}"),
    *optional("msc", "webstore_referrer", {"present": ("shop-nl", {"WebStoreReferrer": "shop-nl"})}, CONTEXT),
    Row("msc", "webstore_referrer", "wrong", {"webstore_referrer": {}}, f"`webstore_referrer` {NO_TEXT}"),
    *optional(
        "msc",
        "routing_keywords",
        {
            "text": ("billing; vip", {"RoutingKeywords": "billing; vip"}),
            "a list": (
                ["billing", "{{ _context.adapter }}"],
                {"RoutingKeywords": f"billing,{CHANNEL_ADAPTER}"},
            ),
            "an empty list": ([], {"RoutingKeywords": ""}),
            "an empty one": (["", "billing"], {"RoutingKeywords": "billing"}),
        },
        CONTEXT,
    ),
    Row(
        *("msc", "routing_keywords", "wrong", {"routing_keywords": {"a": "b"}}),
        "`routing_keywords` should be a text or a list",
    ),
    *optional("msc", "profile", {"present": ("gold", {"MSCProfile": "gold"})}, CONTEXT),
    Row("msc", "profile", "wrong", {"profile": ["gold"]}, f"`profile` {NO_TEXT}"),
    *optional(
        "msc",
        "context",
        {
            "present": (
                {"order": 7, "vip": True, "none": None, "cart": [1]},
                {"order": "7", "vip": "true", "none": "", "cart": "[1]"},
            ),
            "does not replace ours": ({"CustomerInfo": "x", "RoutingKeywords": "y"}, {}),
        },
        CONTEXT,
    ),
    Row("msc", "context", "wrong", {"context": "order=7"}, "`context` should be a map"),
    Row("market", "all required", "present", {}, {}),
    *required("market", "messaging_adapter", NOT_AN_ADAPTER),
    *required("market", "marketplace_adapter", NOT_AN_ADAPTER),
    *optional(
        "market",
        "routing",
        {
            "text": ("queue-7", {"Routing": "queue-7"}),
            "a map": ({"queue": 7}, {"Routing": '{"queue":7}'}),
        },
        {},
    ),
    *optional(
        "market",
        "context",
        {"present": ({"order": "{{ 3 + 4 }}", "name": 'A "B"'}, {"order": "7", "name": 'A "B"'})},
        {},
    ),
    Row("market", "context", "wrong", {"context": ["a"]}, "`context` should be a map"),
]
BASE = {"msc": MSC, "market": MARKET}
MUTATIONS = {"msc": [CUT, WITHOUT_BOT], "market": [CUT, JOIN, WITHOUT_BOT]}


class Place(NamedTuple):
    """The server and the Router that it calls."""

    server: Server
    router: RecordingRouter


@pytest.fixture
async def place(tmp_path: Path) -> AsyncGenerator[Place]:
    """Both, running."""
    async with recording() as router:
        connection = CONNECTION.format(account=ACCOUNT, token=TOKEN, url=router.url)
        text = CONFIG.format(key=KEY, connection=connection, bot=BOT_ADAPTER)
        async with running_server(tmp_path, text) as server:
            yield Place(server, router)


async def handed_over(place: Place, kind: str, context: Mapping[str, Any], **settings: Any) -> dict[str, Any]:
    """The ended handover of a new conversation."""
    chat = await place.server.conversation(context=context, user={"id": "u1", "name": "Grace"})
    asked = await place.server.handover(chat["id"], provider=kind, settings=settings)
    return await place.server.until(f"/v1/handovers/{asked['id']}", lambda found: found["ended_at"])


async def texts(place: Place, handover: Mapping[str, Any]) -> list[str]:
    """What was said to the user."""
    answer = await place.server.call("GET", f"/v1/conversations/{handover['conversation_id']}/messages")
    return [message["text"] for message in answer.body["items"]]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.kind}-{row.field}-{row.variant}")
async def test_each_field_of_a_text_handover(place: Place, row: Row) -> None:
    """The whole request as it must be; or `configuration`, before anything was said and nothing was sent."""
    changed = BASE[row.kind] | row.change
    route = {key: value for key, value in changed.items() if value is not ...}
    context = {"chatId": CHAT, "adapter": CHANNEL_ADAPTER}
    ended = await handed_over(
        place, row.kind, context, route=route, message="One moment.", failure_message="Sorry."
    )
    if isinstance(row.expected, str):
        assert (ended["status"], ended["reason"]) == ("error", "configuration")
        assert row.expected in ended["error"]["message"]
        assert (place.router.sent, await texts(place, ended)) == ([], ["Sorry."])
        return
    assert (ended["status"], ended["reason"]) == ("transferred", "transferred"), ended
    (sent,) = place.router.sent
    path = f"/conversational/control/v1/accounts/{ACCOUNT}/chats/{CHAT}/routing/mutationrequests"
    assert (sent.method, sent.path) == ("POST", path)
    assert (sent.headers["x-cm-producttoken"], sent.headers["content-type"]) == (TOKEN, "application/json")
    assert sent.body == {"chatId": CHAT, "Context": row.expected, "mutations": MUTATIONS[row.kind]}
    assert await texts(place, ended) == ["One moment."]


@pytest.mark.parametrize("kind", ["msc", "market"])
@pytest.mark.parametrize("context", [{}, {"chatId": ""}, {"chatId": None}])
async def test_a_conversation_that_is_no_chat_of_the_router(
    place: Place, kind: str, context: dict[str, Any]
) -> None:
    """Without `chatId` there is nothing to hand over: `configuration`, before anything was said."""
    ended = await handed_over(
        place, kind, context, route=BASE[kind], message="One moment.", failure_message=""
    )
    assert (ended["status"], ended["reason"]) == ("error", "configuration")
    assert "chatId" in ended["error"]["message"]
    assert (place.router.sent, await texts(place, ended)) == ([], [])


@pytest.mark.parametrize("kind", ["msc", "market", "log"])
@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"message": "A person comes, {{ user }}."}, ["A person comes, Grace."]),
        ({"message": {"en": "A person comes.", "nl": "Er komt iemand."}}, ["A person comes."]),
        ({"message": ""}, []),
        ({"message": "{{ nothing }}"}, []),
    ],
    ids=["present", "per language", "empty", "renders empty"],
)
async def test_the_message_of_every_type(
    place: Place, kind: str, message: dict[str, Any], said: list[str]
) -> None:
    """The message is rendered, said once, and nothing else is."""
    ended = await handed_over(place, kind, {"chatId": CHAT}, route=BASE.get(kind, {}), **message)
    assert (ended["status"], ended["reason"]) == ("transferred", "logged" if kind == "log" else "transferred")
    assert await texts(place, ended) == said
    assert len(place.router.sent) == (kind != "log")


async def test_a_message_that_cannot_be_rendered_is_refused_at_once(place: Place) -> None:
    """No handover comes of it: the caller is told which part is wrong."""
    chat = await place.server.conversation(context={"chatId": CHAT})
    body = {"initiator": "user", "provider": "msc", "settings": {"route": MSC, "message": "{{ 1 / 'a' }}"}}
    answer = await place.server.call("POST", f"/v1/conversations/{chat['id']}/handovers", body)
    assert (answer.status, answer.code, place.router.sent) == (422, "invalid", [])


async def test_logging_takes_no_routing_keys_of_others_and_calls_nobody(place: Place) -> None:
    """The handover is recorded and counted, without a chat id and whatever the route says."""
    ended = await handed_over(place, "log", {}, route=MSC)
    assert (ended["status"], ended["reason"], ended["error"]) == ("transferred", "logged", None)
    assert place.router.sent == []
