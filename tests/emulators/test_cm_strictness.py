"""What the emulated CM refuses: everything that its pages do not say it takes."""

import json
from typing import Any

import pytest

from openhandover.emulators.cm import CmEmulator
from openhandover.emulators.cm.account import BOT, OUTSIDE, WEB
from tests.emulators.cm import ACCOUNT, CUT, WITHOUT_BOT, calling, envelope

RULE = CUT[0]
BOT_RULE = {**RULE, "sourceAdapterId": WEB, "targetAdapterId": BOT}

WRONG_MUTATIONS: dict[str, Any] = {
    "no mutation": [],
    "not a list": {"$type": "disableComponent", "ComponentId": "CMBot"},
    "not an object": ["CMBot"],
    "unknown type": [{"$type": "enableComponent", "ComponentId": "CMBot"}],
    "type in another casing": [
        {"$type": "rulemutation", **{k: v for k, v in BOT_RULE.items() if k != "$type"}}
    ],
    "no type": [{"ComponentId": "CMBot"}],
    "unknown component": [{"$type": "disableComponent", "ComponentId": "cmbot"}],
    "unknown property": [{**BOT_RULE, "reason": "because"}],
    "a property twice": [{**BOT_RULE, "Action": "Enable"}],
    "a component with an action": [
        {"$type": "disableComponent", "ComponentId": "CMBot", "action": "Disable"}
    ],
    "unknown action": [{**BOT_RULE, "action": "disable"}],
    "no operator": [{k: v for k, v in BOT_RULE.items() if k != "operator"}],
    "unknown operator": [{**BOT_RULE, "operator": "XOr"}],
    "no adapter": [{k: v for k, v in BOT_RULE.items() if not k.endswith("AdapterId")}],
    "an adapter that is no UUID": [{**BOT_RULE, "sourceAdapterId": "web"}],
    "an adapter that is empty": [{**BOT_RULE, "targetAdapterId": ""}],
    "an adapter of nobody": [{**BOT_RULE, "targetAdapterId": ACCOUNT}],
    "adapters without a rule": [{**BOT_RULE, "sourceAdapterId": OUTSIDE}],
}


@pytest.mark.parametrize("case", WRONG_MUTATIONS)
async def test_a_mutation_that_no_page_describes_is_refused_whole(case: str):
    """400, and nothing of the request is done: the chat stays with the bot."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat = cm.visitor("ada").says("hello")
        given = WRONG_MUTATIONS[case]
        mutations = [*WITHOUT_BOT, *given] if isinstance(given, list) and given else given
        status, answer = await caller.mutate(chat.id, mutations, {"RoutingKeywords": "billing"})
        assert (status, list(json.loads(answer))) == (400, ["error"])
        assert (chat.side, chat.off, chat.context) == ("bot", set(), {})


@pytest.mark.parametrize(
    "context",
    [
        "billing",
        {"RoutingKeywords": 7},
        {"RoutingKeywords": None},
        {"CustomerInfo": {"name": "Ada"}},
        {"CustomerInfo": "Ada"},
        {"CustomerInfo": '"Ada"'},
        {"CustomerInfo": '{"name":"Ada "the first""}'},
    ],
)
async def test_the_context_holds_texts_and_customer_info_holds_json(context: Any):
    """CustomerInfo is text with a JSON object inside; values spliced between quotes are not."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat = cm.visitor("ada").says("hello")
        assert (await caller.mutate(chat.id, CUT, context))[0] == 400
        assert chat.side == "bot"


async def test_property_names_count_in_any_casing():
    """The casing of the pages and that of tools in use are one."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat = cm.visitor("ada").says("hello")
        shouted = [{name.upper(): value for name, value in one.items()} for one in CUT]
        body = {"chatId": chat.id, "mutations": shouted, "CONTEXT": {"RoutingKeywords": ""}}
        path = f"/conversational/control/v1/accounts/{ACCOUNT}/chats/{chat.id}/routing/mutationrequests"
        assert (await caller.call("POST", path, body))[0] == 202
        assert (chat.side, chat.context) == ("waiting", {"RoutingKeywords": ""})


async def test_a_mutation_names_its_chat_and_only_known_things():
    """The body's ChatId is the address's; another property is refused."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat = cm.visitor("ada").says("hello")
        assert (await caller.mutate(chat.id, CUT, ChatId="another"))[0] == 400
        assert (await caller.mutate(chat.id, CUT, Language="en"))[0] == 400
        assert (await caller.mutate("unknown", CUT))[0] == 404


