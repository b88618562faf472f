"""A bot with a language model. openhandover sends it what happens in a conversation; it asks the model, lets the model call
tools over MCP, and says what the model says. It knows nothing of CM.com.
"""

import json
from collections import defaultdict
from collections.abc import Callable

import aiohttp
from aiohttp import web
from mcp import Client as McpClient
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

from openhandover.client import Client, Event, Handover, SignatureError, StaleEpoch, verify_webhook

SYSTEM = {
    "role": "system",
    "content": "You are the assistant of a shop. Hand over to a human when you are asked to.",
}


class Bot:
    """One bot for all conversations. `model_url` is the base of an OpenAI-compatible server."""

    def __init__(
        self, server: str, key: str, secret: str, model_url: str, show: Callable[[str], None]
    ) -> None:
        self.server, self.key, self.secret, self.model_url, self.show = server, key, secret, model_url, show
        self.client = Client(server, key)
        self.model = aiohttp.ClientSession()
        self.contexts: dict[str, list[dict]] = defaultdict(lambda: [SYSTEM])
        """By user: a session of CM's Router is one conversation, and the same person may begin another."""
        self.users: dict[str, str] = {}
        self.taken: set[str | None] = set()

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self.client.close()
        await self.model.close()

    async def webhook(self, request: web.Request) -> web.Response:
        """POST /events: every event of every conversation, signed, in order for each of them."""
        try:
            event = verify_webhook(request.headers, await request.read(), self.secret)
        except SignatureError:
            return web.Response(status=401)
        if event.id not in self.taken:  # a webhook may come again; what we post twice has the same id anyway
            await self.happened(event)
            self.taken.add(event.id)
        return web.Response()

    async def happened(self, event: Event) -> None:
        """A user's message is answered; the end of a handover goes into the model's context."""
        context = self.contexts[await self.user(event.conversation_id)]
        message = event.message
        if message is not None and message.author == "user" and event.floor == "bot":
            context.append({"role": "user", "content": message.text})
            await self.answer(event, context)
        elif event.type in {
            "handover.completed",
            "handover.returned",
            "handover.error",
            "handover.cancelled",
        }:
            self.resume(event.handover, context)

    async def user(self, conversation_id: str) -> str:
        """Whose conversation it is."""
        if conversation_id not in self.users:
            self.users[conversation_id] = (await self.client.conversations.get(conversation_id)).user.id
        return self.users[conversation_id]

    async def answer(self, event: Event, context: list[dict]) -> None:
        """Ask the model until it says something, or has handed over."""
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Openhandover-Conversation": event.conversation_id,  # never from the model
            "Openhandover-Epoch": str(event.epoch),
        }
        async with (
            create_mcp_http_client(headers=headers) as http,
            McpClient(streamable_http_client(f"{self.server}/mcp", http_client=http)) as mcp,
        ):
            tools = [as_function(tool) for tool in (await mcp.list_tools()).tools]
            while True:
                reply = await self.ask(context, tools)
                context.append(reply)
                calls = reply.get("tool_calls") or []
                if not calls:
                    return await self.say(event, reply["content"])
                results = [await self.call(mcp, call) for call in calls]
                context.extend(results)
                if any("handover" in json.loads(result["content"]) for result in results):
                    return None  # the tool has told the user; there is nothing to say

    async def ask(self, context: list[dict], tools: list[dict]) -> dict:
        """One completion."""
        body = {"model": "any", "messages": context, "tools": tools}
        async with self.model.post(f"{self.model_url}/v1/chat/completions", json=body) as response:
            return (await response.json())["choices"][0]["message"]

    async def call(self, mcp: McpClient, call: dict) -> dict:
        """One tool call of the model, with the model's own id of it."""
        function = call["function"]
        self.show(f"the model calls {function['name']}({function['arguments']})")
        result = await mcp.call_tool(
            function["name"],
            json.loads(function["arguments"]),
            meta={"openhandover/tool_call_id": call["id"]},
        )
        text = result.content[0].text
        self.show(f"the model gets back {text}")
        return {"role": "tool", "tool_call_id": call["id"], "content": text}

    async def say(self, event: Event, text: str) -> None:
        """Under an id made of the event's, so that it is said once whatever happens."""
        try:
            await self.client.messages.post(
                event.conversation_id, "bot", text, id=f"{event.id}:answer", epoch=event.epoch
            )
        except StaleEpoch:
            self.show("somebody else has the floor by now; the answer is dropped")

    def resume(self, handover: Handover, context: list[dict]) -> None:
        """Put what the human did in the place of the tool's result: `replaces` says which."""
        call, digest = handover.replaces, handover.digest
        if call is None or digest is None:
            return
        self.show(f"the handover replaces the result of {call.tool}, {call.tool_call_id}")
        self.show(f"its digest: {json.dumps(digest, ensure_ascii=False)}")
        for message in context:
            if message.get("tool_call_id") == call.tool_call_id:
                message["content"] = digest["summary"]
                self.show(f"in the model's context the tool's result is now: {digest['summary']}")


def as_function(tool) -> dict:
    """A tool of MCP as a function of the Chat Completions protocol."""
    about = {"name": tool.name, "description": tool.description, "parameters": tool.input_schema}
    return {"type": "function", "function": about}


def app(bot: Bot) -> web.Application:
    """The bot as a web application."""
    made = web.Application()
    made.router.add_post("/events", bot.webhook)
    return made
