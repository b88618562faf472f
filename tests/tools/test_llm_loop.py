"""The loop of the how-to works as printed: a model that calls tools, a handover, and the repaired memory."""

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from openhandover.client import Client
from tests.docs_pages import blocks
from tests.tools.house import KEY, House


def printed() -> dict[str, Any]:
    """The names that the page's loop defines."""
    (code,) = [
        block.text
        for block in blocks("python")
        if block.where.startswith("docs/howto/give-an-llm-a-handover-tool.md") and "def turn" in block.text
    ]
    names: dict[str, Any] = {}
    exec(compile(code, "the how-to", "exec"), names)
    return names


class Said(SimpleNamespace):
    """What the model said, as an OpenAI-compatible client gives it."""

    def model_dump(self, *, exclude_none: bool) -> dict[str, Any]:
        calls = [{"id": call.id, "function": vars(call.function)} for call in self.tool_calls or ()]
        return {"role": "assistant", "content": self.content, **({"tool_calls": calls} if calls else {})}


@dataclass
class Model:
    """A model that says what the test wrote for it, one line per request."""

    script: list[Any]
    seen: list[list[dict[str, Any]]] = field(default_factory=list[list[dict[str, Any]]])

    @property
    def chat(self) -> Any:
        return SimpleNamespace(completions=SimpleNamespace(create=self.create))

    async def create(self, *, model: str, messages: list[dict[str, Any]], tools: list[Any]) -> Any:
        assert {tool["type"] for tool in tools} == {"function"}
        self.seen.append([dict(message) for message in messages])
        line = self.script.pop(0)
        calls = [
            SimpleNamespace(id=call_id, function=SimpleNamespace(name=name, arguments=json.dumps(arguments)))
            for call_id, name, arguments in (line if isinstance(line, list) else ())
        ]
        said = Said(content=None if calls else line, tool_calls=calls or None)
        return SimpleNamespace(choices=[SimpleNamespace(message=said)])


async def test_the_printed_loop(house: House) -> None:
    """It looks up, mends its arguments, hands over, is silent, and goes on with the digest in the tool's place."""
    loop = printed()
    model = Model(
        [
            [("a", "order_status", {"order": "A"})],
            [("b", "order_status", {"order": "A1"})],
            "Your order was sent.",
            [("c", "talk_to_anna", {}), ("d", "order_status", {"order": "A1"})],
            "Glad that Anna could help.",
        ]
    )
    history: list[dict[str, Any]] = []
    chat = await house.began()

    async def said(text: str) -> None:
        await house.server.said(chat, text=text)
        event = await house.bot.heard(text)
        await loop["turn"](model, client, event, history)

    async with Client(house.server.url, KEY) as client:
        await said("Where is A1?")
        assert await house.texts(chat) == ["Your order was sent."]
        wrong, right = (entry["content"] for entry in history if entry["role"] == "tool")
        assert "arguments.order" in wrong
        assert json.loads(right)["result"]["state"] == "sent"

        await said("A person, please")
        assert len(model.script) == 1
        assert (await house.texts(chat))[1:] == ["Anna comes"]
        (handover,) = (await house.server.call("GET", f"/v1/handovers?conversation_id={chat}")).body["items"]
        desk = f"/v1/desk/handovers/{handover['id']}"
        await house.server.until(f"/v1/handovers/{handover['id']}", lambda one: one["status"] == "queued")
        await house.server.call("POST", f"{desk}/accept?agent=anna")
        await house.server.call("POST", f"{desk}/messages?agent=anna", {"text": "Refunded"})
        await house.server.call("POST", f"{desk}/close?agent=anna")
        await house.bot.got("handover.completed")
        for event in house.bot.stored(chat):
            if event["type"] not in {"message.created", "message.failed"}:
                await loop["turn"](model, client, event, history)
    assert (await house.texts(chat))[-1] == "Glad that Anna could help."
    remembered = [entry for entry in model.seen[-1] if entry.get("tool_call_id") == "c"]
    assert "Refunded" in remembered[0]["content"]
    assert model.script == []