async def test_the_token_the_account_and_the_form_are_checked():
    """401 for the token, 404 for the account, 415 and 400 for what is no JSON object."""
    async with CmEmulator() as cm, calling(cm) as caller:
        chat = cm.visitor("ada").says("hello")
        path = f"/conversational/control/v1/accounts/{ACCOUNT}/chats/{chat.id}/routing/mutationrequests"
        other = path.replace(ACCOUNT, "another")
        statuses = [
            (await caller.call("POST", other, {}))[0],
            (await caller.call("POST", path, data="{}", headers={"Content-Type": "text/plain"}))[0],
            (await caller.call("POST", path, data="{", headers={"Content-Type": "application/json"}))[0],
            (await caller.call("POST", path, []))[0],
            (await caller.call("GET", path))[0],
            (await caller.call("POST", path + "/", {}))[0],
        ]
        caller.token = None
        statuses.append((await caller.mutate(chat.id, CUT))[0])
        caller.token = "wrong"
        statuses.append((await caller.mutate(chat.id, CUT))[0])
    assert statuses == [404, 415, 400, 400, 405, 404, 401, 401]


def changed(part: str, **values: Any) -> dict[str, Any]:
    """An envelope whose chat or first message has these values; None takes one away."""
    whole = envelope("hello")
    target = whole["chat"] if part == "chat" else whole["conversationMessages"][0]
    target.update(values)
    for name in [name for name, value in values.items() if value is None]:
        del target[name]
    return whole


WRONG_ENVELOPES: dict[str, Any] = {
    "no chat": {"conversationMessages": envelope("hello")["conversationMessages"]},
    "nothing said": {"chat": envelope("hello")["chat"]},
    "no id": changed("chat", id=None),
    "no host": changed("chat", conversationHostId=None),
    "another account": changed("chat", accountId="another"),
    "a channel of nobody": changed("chat", channel="Custom"),
    "a channel in another casing": changed("chat", channel="whatsapp"),
    "an unknown property of chat": changed("chat", language="en"),
    "what only the Router adds": {**envelope("hello"), "targetAdaptersInfo": []},
    "Text in upper case": changed("message", text=None, Text="hello"),
    "no type": changed("message", **{"$type": None}),
    "no direction": changed("message", direction=None),
    "the other direction": changed("message", direction="ClientTerminated"),
    "messages that are no list": {**envelope("hello"), "conversationMessages": {}},
}


@pytest.mark.parametrize("case", WRONG_ENVELOPES)
async def test_an_envelope_that_no_page_describes_is_refused(case: str):
    """400, and no chat begins."""
    async with CmEmulator() as cm, calling(cm) as caller:
        assert (await caller.envelope(WRONG_ENVELOPES[case]))[0] == 400
        assert not cm.chats


async def test_message_types_are_open():
    """A type whose fields are documented nowhere is taken as it is, in any casing of its name."""
    async with CmEmulator() as cm, calling(cm) as caller:
        picture = changed(
            "message", **{"$type": "Media", "mediaUri": "https://x.example/a.png", "text": None}
        )
        assert (await caller.envelope(picture))[0] == 201
        assert (await caller.envelope(changed("message", **{"$type": "TEXT"})))[0] == 201
        [chat] = cm.chats.values()
        assert [line.text for line in chat.lines] == ["[Media]", "hello"]
        assert chat.lines[0].raw["mediaUri"] == "https://x.example/a.png"


async def test_only_twoway_adapters_of_the_account_send():
    """The widget's own adapter, a desk and an unknown one are 404; version three does not exist."""
    async with CmEmulator() as cm, calling(cm) as caller:
        assert (await caller.post("hello", WEB))[0] == 404
        assert (await caller.post("hello", ACCOUNT))[0] == 404
        assert (await caller.post("hello", version="v3"))[0] == 404
        assert (await caller.post("hello", BOT))[0] == 400
        nobody = changed("message", direction="ClientTerminated")
        assert (await caller.envelope(nobody, BOT))[0] == 404


@pytest.mark.parametrize(
    ("query", "status", "answer"),
    [
        ({"Channel": "WebChat"}, 200, "Online"),
        ({"Channel": "WebChat", "referrer": "shop-nl"}, 200, "Online"),
        ({"Channel": "WebChat", "referrer": "shop-be"}, 200, "Offline"),
        ({"Channel": "WebChat", "referrer": ""}, 200, "Online"),
        ({"Channel": "WhatsApp"}, 200, "Offline"),
        ({"Channel": "CXWebConversations"}, 400, None),
        ({"Channel": "WebChat", "referrer": "shop-xx"}, 404, None),
        ({"channel": "WebChat"}, 400, None),
        ({}, 400, None),
        ({"Channel": "WebChat", "apikey": "wrong"}, 404, None),
    ],
)
async def test_presence_answers_one_bare_word(query: dict[str, str], status: int, answer: str | None):
    """Online where an agent of the channel, in that store if one is named, is online; 400 and 404 for the rest."""
    async with CmEmulator() as cm, calling(cm) as caller:
        cm.set_online(channel="WebChat", referrer="shop-nl")
        got = await caller.call("GET", "/api/v1", params={"apikey": "presence-key"} | query)
        assert got[0] == status
        assert answer is None or got[1] == answer
        [record] = cm.requests_to("presence")
        assert record.shown()["query"]["apikey"] == "***"


async def test_presence_needs_its_key():
    """Without the key it is a bad request."""
    async with CmEmulator() as cm, calling(cm) as caller:
        assert (await caller.call("GET", "/api/v1", params={"Channel": "WebChat"}))[0] == 400
