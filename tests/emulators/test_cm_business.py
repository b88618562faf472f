"""Business Messaging at the emulated CM: users with a phone, a bot behind BM Proxy, and the gateway without a Router."""

import json
from typing import Any

import pytest

from openhandover.emulators.cm import CmEmulator
from openhandover.emulators.cm.account import BMPROXY
from tests.emulators.cm import ACCOUNT, TOKEN, Caller, calling, endpoints

PROXY, GATEWAY = f"/conversational/bmproxy/v1/accounts/{ACCOUNT}", "/v1.0/message"
ADA, SHOP = "0031612345678", "0031200000000"


def outbound(text: str, **message: Any) -> dict[str, Any]:
    """The ordinary body with one message; `message` overrides, None takes away."""
    whole = {
        "from": SHOP,
        "to": [{"number": ADA}],
        "body": {"type": "auto", "content": text},
        "allowedChannels": ["WhatsApp"],
        **message,
    }
    given = {name: value for name, value in whole.items() if value is not None}
    return {"messages": {"authentication": {"productToken": TOKEN}, "msg": [given]}}


async def test_a_user_with_a_phone_talks_to_the_bot_and_then_to_the_agent():
    """The webhook has the inbound shape and names the chat; once BMProxy is out of the chat, the desk has it."""
    async with CmEmulator() as cm, calling(cm) as caller, endpoints() as bot:
        cm.call_back("bmproxy", bot.url)
        ada = cm.phone(ADA, "Ada")
        chat = ada.says(
            "hello", {"mediaUri": "https://x.example/a.png", "contentType": "image/png", "title": "a"}
        )
        [(part, text)] = await bot.wait_for(1)
        body = json.loads(text)
        assert part == "messages"
        assert body["from"] == {"number": ADA, "name": "Ada"}
        assert body["message"]["text"] == "hello"
        assert body["message"]["media"]["title"] == "a"
        assert len(body["groupings"]) == 3
        assert body["conversationalRouter"] == {"chatId": chat.id, "accountId": ACCOUNT}
        assert (await caller.call("POST", PROXY, outbound("I am a bot")))[0] == 200
        assert ada.answers == ["I am a bot"]
        await caller.mutate(chat.id, [{"$type": "disableComponent", "ComponentId": BMPROXY}])
        ada.says("anybody?")
        await cm.agent_says(chat.id, "me")
        assert ada.answers == ["I am a bot", "me"]
        assert [one.kind for one in cm.callbacks.sent] == ["message"]


async def test_rich_content_is_taken_in_its_documented_shape():
    """Texts, files and suggestions of each action; a person reads the text and the names of the files."""
    async with CmEmulator() as cm, calling(cm) as caller:
        ada = cm.phone(ADA)
        ada.says("hello")
        media = {"mediaName": "a.png", "mediaUri": "https://x.example/a.png", "mimeType": "image/png"}
        suggestions = [
            {"action": "reply", "label": "Yes", "postbackdata": "yes"},
            {"action": "openUrl", "label": "Look", "postbackdata": "", "url": "https://x.example"},
        ]
        rich = {"conversation": [{"text": "see"}, {"media": media}], "suggestions": suggestions}
        status, answer = await caller.call("POST", PROXY, outbound("see", richContent=rich))
        assert status == 200, answer
        assert ada.answers == ["see\na.png: https://x.example/a.png"]


async def test_the_gateway_needs_no_router():
    """Without a chat the gateway takes the message, and BM Proxy does not."""
    async with CmEmulator() as cm, calling(cm) as caller:
        assert (await caller.call("POST", PROXY, outbound("hello")))[0] == 404
        assert (await caller.call("POST", GATEWAY, outbound("hello")))[0] == 200
        assert [message["body"]["content"] for message in cm.sent] == ["hello"]


WRONG: dict[str, Any] = {
    "nothing": {},
    "a message without a list": {"messages": {"authentication": {"productToken": TOKEN}, "msg": {}}},
    "no message": {"messages": {"authentication": {"productToken": TOKEN}, "msg": []}},
    "no sender": outbound("hello", **{"from": None}),
    "a plus": outbound("hello", to=[{"number": "+31612345678"}]),
    "no country": outbound("hello", to=[{"number": "0612345678"}]),
    "no receiver": outbound("hello", to=None),
    "no body": outbound("hello", body=None),
    "another type of body": outbound("hello", body={"type": "AUTO", "content": "hello"}),
    "a channel of nobody": outbound("hello", allowedChannels=["Pigeon"]),
    "a property of nobody": outbound("hello", priority=1),
    "inbound names for a file": outbound(
        "hello", richContent={"conversation": [{"media": {"mediaUri": "https://x.example", "title": "a"}}]}
    ),
    "a file without a type": outbound(
        "hello",
        richContent={"conversation": [{"media": {"mediaUri": "https://x.example", "mediaName": "a"}}]},
    ),
    "neither text nor file": outbound("hello", richContent={"conversation": [{}]}),
    "an action in another casing": outbound(
        "hello",
        richContent={
            "conversation": [{"text": "a"}],
            "suggestions": [{"action": "Reply", "label": "a", "postbackdata": "a"}],
        },
    ),
    "an address on a reply": outbound(
        "hello",
        richContent={
            "conversation": [{"text": "a"}],
            "suggestions": [
                {"action": "reply", "label": "a", "postbackdata": "a", "url": "https://x.example"}
            ],
        },
    ),
}


async def refused(caller: Caller, body: Any) -> int:
    """The status of a body at the gateway."""
    return (await caller.call("POST", GATEWAY, body))[0]


@pytest.mark.parametrize("case", WRONG)
async def test_a_message_that_no_page_describes_is_refused(case: str):
    """400, and nothing is sent."""
    async with CmEmulator() as cm, calling(cm) as caller:
        assert await refused(caller, WRONG[case]) == 400
        assert not cm.sent


async def test_the_token_is_inside_the_body():
    """401 for another one, also where the header is right."""
    async with CmEmulator() as cm, calling(cm) as caller:
        body = outbound("hello")
        body["messages"]["authentication"]["productToken"] = "wrong"
        assert await refused(caller, body) == 401
        assert (await caller.call("POST", PROXY, body))[0] == 401
        caller.token = "wrong"
        assert (await caller.call("POST", PROXY, outbound("hello")))[0] == 401
